import { EventStore, type NewEvent } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { strayResults, unanswered } from "../support.ts"
import { makeCountingTools, makeObedientModel, openKept, sendTo } from "./kept.ts"

/** The records of two turns with tools. */
const recorded = Effect.gen(function* () {
  const store = yield* EventStore
  const session = yield* openKept(store, makeObedientModel().model, makeCountingTools().tools)
  yield* sendTo(session, "run 2")
  yield* sendTo(session, "run 1 more")
  return yield* store.getEvents("c")
}).pipe(Effect.provide(EventStore.layerMemory, { local: true }))

/** What a session makes of these records when somebody says something, as the model is shown it. */
const shownAfter = (events: ReadonlyArray<NewEvent>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", events)
    const { asked, model } = makeObedientModel()
    yield* sendTo(yield* openKept(store, model), "hello")
    return asked[0] ?? []
  }).pipe(Effect.provide(EventStore.layerMemory, { local: true }))

describe("the history that records tell of", () => {
  it.effect("is one that every provider takes, wherever the records break off", () =>
    Effect.gen(function* () {
      const events = yield* recorded
      for (let length = 0; length <= events.length; length++) {
        const messages = yield* shownAfter(events.slice(0, length))
        assert.deepStrictEqual([...unanswered(messages), ...strayResults(messages)], [], `the first ${length}`)
      }
    })
  )

  it.effect.prop(
    "is one that every provider takes, whichever records are missing",
    { kept: Schema.Array(Schema.Boolean) },
    ({ kept }) =>
      Effect.gen(function* () {
        const events = yield* recorded
        const messages = yield* shownAfter(events.filter((_, index) => kept[index] !== false))
        assert.deepStrictEqual([...unanswered(messages), ...strayResults(messages)], [])
      })
  )
})
