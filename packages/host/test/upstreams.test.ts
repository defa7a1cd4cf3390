import { assert, layer } from "@effect/vitest"
import { type LoadedConfig, Models } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { collectReply, textMessage, textOf } from "@signalbox/model"
import { type Reply, type Rule, startFxLlm } from "@signalbox/testing"
import { Effect, Exit, Stream } from "effect"
import { configWith, vendorKeys, withoutOllama } from "./support.ts"

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
        ...withoutOllama,
        "model.retry.attempts": 1,
        "providers.claude.baseUrl": upstream.url,
        "providers.openai.baseUrl": `${upstream.url}/v1`,
        ...settings
      }
    )
    return { config, models: yield* Models.make(config, vendorKeys), requests: upstream.requests }
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
      yield* models.upstreams.get("offline")?.service.generate(question) ?? Effect.void
      const sums = yield* models.ledger.summary
      assert.deepStrictEqual(
        sums.map(({ cost_usd, requests, unpriced, upstream }) => [upstream, requests, cost_usd, unpriced]),
        [
          ["claude", 1, 0.0105, 0],
          ["openai", 1, 0.0015, 0],
          ["offline", 1, 0, 0]
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
