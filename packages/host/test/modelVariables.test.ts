import { assert, layer } from "@effect/vitest"
import { configVariables } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { stringify } from "yaml"
import { load, problemsOf } from "./support.ts"

const text = stringify({
  extends: "preset:default@1",
  providers: { fast: { kind: "groq", apiKey: "env:GROQ_API_KEY", baseUrl: "http://h/v1", model: "m" } }
})

const bigAndSmall = (environment: Readonly<Record<string, string>>) =>
  Effect.map(load(text, { environment }), ({ options: { routing } }) => [routing.big, routing.small])

layer(NodeServices.layer)("the variables for the big and the small model", (it) => {
  it.effect("are those of other gateways, weaker than our own", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* bigAndSmall({ BIG_MODEL: "gpt-5", SMALL_MODEL: "openai/gpt-5-mini" }), [
        "gpt-5",
        "openai/gpt-5-mini"
      ])
      const claude = { ANTHROPIC_MODEL: "fast/llama", ANTHROPIC_SMALL_FAST_MODEL: "openrouter/x/y" }
      assert.deepStrictEqual(yield* bigAndSmall(claude), ["fast/llama", "openrouter/x/y"])
      const own = { ...claude, BIG_MODEL: "gpt-5", SIGNALBOX_ROUTING_BIG: "claude/x" }
      assert.deepStrictEqual(yield* bigAndSmall(own), ["claude/x", "openrouter/x/y"])
      const known = configVariables.filter(({ key }) => key === "routing.big").map(({ variable }) => variable)
      assert.sameMembers(known, ["SIGNALBOX_ROUTING_BIG", "BIG_MODEL", "ANTHROPIC_MODEL"])
    })
  )
  it.effect("leave alone what Claude Code is told by the same names: models without a provider of ours", () =>
    Effect.gen(function* () {
      for (const name of [
        "opus",
        "claude-opus-4-5",
        "anthropic/claude-sonnet-4",
        "arn:aws:bedrock:eu:1:profile/x",
        ""
      ]) {
        const environment = { ANTHROPIC_MODEL: name, ANTHROPIC_SMALL_FAST_MODEL: name }
        assert.deepStrictEqual(yield* bigAndSmall(environment), ["", ""], name)
        assert.deepStrictEqual(yield* bigAndSmall({ ...environment, BIG_MODEL: "gpt-5" }), ["gpt-5", ""], name)
      }
    })
  )
  it.effect("that say different things are a problem, which names both", () =>
    Effect.gen(function* () {
      const differ = { BIG_MODEL: "openai/gpt-5", ANTHROPIC_MODEL: "fast/llama" }
      const [problem, ...others] = yield* problemsOf(text, { environment: differ })
      assert.deepStrictEqual(others, [])
      assert.strictEqual(problem?.path, "routing.big")
      assert.include(problem?.message, 'ANTHROPIC_MODEL is "fast/llama", and BIG_MODEL is "openai/gpt-5"')
      const same = { BIG_MODEL: "fast/llama", ANTHROPIC_MODEL: "fast/llama" }
      assert.deepStrictEqual(yield* bigAndSmall(same), ["fast/llama", ""])
      const small = { SMALL_MODEL: "a", ANTHROPIC_SMALL_FAST_MODEL: "fast/b" }
      assert.strictEqual((yield* problemsOf(text, { environment: small }))[0]?.path, "routing.small")
    })
  )
})
