import { assert, describe, it, layer } from "@effect/vitest"
import { type LoadedConfig, MissingApiKey, Models, providerKinds } from "@signalbox/host"
import { openAiPresets } from "@signalbox/provider-openai"
import { nodePlatform } from "@signalbox/host/node"
import { type Reply, startFxLlm } from "@signalbox/testing"
import { collectReply, textMessage, textOf } from "@signalbox/model"
import { Effect, Exit } from "effect"
import { configWith, withoutOllama } from "./support.ts"

const chooseModel = (config: LoadedConfig, environment: Readonly<Record<string, string>>) =>
  Effect.map(Models.make(config, environment), ({ chosen }) => chosen)

describe("the kinds of providers", () => {
  it("are Claude and every preset of the other APIs", () => {
    assert.sameMembers([...providerKinds], ["claude", ...Object.keys(openAiPresets)])
  })
})

layer(nodePlatform)("the choice of the model", (it) => {
  it.effect("is the offline model where there is no key and no Ollama, and says why", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, withoutOllama)
      const chosen = yield* chooseModel(config, {})
      assert.strictEqual(chosen.service.provider, "offline")
      assert.include(chosen.reason, "no key")
    })
  )
  it.effect("is the offline model where it is named, whatever keys there are", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, { ...withoutOllama, "model.name": "offline" })
      const chosen = yield* chooseModel(config, { ANTHROPIC_API_KEY: "a" })
      assert.deepInclude(chosen, { upstream: "offline", reason: "it is named" })
    })
  )
  it.effect("is the first provider with a key, in a fixed order", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, withoutOllama)
      const keys = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b", OPENROUTER_API_KEY: "c" }
      assert.strictEqual((yield* chooseModel(config, keys)).service.provider, "claude")
      assert.strictEqual(
        (yield* chooseModel(config, { OPENAI_API_KEY: "b", OPENROUTER_API_KEY: "c" })).service.provider,
        "openai"
      )
      const last = yield* chooseModel(config, { ...keys, ANTHROPIC_API_KEY: "", OPENAI_API_KEY: "" })
      assert.strictEqual(last.service.provider, "openrouter")
      assert.include(last.reason, "OPENROUTER_API_KEY is set")
      assert.include(last.reason, "--provider")
    })
  )
  it.effect("names the variable when the configuration names a provider without a key", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, { "model.provider": "claude" })
      const error = yield* Effect.flip(chooseModel(config, {}))
      assert.instanceOf(error, MissingApiKey)
      assert.include(error.message, "ANTHROPIC_API_KEY")
      assert.strictEqual(error.status.exit, 78)
    })
  )
  it.effect("names the variables when a model is named that nobody can be asked for", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, { ...withoutOllama, "model.name": "claude-x" })
      const error = yield* Effect.flip(chooseModel(config, {}))
      assert.instanceOf(error, MissingApiKey)
      assert.include(error.message, '"claude-x"')
      for (const variable of ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY"])
        assert.include(error.message, variable)
      assert.strictEqual(error.status.exit, 78)
    })
  )
  it.effect("takes the provider that a model is named with, and its key must be set", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, { ...withoutOllama, "model.name": "openai/gpt-x" })
      const chosen = yield* chooseModel(config, {
        ANTHROPIC_API_KEY: "a",
        OPENAI_API_KEY: "b",
        OPENROUTER_API_KEY: "c"
      })
      assert.deepInclude(chosen, { upstream: "openai", model: "gpt-x" })
      const error = yield* Effect.flip(chooseModel(config, { ANTHROPIC_API_KEY: "a" }))
      assert.deepInclude(error, { code: "MISSING_API_KEY", provider: "openai", variable: "OPENAI_API_KEY" })
    })
  )
  it.effect("takes OpenRouter for a model that is named as it names them", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, { ...withoutOllama, "model.name": "openai/gpt-x" })
      const chosen = yield* chooseModel(config, { ANTHROPIC_API_KEY: "a", OPENROUTER_API_KEY: "c" })
      assert.deepInclude(chosen, { upstream: "openrouter", model: "openai/gpt-x" })
    })
  )
  it.effect("takes the model that is named, else the one of the provider", () =>
    Effect.gen(function* () {
      const named = yield* configWith({}, { "model.provider": "claude", "model.name": "claude-x" })
      assert.strictEqual((yield* chooseModel(named, { ANTHROPIC_API_KEY: "a" })).model, "claude-x")
      const plain = yield* configWith({}, { "model.provider": "claude" })
      const chosen = yield* chooseModel(plain, { ANTHROPIC_API_KEY: "a" })
      assert.strictEqual(chosen.model, plain.options.providers["claude"]?.model)
    })
  )
  it.effect("takes the own name of the provider off the model, and no name of another vendor", () =>
    Effect.gen(function* () {
      const fk = { kind: "openai", baseUrl: "http://127.0.0.1:9/v1", apiKey: "k-000", model: "m1" }
      const cases = [
        ["fk", "fk/m2", "m2"],
        ["fk", "fk/vendor/m2", "vendor/m2"],
        ["fk", "fk", "m1"],
        ["fk", "fk/", "m1"],
        ["fk", "m2", "m2"],
        ["openrouter", "openai/gpt-x", "openai/gpt-x"],
        ["openrouter", "openrouter/auto", "openrouter/auto"],
        ["openrouter", "openrouter/openai/gpt-x", "openai/gpt-x"],
        ["groq", "groq/compound", "groq/compound"]
      ] as const
      for (const [provider, name, model] of cases) {
        const providers = { "providers.fk": fk, "providers.groq": { ...fk, kind: "groq" } }
        const config = yield* configWith({}, { ...providers, "model.provider": provider, "model.name": name })
        const chosen = yield* chooseModel(config, { OPENROUTER_API_KEY: "c" })
        assert.deepInclude(chosen, { upstream: provider, model }, name)
      }
    })
  )
  it.effect("finds an Ollama that answers, with its first model", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm({ models: ["llama-small", "other"] })),
        (server) => Effect.promise(() => server.close())
      )
      const config = yield* configWith({}, { "providers.ollama.baseUrl": `${upstream.url}/v1` })
      const chosen = yield* chooseModel(config, {})
      assert.strictEqual(chosen.service.provider, "ollama")
      assert.strictEqual(chosen.model, "llama-small")
    })
  )
  it.effect("asks an Ollama only for what it has", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm({ models: ["first:latest", "llama-small:latest"] })),
        (server) => Effect.promise(() => server.close())
      )
      const around = { "providers.ollama.baseUrl": `${upstream.url}/v1` }
      const named = yield* configWith({}, { ...around, "model.name": "llama-small" })
      assert.deepInclude(yield* chooseModel(named, {}), { upstream: "ollama", model: "llama-small" })
      const other = yield* configWith({}, { ...around, "model.name": "claude-x" })
      assert.instanceOf(yield* Effect.flip(chooseModel(other, {})), MissingApiKey)
    })
  )
})

// On the real clock: the model answers over HTTP.
layer(nodePlatform, { excludeTestServices: true })("the model that was chosen", (it) => {
  const ask = Effect.fnUntraced(function* (script: ReadonlyArray<Reply>, provider: "claude" | "openai") {
    const upstream = yield* Effect.acquireRelease(
      Effect.promise(() => startFxLlm({ script })),
      (server) => Effect.promise(() => server.close())
    )
    const config = yield* configWith(
      {},
      {
        "model.provider": provider,
        "model.retry.firstDelay": "1 millis",
        [`providers.${provider}.baseUrl`]: provider === "claude" ? upstream.url : `${upstream.url}/v1`
      }
    )
    const { service } = yield* chooseModel(config, { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b" })
    const stream = service.stream({
      model: "",
      messages: [textMessage("user", "hello")],
      tools: [],
      system: [],
      maxTokens: 9
    })
    const exit = yield* Effect.exit(collectReply(provider, stream))
    return { exit, requests: upstream.requests.length }
  })
  const overloaded = { fault: { kind: "status", status: 503 } } as const

  it.effect.each(["claude", "openai"] as const)(
    "asks %s again while it is overloaded, as the configuration says",
    (provider) =>
      Effect.gen(function* () {
        const { exit, requests } = yield* ask([overloaded, overloaded, { text: "hi" }], provider)
        assert.strictEqual(Exit.isSuccess(exit) ? textOf(exit.value.content) : "", "hi")
        assert.strictEqual(requests, 3)
        const given = yield* ask([overloaded, overloaded, overloaded, { text: "hi" }], provider)
        assert.isTrue(Exit.isFailure(given.exit))
        assert.strictEqual(given.requests, 3)
      })
  )

  it.effect.each(["claude", "openai"] as const)("does not ask %s again when the answer breaks off", (provider) =>
    Effect.gen(function* () {
      const broken = { text: "abcdef", chunks: 1, fault: { kind: "reset", afterPieces: 2 } } as const
      const { exit, requests } = yield* ask([broken, { text: "hi" }], provider)
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(requests, 1)
    })
  )
})
