import {
  type CallNote,
  CallNotes,
  type LanguageModel,
  makeLanguageModel,
  meteredModel,
  type ModelError,
  type ModelEvent,
  type PriceEntry,
  Principal,
  UsageLedger
} from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric, Stream } from "effect"
import { TestClock } from "effect/testing"
import { requestWith } from "../requests.ts"

const usage = { input_tokens: 1000, output_tokens: 500, cache_read_input_tokens: 10 }
const prices: ReadonlyArray<PriceEntry> = [{ model: "scripted", input: 3, output: 15, cacheRead: 0 }]

type Ask = (model: LanguageModel["Service"]) => Effect.Effect<unknown, ModelError>
const asked: Readonly<Record<string, Ask>> = {
  streamed: (model) => Stream.runDrain(model.stream(requestWith())),
  whole: (model) => model.generate(requestWith())
}
const metered = Effect.fnUntraced(function* (upstream: string, table = prices) {
  const ledger = yield* UsageLedger
  const script = yield* scriptedModel(Array.from({ length: 3 }, () => ({ text: "word ".repeat(40), usage })))
  return { ledger, model: meteredModel({ upstream, ledger, prices: table })(script.model) }
})

describe.each(Object.entries(asked))("the ledger of answers that are %s", (how, ask) => {
  it.effect("sums by model, upstream and principal, with the cost", () =>
    Effect.gen(function* () {
      const { ledger, model } = yield* metered("fx")
      yield* ask(model)
      yield* ask(model)
      yield* Effect.provideService(ask(model), Principal, "ada")
      const sum = {
        upstream: "fx",
        model: "scripted",
        principal: "local",
        requests: 2,
        unpriced: 0,
        input_tokens: 2000,
        output_tokens: 1000,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 20,
        cost_usd: 0.021
      }
      assert.deepStrictEqual(yield* ledger.summary, [
        sum,
        {
          ...sum,
          principal: "ada",
          requests: 1,
          input_tokens: 1000,
          output_tokens: 500,
          cache_read_input_tokens: 10,
          cost_usd: 0.0105
        }
      ])
    }).pipe(Effect.provide(UsageLedger.layer))
  )

  it.effect("says how many calls had no price", () =>
    Effect.gen(function* () {
      const { ledger, model } = yield* metered("fx", [])
      yield* ask(model)
      const [sum] = yield* ledger.summary
      assert.deepInclude(sum, { requests: 1, unpriced: 1, cost_usd: 0 })
    }).pipe(Effect.provide(UsageLedger.layer))
  )

  it.effect("tells the caller what his call has cost", () =>
    Effect.gen(function* () {
      const notes: Array<CallNote> = []
      const { model } = yield* metered("fx")
      yield* Effect.provideService(ask(model), CallNotes, (note) => Effect.sync(() => void notes.push(note)))
      assert.deepStrictEqual(notes, [{ type: "cost", upstream: "fx", model: "scripted", usd: 0.0105 }])
    }).pipe(Effect.provide(UsageLedger.layer))
  )

  it.effect("is a metric, too", () =>
    Effect.gen(function* () {
      const upstream = `metrics-${how}`
      const { model } = yield* metered(upstream)
      yield* ask(model)
      const metrics = (yield* Metric.snapshot).filter(({ attributes }) => attributes?.["upstream"] === upstream)
      const counts = metrics.map(({ attributes, id, state }) => [
        id,
        attributes?.["kind"],
        "count" in state ? state.count : undefined
      ])
      assert.sameDeepMembers(counts, [
        ["cost_usd", undefined, 0.0105],
        ["model_requests_total", undefined, 1],
        ["model_tokens_total", "input", 1000],
        ["model_tokens_total", "output", 500],
        ["model_tokens_total", "cache_read", 10]
      ])
    }).pipe(Effect.provide(UsageLedger.layer))
  )
})

describe("an answer that is left before its end", () => {
  it.effect("costs what had come by then", () =>
    Effect.gen(function* () {
      const ledger = yield* UsageLedger
      const begun = Stream.make<[ModelEvent, ModelEvent]>(
        { type: "message_start", message: { id: "m", model: "fx", usage: { input_tokens: 10, output_tokens: 1 } } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word ".repeat(16) } }
      )
      const unending = makeLanguageModel({
        provider: "fx",
        defaultModel: "fx",
        stream: () => Stream.concat(begun, Stream.never)
      })
      const model = meteredModel({ upstream: "fx", ledger, prices })(unending)
      const reading = yield* Effect.forkChild(Stream.runDrain(model.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(reading)
      assert.deepInclude((yield* ledger.summary)[0], { requests: 1, input_tokens: 10, output_tokens: 20 })
    }).pipe(Effect.provide(UsageLedger.layer))
  )

  it.effect("costs nothing where nothing came", () =>
    Effect.gen(function* () {
      const ledger = yield* UsageLedger
      const script = yield* scriptedModel([])
      yield* Effect.exit(
        asked["streamed"]?.(meteredModel({ upstream: "fx", ledger, prices })(script.model)) ?? Effect.void
      )
      assert.deepStrictEqual(yield* ledger.summary, [])
    }).pipe(Effect.provide(UsageLedger.layer))
  )
})
