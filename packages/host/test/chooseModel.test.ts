import { assert, layer } from "@effect/vitest"
import { chooseModel, MissingApiKey } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { startFxLlm } from "@signalbox/testing"
import { Effect } from "effect"
import { configWith } from "./support.ts"

/** Nobody listens there, so that an Ollama of the machine that runs the tests is not found. */
const nobody = { "providers.ollama.baseUrl": "http://127.0.0.1:9/v1" }

layer(nodePlatform)("the choice of the model", (it) => {
  it.effect("is the offline model where there is no key and no Ollama, and says why", () =>
    Effect.gen(function* () {
      const { options } = yield* configWith({}, nobody)
      const chosen = yield* chooseModel(options, {})
      assert.strictEqual(chosen.service.provider, "offline")
      assert.include(chosen.reason, "no key")
    })
  )
  it.effect("is the first provider with a key, in a fixed order", () =>
    Effect.gen(function* () {
      const { options } = yield* configWith({}, nobody)
      const keys = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b", OPENROUTER_API_KEY: "c" }
      assert.strictEqual((yield* chooseModel(options, keys)).service.provider, "claude")
      assert.strictEqual(
        (yield* chooseModel(options, { OPENAI_API_KEY: "b", OPENROUTER_API_KEY: "c" })).service.provider,
        "openai"
      )
      const last = yield* chooseModel(options, { ...keys, ANTHROPIC_API_KEY: "", OPENAI_API_KEY: "" })
      assert.strictEqual(last.service.provider, "openrouter")
      assert.include(last.reason, "OPENROUTER_API_KEY is set")
      assert.include(last.reason, "--provider")
    })
  )
  it.effect("names the variable when the configuration names a provider without a key", () =>
    Effect.gen(function* () {
      const { options } = yield* configWith({}, { "model.provider": "claude" })
      const error = yield* Effect.flip(chooseModel(options, {}))
      assert.instanceOf(error, MissingApiKey)
      assert.include(error.message, "ANTHROPIC_API_KEY")
      assert.strictEqual(error.status.exit, 78)
    })
  )
  it.effect("takes the model that is named, else the one of the provider", () =>
    Effect.gen(function* () {
      const named = yield* configWith({}, { "model.provider": "claude", "model.name": "claude-x" })
      assert.strictEqual((yield* chooseModel(named.options, { ANTHROPIC_API_KEY: "a" })).model, "claude-x")
      const plain = yield* configWith({}, { "model.provider": "claude" })
      const chosen = yield* chooseModel(plain.options, { ANTHROPIC_API_KEY: "a" })
      assert.strictEqual(chosen.model, plain.options.providers.claude.model)
    })
  )
  it.effect("finds an Ollama that answers, with its first model", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm({ models: ["llama-small", "other"] })),
        (server) => Effect.promise(() => server.close())
      )
      const { options } = yield* configWith({}, { "providers.ollama.baseUrl": `${upstream.url}/v1` })
      const chosen = yield* chooseModel(options, {})
      assert.strictEqual(chosen.service.provider, "ollama")
      assert.strictEqual(chosen.model, "llama-small")
    })
  )
})
