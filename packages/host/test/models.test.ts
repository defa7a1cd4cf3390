import { assert, layer } from "@effect/vitest"
import { checkReferences, ConfigInvalid, MissingApiKey, Models } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { Effect } from "effect"
import { stringify } from "yaml"
import { configWith, load, problemsOf, vendorKeys, withoutOllama } from "./support.ts"

const rules = [
  { name: "fast", provider: "fast", model: "llama-x" },
  { prefix: "local/", provider: "ollama", strip: true },
  { pattern: "gpt-.*", provider: "openai" },
  { name: "gpt-4", provider: "claude" }
]
const fast = { kind: "groq", apiKey: "env:GROQ_API_KEY", baseUrl: "http://127.0.0.1:9/v1", model: "llama-y" }
const routed = { ...withoutOllama, "providers.fast": fast, "routing.rules": rules }

/** What each name stands for: `provider/model`, or the code of the failure. */
const resolved = Effect.fnUntraced(function* (
  settings: Readonly<Record<string, unknown>>,
  names: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = { ...vendorKeys, GROQ_API_KEY: "c", OPENROUTER_API_KEY: "d" }
) {
  const config = yield* configWith({}, settings)
  const { router } = yield* Models.make(config, environment)
  return yield* Effect.forEach(names, (name) =>
    Effect.match(router.resolve(name), {
      onSuccess: ({ route }) => `${route.upstream}/${route.model}`,
      onFailure: ({ code }) => code
    })
  )
})

layer(nodePlatform)("the names of models", (it) => {
  it.effect("are routed by the rules in their order, and by the names of providers", () =>
    Effect.gen(function* () {
      const names = ["fast", "local/llama", "gpt-4", "gpt-4x", "openai/gpt-5", "fast/other", "openrouter/anthropic/x"]
      assert.deepStrictEqual(yield* resolved(routed, names), [
        "fast/llama-x",
        "ollama/llama",
        // The pattern comes before the name.
        "openai/gpt-4",
        "openai/gpt-4x",
        "openai/gpt-5",
        "fast/other",
        "openrouter/anthropic/x"
      ])
    })
  )
  it.effect("that no rule is for are passed on, answered by the default model, or refused", () =>
    Effect.gen(function* () {
      const ask = (unknown: string, more: object = {}) =>
        resolved({ ...withoutOllama, "routing.unknown": unknown, ...more }, ["claude-new", ""])
      const openai = { "model.provider": "openai", "model.name": "gpt-5" }
      const claude = yield* resolved(withoutOllama, [""])
      assert.deepStrictEqual(yield* ask("auto"), ["claude/claude-new", ...claude])
      assert.deepStrictEqual(yield* ask("auto", openai), ["openai/gpt-5", "openai/gpt-5"])
      assert.deepStrictEqual(yield* ask("auto", { "model.name": "claude-5" }), ["claude/claude-5", "claude/claude-5"])
      assert.deepStrictEqual(yield* ask("default"), [...claude, ...claude])
      assert.deepStrictEqual(yield* ask("passthrough", openai), ["openai/claude-new", "openai/gpt-5"])
      assert.deepStrictEqual(yield* ask("reject"), ["MODEL_NOT_FOUND", ...claude])
    })
  )
  it.effect("that look like those of OpenRouter are asked of it, with its name before them or not", () =>
    Effect.gen(function* () {
      const names = ["openrouter/anthropic/x", "anthropic/x", "claude-new"]
      const openrouter = { ...withoutOllama, "model.provider": "openrouter" }
      const [standard = ""] = yield* resolved(openrouter, [""])
      const same = "openrouter/anthropic/x"
      assert.deepStrictEqual(yield* resolved(openrouter, names), [same, same, standard])
      const chosen = { ...openrouter, "model.name": "vendor/chosen" }
      assert.deepStrictEqual(yield* resolved(chosen, ["anthropic/x"]), ["openrouter/vendor/chosen"])
      assert.deepStrictEqual(yield* resolved({ ...openrouter, "routing.unknown": "reject" }, ["anthropic/x"]), [
        "MODEL_NOT_FOUND"
      ])
    })
  )
  it.effect(
    "of Claude's families, and their sizes, become the big and the small model, or one where there is but one",
    () =>
      Effect.gen(function* () {
        const names = [
          "claude-3-haiku-20240307",
          "anthropic/claude-3.7-sonnet",
          "claude-opus-4-20250514",
          "opus",
          "haiku",
          "big",
          "small"
        ]
        const both = {
          ...withoutOllama,
          "routing.big": "openai/gpt-5",
          "routing.small": "gpt-5-mini",
          "model.provider": "openai"
        }
        const [small, big] = ["openai/gpt-5-mini", "openai/gpt-5"]
        assert.deepStrictEqual(yield* resolved(both, names), [small, big, big, big, small, big, small])
        const one = yield* resolved({ ...withoutOllama, "routing.big": "openai/gpt-5" }, names)
        assert.deepStrictEqual(one, [big, big, big, big, big, big, big])
      })
  )
})

/** Why these settings cannot be used with the one key of Claude. */
const failure = (settings: Readonly<Record<string, unknown>>) =>
  Effect.flatMap(configWith({}, { ...withoutOllama, ...settings }), (config) =>
    Effect.flip(Models.make(config, { ANTHROPIC_API_KEY: "a" }))
  )

layer(nodePlatform)("a provider without its key", (it) => {
  it.effect("matters where the configuration names it, and nowhere else", () =>
    Effect.gen(function* () {
      for (const settings of [
        { "model.provider": "openai" },
        { "routing.big": "openai/gpt-5" },
        { "routing.rules": [{ name: "x", provider: "openai" }] },
        { "routing.fallbacks": { claude: ["openai/gpt-5"] } }
      ]) {
        const error = yield* failure(settings)
        assert.instanceOf(error, MissingApiKey, JSON.stringify(settings))
        assert.include(error.message, "OPENAI_API_KEY")
        assert.strictEqual(error.status.exit, 78)
      }
      const { upstreams } = yield* Models.make(yield* configWith({}, withoutOllama), { ANTHROPIC_API_KEY: "a" })
      assert.deepStrictEqual([...upstreams.keys()], ["claude", "ollama", "offline"])
    })
  )
  it.effect("is told at the line that asks for it where the file has none of its own for the provider", () =>
    Effect.gen(function* () {
      const text = [
        "extends: preset:default@1",
        "providers:",
        "  ollama: { baseUrl: http://127.0.0.1:9/v1 }",
        "  fast: { kind: groq, baseUrl: http://127.0.0.1:9/v1, model: m, apiKey: a, headers: { X-A: env:NO_HEADER } }",
        "routing:",
        "  rules:",
        "    - { name: quick, provider: fast }",
        "    - { name: clever, provider: openai }",
        "  fallbacks: { claude: [openrouter] }"
      ].join("\n")
      const config = yield* load(text)
      const environment = { ANTHROPIC_API_KEY: "a" }
      const checked = yield* Effect.flip(checkReferences(config, environment))
      assert.instanceOf(checked, ConfigInvalid)
      assert.deepStrictEqual(
        checked.problems.map(({ line, message, path }) => [line, path, message]),
        [
          [4, "providers.fast.headers.X-A", "the environment variable NO_HEADER is not set"],
          [8, "routing.rules.1.provider", "the environment variable OPENAI_API_KEY is not set"],
          [9, "routing.fallbacks.claude.0", "the environment variable OPENROUTER_API_KEY is not set"]
        ]
      )
      const started = yield* Effect.flip(
        Models.make(config, { ...environment, NO_HEADER: "x", OPENROUTER_API_KEY: "b" })
      )
      assert.strictEqual(
        started.message,
        'The provider "openai" needs an API key, and OPENAI_API_KEY is not set. signalbox.yaml:8 routing.rules.1.provider: names openai.'
      )
    })
  )
  it.effect("is there where callers bring their own", () =>
    Effect.gen(function* () {
      const forward = { ...withoutOllama, "model.provider": "claude", "server.auth": { mode: "forward", keys: [] } }
      const { chosen, upstreams } = yield* Models.make(yield* configWith({}, forward), {})
      assert.strictEqual(chosen.upstream, "claude")
      assert.isUndefined(upstreams.get("claude")?.apiKey)
    })
  )
})

layer(nodePlatform)("what is wrong with a routing", (it) => {
  it.effect("is told with its lines, patterns too, before anything starts", () =>
    Effect.gen(function* () {
      const text = [
        "extends: preset:default@1",
        "routing:",
        "  rules:",
        "    - { name: a, provider: claude }",
        "    - { pattern: 'claude-(', provider: claude }",
        "    - { prefix: b, provider: claude }",
        "    - { pattern: 'a(?=b)', provider: claude }"
      ].join("\n")
      const config = yield* load(text)
      for (const error of [
        yield* Effect.flip(checkReferences(config, vendorKeys)),
        yield* Effect.flip(Models.make(config, vendorKeys))
      ]) {
        assert.instanceOf(error, ConfigInvalid)
        assert.deepStrictEqual(
          error.problems.map(({ line, path }) => [line, path]),
          [
            [5, "routing.rules.1.pattern"],
            [7, "routing.rules.3.pattern"]
          ]
        )
      }
    })
  )
  it.effect("is a provider that there is not, wherever it stands", () =>
    Effect.gen(function* () {
      const routing = { rules: [{ name: "a", provider: "cloude" }], fallbacks: { opnai: ["claude"], claude: [] } }
      const error = yield* Effect.flip(load(stringify({ extends: "preset:default@1", routing })))
      assert.instanceOf(error, ConfigInvalid)
      assert.deepStrictEqual(
        error.problems.map(({ message, path, suggestion }) => [path, message, suggestion]),
        [
          ["routing.rules.0.provider", 'there is no provider "cloude"', 'did you mean "claude"?'],
          ["routing.fallbacks.opnai", 'there is no provider "opnai"', 'did you mean "openai"?']
        ]
      )
    })
  )
})

const references = (settings: Readonly<Record<string, unknown>>) =>
  Effect.map(problemsOf(stringify({ extends: "preset:default@1", ...settings })), (problems) =>
    problems.map(({ line, path, suggestion }) => [line, path, suggestion] as const)
  )

const sound = (provider: string, big: string) =>
  load(stringify({ extends: "preset:default@1", model: { provider }, routing: { big } }))

layer(nodePlatform)("a model of a routing", (it) => {
  it.effect("must be one of a provider that there is", () =>
    Effect.gen(function* () {
      const routing = {
        big: "opnrouter/anthropic/claude-opus-5",
        small: "claud",
        fallbacks: { claude: ["openai", "nowhere/llama"] }
      }
      assert.deepStrictEqual(yield* references({ routing }), [
        [3, "routing.big", 'did you mean "openrouter/anthropic/claude-opus-5"?'],
        [4, "routing.small", 'did you mean "claude"?'],
        [
          8,
          "routing.fallbacks.claude.1",
          "write provider/model, with one of claude, openai, openrouter, ollama, offline"
        ]
      ])
      const price = { model: "*", provider: "cloude", input: 1, output: 1 }
      assert.deepStrictEqual(yield* references({ model: { prices: [price] } }), [
        [5, "model.prices.0.provider", 'did you mean "claude"?']
      ])
    })
  )
  it.effect("may be called whatever the default provider calls it", () =>
    Effect.gen(function* () {
      yield* sound("openrouter", "anthropic/claude-opus-5")
      yield* sound("ollama", "llama")
      yield* sound("ollama", "hf.co/someone/model")
      yield* sound("openai", "gpt-5.1")
      yield* sound("auto", "claude/claude-opus-5")
      yield* sound("auto", "offline")
    })
  )
})
