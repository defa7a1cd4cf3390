import { assert, layer } from "@effect/vitest"
import { type LoadedConfig, Models } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { textMessage } from "@signalbox/model"
import { startFxLlm } from "@signalbox/testing"
import { Effect } from "effect"
import { configWith, vendorKeys, withoutOllama } from "./support.ts"

const modelsOf = Effect.fnUntraced(function* (settings: Readonly<Record<string, unknown>>) {
  const config: LoadedConfig = yield* configWith({}, { ...withoutOllama, ...settings })
  return (yield* Models.make(config, vendorKeys)).chosen
})

/** Words that are about so many tokens. */
const request = (tokens: number, model = "") => ({
  model,
  system: [],
  tools: [],
  messages: [textMessage("user", "hello ".repeat(tokens))]
})

layer(nodePlatform, { excludeTestServices: true })("the window of a model", (it) => {
  /** Whether so many tokens fit. */
  const fits = Effect.fnUntraced(function* (
    settings: Readonly<Record<string, unknown>>,
    tokens: number,
    model?: string
  ) {
    const { context } = yield* modelsOf({ "conversation.context.reserveTokens": 1000, ...settings })
    return context.window === undefined ? undefined : (yield* context.window.fit(request(tokens, model))).fits
  })

  it.effect("is that of the configuration, of the provider, or what is known of its name", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* fits({}, 120_000))
      assert.isFalse(yield* fits({}, 160_000))
      assert.isFalse(yield* fits({ "conversation.context.window": 8000 }, 6000))
      assert.isTrue(yield* fits({ "conversation.context.window": 8000 }, 4000))
      assert.isFalse(yield* fits({ "providers.claude.contextWindow": 8000 }, 6000))
      assert.isFalse(yield* fits({ "providers.claude.model": "of-my-own" }, 40_000))
      // A session may ask for another model of the provider.
      assert.isFalse(yield* fits({ "model.provider": "openai" }, 8000, "gpt-4"))
      assert.isTrue(yield* fits({ "model.provider": "openai" }, 8000, "gpt-4o"))
    })
  )

  it.effect("is no matter where all is to be sent", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* fits({ "conversation.context.whenFull": "send" }, 1))
    })
  )

  it.effect("has summaries of the model that is named for them, or of its own", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm({ script: [{ text: "Short." }] })),
        (server) => Effect.promise(() => server.close())
      )
      const settings = {
        "conversation.context.whenFull": "summary",
        "conversation.context.summary.model": "openai/gpt-mini",
        "providers.openai.baseUrl": `${upstream.url}/v1`
      }
      const { summary } = (yield* modelsOf(settings)).context
      assert.strictEqual(summary?.modelName, "gpt-mini")
      yield* summary?.model?.generate({ ...request(1), model: "gpt-mini" }) ?? Effect.void
      assert.strictEqual(Object(upstream.requests[0]?.body)["model"], "gpt-mini")
      const own = (yield* modelsOf({ ...settings, "conversation.context.summary.model": "" })).context
      assert.deepStrictEqual(own.summary, { maxTokens: 2000 })
    })
  )
})
