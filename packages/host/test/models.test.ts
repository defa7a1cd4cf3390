import { assert, layer } from "@effect/vitest"
import { checkReferences, ConfigInvalid, type LoadedConfig, MissingApiKey, Models } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { collectReply, textMessage, textOf } from "@signalbox/model"
import { type Reply, type Rule, startFxLlm } from "@signalbox/testing"
import { Effect, Exit, Stream } from "effect"
import { stringify } from "yaml"
import { configWith, load, problemsOf } from "./support.ts"

/** Nobody listens there, so that an Ollama of the machine that runs the tests is not found. */
const nobody = { "providers.ollama.baseUrl": "http://127.0.0.1:9/v1" }
const keys = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b" }

const rules = [
  { name: "fast", provider: "fast", model: "llama-x" },
  { prefix: "local/", provider: "ollama", strip: true },
  { pattern: "gpt-.*", provider: "openai" },
  { name: "gpt-4", provider: "claude" }
]
const fast = { kind: "groq", apiKey: "env:GROQ_API_KEY", baseUrl: "http://127.0.0.1:9/v1", model: "llama-y" }
const routed = { ...nobody, "providers.fast": fast, "routing.rules": rules }

/** What each name stands for: `provider/model`, or the code of the failure. */
const resolved = Effect.fnUntraced(function* (
  settings: Readonly<Record<string, unknown>>,
  names: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = { ...keys, GROQ_API_KEY: "c" }
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
        resolved({ ...nobody, "routing.unknown": unknown, ...more }, ["claude-new", ""])
      const openai = { "model.provider": "openai", "model.name": "gpt-5" }
      const claude = yield* resolved(nobody, [""])
      assert.deepStrictEqual(yield* ask("auto"), ["claude/claude-new", ...claude])
      assert.deepStrictEqual(yield* ask("auto", openai), ["openai/gpt-5", "openai/gpt-5"])
      assert.deepStrictEqual(yield* ask("auto", { "model.name": "claude-5" }), ["claude/claude-5", "claude/claude-5"])
      assert.deepStrictEqual(yield* ask("default"), [...claude, ...claude])
      assert.deepStrictEqual(yield* ask("passthrough", openai), ["openai/claude-new", "openai/gpt-5"])
      assert.deepStrictEqual(yield* ask("reject"), ["MODEL_NOT_FOUND", ...claude])
    })
  )
  it.effect("of Claude's families become the big and the small model, or one where there is but one", () =>
    Effect.gen(function* () {
      const names = [
        "claude-3-haiku-20240307",
        "anthropic/claude-3.7-sonnet",
        "claude-opus-4-20250514",
        "opus",
        "haiku"
      ]
      const both = {
        ...nobody,
        "routing.big": "openai/gpt-5",
        "routing.small": "gpt-5-mini",
        "model.provider": "openai"
      }
      const [small, big] = ["openai/gpt-5-mini", "openai/gpt-5"]
      assert.deepStrictEqual(yield* resolved(both, names), [small, big, big, big, small])
      const one = yield* resolved({ ...nobody, "routing.big": "openai/gpt-5" }, names)
      assert.deepStrictEqual(one, [big, big, big, big, big])
    })
  )
})

layer(nodePlatform)("a provider without its key", (it) => {
  it.effect("matters where the configuration names it, and nowhere else", () =>
    Effect.gen(function* () {
      const failure = (settings: Readonly<Record<string, unknown>>) =>
        Effect.flatMap(configWith({}, { ...nobody, ...settings }), (config) =>
          Effect.flip(Models.make(config, { ANTHROPIC_API_KEY: "a" }))
        )
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
      const { upstreams } = yield* Models.make(yield* configWith({}, nobody), { ANTHROPIC_API_KEY: "a" })
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
      const forward = { ...nobody, "model.provider": "claude", "server.auth": { mode: "forward", keys: [] } }
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
        yield* Effect.flip(checkReferences(config, keys)),
        yield* Effect.flip(Models.make(config, keys))
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

const question = { model: "", messages: [textMessage("user", "hello")], tools: [], system: [], maxTokens: 9 }

/** The limits that requests had, whichever API they were in. */
const limits = (requests: ReadonlyArray<{ readonly body: unknown }>) =>
  requests.map(({ body }) => {
    const asked = Object(body)
    return asked["max_tokens"] ?? asked["max_completion_tokens"]
  })

const words = (count: number) => ({ messages: [textMessage("user", "word ".repeat(count))] })

// On the real clock: the models answer over HTTP.
layer(nodePlatform, { excludeTestServices: true })("the providers of a configuration", (it) => {
  const withFx = Effect.fnUntraced(function* (
    script: ReadonlyArray<Reply | Rule>,
    settings: Readonly<Record<string, unknown>> = {}
  ) {
    const upstream = yield* Effect.acquireRelease(
      Effect.promise(() => startFxLlm({ script })),
      (server) => Effect.promise(() => server.close())
    )
    const config: LoadedConfig = yield* configWith(
      {},
      {
        ...nobody,
        "model.retry.attempts": 1,
        "providers.claude.baseUrl": upstream.url,
        "providers.openai.baseUrl": `${upstream.url}/v1`,
        ...settings
      }
    )
    return { config, models: yield* Models.make(config, keys), requests: upstream.requests }
  })
  const overloaded = { fault: { kind: "status", status: 529 } } as const
  const down: ReadonlyArray<Reply | Rule> = [
    { when: { dialect: "messages" }, reply: overloaded },
    { when: { dialect: "chat" }, reply: { text: "From elsewhere." } }
  ]

  it.effect("stand in for one another, in conversations and by name", () =>
    Effect.gen(function* () {
      const { models, requests } = yield* withFx(down, { "routing.fallbacks": { claude: ["openai/gpt-5"] } })
      for (const service of [models.chosen.service, models.router.model]) {
        const { content } = yield* service.generate(question)
        assert.strictEqual(textOf(content), "From elsewhere.")
      }
      assert.lengthOf(requests, 4)
    })
  )
  it.effect("have one circuit each, whoever asks: the model of an agent, too", () =>
    Effect.gen(function* () {
      const { config, models, requests } = yield* withFx([overloaded, overloaded, { text: "never" }], {
        "model.breaker.failures": 2
      })
      const { options } = config
      const agent = yield* models.choose({ ...options, model: { ...options.model, name: "claude-agent" } })
      for (const service of [models.chosen.service, agent.service]) {
        const exit = yield* Effect.exit(collectReply("claude", service.stream(question)))
        assert.isTrue(Exit.isFailure(exit))
      }
      const error = yield* Effect.flip(agent.service.generate(question))
      assert.strictEqual(error.code, "PROVIDER_CIRCUIT_OPEN")
      assert.lengthOf(requests, 2)
      const [circuit] = yield* models.circuits.statsAll
      assert.deepInclude(circuit, { circuit: "claude", phase: "open", failed: 2, rejected: 1 })
    })
  )
  it.effect("give as much as they can where no limit is named, and no more than a band where there are bands", () =>
    Effect.gen(function* () {
      const { maxTokens: _none, ...unlimited } = question
      const always: ReadonlyArray<Rule> = (["messages", "chat"] as const).map((dialect) => ({
        when: { dialect },
        reply: { text: "Yes." }
      }))
      const free = yield* withFx(always)
      for (const model of ["claude-opus-4-1", "claude-sonnet-4-5", "claude-3-5-haiku-latest", "openai/gpt-4o"])
        yield* free.models.router.model.generate({ ...unlimited, model })
      yield* free.models.router.model.generate({ ...unlimited, model: "openai/gpt-of-tomorrow" })
      assert.deepStrictEqual(limits(free.requests), [32_000, 64_000, 8192, 16_384, undefined])

      const responseBands = [
        { below: 100, tokens: 150 },
        { below: 500, tokens: 300 },
        { below: 1500, tokens: 500 },
        { below: "unlimited", tokens: 800 }
      ]
      const banded = yield* withFx(always, { "model.responseBands": responseBands })
      const { chosen, router } = banded.models
      for (const count of [10, 200, 800, 3000]) {
        yield* router.model.generate({ ...unlimited, ...words(count), model: "openai/gpt-4o" })
        yield* collectReply("claude", chosen.service.stream({ ...unlimited, ...words(count) }))
      }
      yield* router.model.generate({ ...question, maxTokens: 7 })
      assert.deepStrictEqual(limits(banded.requests), [150, 150, 300, 300, 500, 500, 800, 800, 7])
    })
  )
  it.effect("are waited for as long as their entries say, whatever they speak", () =>
    Effect.gen(function* () {
      const limits = { requestTimeout: "200 millis", idleTimeout: "100 millis" }
      const script = [
        { when: { lastUserTextContains: "head" }, reply: { fault: { kind: "stall" } } },
        {
          when: { lastUserTextContains: "rest" },
          reply: { text: "A long one.", fault: { kind: "stall", afterPieces: 0 } }
        }
      ] as const
      const { models } = yield* withFx(script, {
        "providers.claude.requestTimeout": limits.requestTimeout,
        "providers.claude.idleTimeout": limits.idleTimeout,
        "providers.openai.requestTimeout": limits.requestTimeout,
        "providers.openai.idleTimeout": limits.idleTimeout
      })
      for (const model of ["claude-any", "openai/gpt-5"]) {
        const ask = (text: string) =>
          Effect.flip(
            Stream.runDrain(models.router.model.stream({ ...question, model, messages: [textMessage("user", text)] }))
          )
        const [head, rest] = [yield* ask("no head"), yield* ask("no rest")]
        assert.deepStrictEqual([head.code, rest.code], ["PROVIDER_TIMEOUT", "PROVIDER_TIMEOUT"])
        assert.include(head.message, "no answer within 200ms")
        assert.include(rest.message, "nothing came within 100ms")
      }
    })
  )
  it.effect("cost what the configuration says, and the ledger knows it by model", () =>
    Effect.gen(function* () {
      const prices = [
        { model: "*", provider: "openai", input: 1, output: 1 },
        { model: "claude-*", input: 3, output: 15 }
      ]
      const usage = { inputTokens: 1000, outputTokens: 500 }
      const { models } = yield* withFx(
        [
          { text: "a", usage },
          { text: "b", usage }
        ],
        { "model.prices": prices }
      )
      yield* models.router.model.generate({ ...question, model: "claude-any" })
      yield* models.router.model.generate({ ...question, model: "openai/gpt-5" })
      const sums = yield* models.ledger.summary
      assert.deepStrictEqual(
        sums.map(({ cost_usd, upstream }) => [upstream, cost_usd]),
        [
          ["claude", 0.0105],
          ["openai", 0.0015]
        ]
      )
    })
  )
  it.effect("are asked within the budget of a turn, at the prices of whom a name stands for", () =>
    Effect.gen(function* () {
      const settings = {
        "model.prices": [{ model: "gpt-5", provider: "openai", input: 3, output: 15 }],
        "routing.rules": [{ name: "clever", provider: "openai", model: "gpt-5" }],
        "conversation.budget.maxCostUsd": 0.5
      }
      const { models } = yield* withFx([], settings)
      assert.deepStrictEqual(models.budget?.budget, { maxCostUsd: 0.5 })
      assert.deepInclude(models.budget?.prices?.("clever"), { input: 3, output: 15 })
      assert.isUndefined(models.budget?.prices?.("claude-any"))
      assert.isUndefined((yield* withFx([])).models.budget)
    })
  )
})
