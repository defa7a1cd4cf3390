import { EventStore } from "@signalbox/conversation"
import { emptyFold, eventsOf, foldEvent, makeLanguageModel, type ModelEvent } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { openKept, sendTo } from "./kept.ts"

const pieces = (count: number): ReadonlyArray<ModelEvent> => [
  { type: "message_start", message: { id: "m", model: "x", usage: { input_tokens: 1, output_tokens: 0 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ...Array.from({ length: count }, (_, n): ModelEvent => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: `${n} ` }
  }))
]

const ending: ReadonlyArray<ModelEvent> = [
  { type: "content_block_stop", index: 0 },
  ...eventsOf({ ...emptyFold.reply, stop_reason: "end_turn" }).slice(-2)
]

const modelOf = (stream: Stream.Stream<ModelEvent>) =>
  makeLanguageModel({ provider: "test", defaultModel: "x", stream: () => stream })

/** The store, and how many pieces each of its writes has had. */
const counting = (store: EventStore["Service"]) => {
  const writes: Array<number> = []
  return {
    writes,
    store: EventStore.of({
      ...store,
      addEvents: (id, events) =>
        Effect.tap(store.addEvents(id, events), () =>
          Effect.sync(() => {
            const count = events.filter((event) => event.type === "meta" && event.kind === "assistant_delta").length
            if (count > 0) writes.push(count)
          })
        )
    })
  }
}

describe("an answer that is still coming", () => {
  it.effect("is kept some pieces at a time, and as a whole when it is there", () =>
    Effect.gen(function* () {
      const { store, writes } = counting(yield* EventStore)
      const whole = [...pieces(60), ...ending]
      const session = yield* openKept(store, modelOf(Stream.fromIterable(whole)))
      const { text } = yield* sendTo(session, "count")
      assert.strictEqual(text.split(" ").length, 61)
      assert.deepStrictEqual(writes, [25, 25, 10])
      const notes = (yield* store.getEvents("c", { include: "all" })).filter((event) => event.type === "meta")
      assert.isFalse(notes.some(({ kind }) => kind === "assistant_delta"))
      assert.isTrue(whole.reduce(foldEvent, emptyFold).isComplete)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("can be read as far as it had come when its program ended", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const kept = yield* Deferred.make<void>()
      const watched = EventStore.of({
        ...store,
        addEvents: (id, events) =>
          Effect.tap(store.addEvents(id, events), () =>
            events.length === 25 ? Deferred.succeed(kept, undefined) : Effect.void
          )
      })
      const model = modelOf(Stream.concat(Stream.fromIterable(pieces(30)), Stream.never))
      const session = yield* openKept(watched, model)
      const fiber = yield* Effect.forkChild(sendTo(session, "count", "r"))
      yield* Deferred.await(kept)
      const found = (yield* store.getEvents("c", { include: "all" })).filter(
        (event) => event.type === "meta" && event.kind === "assistant_delta"
      )
      assert.lengthOf(found, 25)
      assert.isTrue(found.every(({ request_id }) => request_id === "r"))
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )
})
