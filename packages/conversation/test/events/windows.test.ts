import {
  type ChatEvent,
  EventStore,
  lastTokens,
  type NewEvent,
  remembered,
  tokenDistribution,
  visibleToModel
} from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect } from "effect"
import { shapeOf, userSays } from "@signalbox/conversation/testing"

const call = (id: string): NewEvent => ({
  type: "tool_call",
  role: "assistant",
  tool_call_id: id,
  name: "n",
  arguments: {}
})
const result = (id: string): NewEvent => ({ type: "tool_result", role: "tool", tool_call_id: id, content: "x" })
const answer: NewEvent = { type: "assistant_message", role: "assistant", content: [{ type: "text", text: "a" }] }
const update = (visible?: boolean): NewEvent => ({
  type: "system_update",
  role: "system",
  content: [],
  ...(visible === undefined ? {} : { visible_to_llm: visible })
})
const meta: NewEvent = { type: "meta", role: "system", kind: "note", data: {} }

/** The records as a store gives them. */
const kept = (...events: ReadonlyArray<NewEvent>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", events)
    return yield* store.getEvents("c", { include: "all" })
  }).pipe(Effect.provide(EventStore.layerMemory))

const countTokens = () => 10
const at = (hours: number): DateTime.Utc => DateTime.makeUnsafe(hours * 3_600_000)

const timed = (event: NewEvent, hours: number): NewEvent => ({ ...event, timestamp: at(hours) })

describe("what a model is shown", () => {
  it.effect("is what was said and what tools answered", () =>
    Effect.gen(function* () {
      const events = yield* kept(
        userSays("u"),
        answer,
        result("t"),
        update(true),
        update(false),
        update(),
        call("t"),
        meta
      )
      assert.deepStrictEqual(
        events.map((event) => visibleToModel(event)),
        [true, true, true, true, false, false, false, false]
      )
      assert.isFalse(
        events.some((event) => event.type === "system_update" && visibleToModel(event, { systemUpdates: false }))
      )
    })
  )

  it.effect("are the newest records that fit, oldest first", () =>
    Effect.gen(function* () {
      const events = yield* kept(userSays("1"), userSays("2"), userSays("3"), userSays("4"))
      assert.deepStrictEqual(shapeOf(lastTokens(events, { countTokens, tokens: 35 })), [
        "2 user_message",
        "3 user_message",
        "4 user_message"
      ])
      assert.deepStrictEqual(lastTokens(events, { countTokens, tokens: 9 }), [])
    })
  )

  it.effect("has no result of a call that did not fit", () =>
    Effect.gen(function* () {
      const events = yield* kept(userSays("1"), call("t"), result("t"), userSays("2"))
      assert.deepStrictEqual(shapeOf(lastTokens(events, { countTokens, tokens: 20 })), ["4 user_message"])
      assert.deepStrictEqual(shapeOf(lastTokens(events, { countTokens, tokens: 30 })), [
        "2 tool_call",
        "3 tool_result",
        "4 user_message"
      ])
    })
  )

  it.effect("counts a record as it says of itself", () =>
    Effect.gen(function* () {
      const events = yield* kept({ ...userSays("1"), token_count: 5 }, { ...userSays("2"), token_count: 5 })
      assert.lengthOf(lastTokens(events, { countTokens, tokens: 10 }), 2)
    })
  )

  it.effect("goes back so far and no further, and begins with a user", () =>
    Effect.gen(function* () {
      const events = yield* kept(
        timed(userSays("old"), 1),
        timed(answer, 90),
        timed(userSays("young"), 100),
        timed(answer, 101)
      )
      const shown = (maxEvents: number, hours: number, now = 110) =>
        shapeOf(remembered(events, { maxEvents, maxAge: Duration.hours(hours) }, at(now)))
      assert.deepStrictEqual(shown(40, 192), shapeOf(events))
      assert.deepStrictEqual(shown(40, 24), ["3 user_message", "4 assistant_message"])
      assert.deepStrictEqual(shown(3, 192), ["3 user_message", "4 assistant_message"])
      assert.deepStrictEqual(shown(1, 192), [])
      assert.deepStrictEqual(shown(0, 192), [])
      assert.deepStrictEqual(shown(40, 192, 1000), [])
    })
  )

  it.effect("is counted by type, and the types add up", () =>
    Effect.gen(function* () {
      const events: ReadonlyArray<ChatEvent> = yield* kept(userSays("1"), answer, meta, { ...meta, token_count: 3 })
      const { byType, total } = tokenDistribution(events, { countTokens })
      assert.deepStrictEqual(byType.meta, { events: 2, tokens: 13 })
      assert.deepStrictEqual(total, { events: 4, tokens: 33 })
      const sums = Object.values(byType)
      assert.strictEqual(
        sums.reduce((sum, { tokens }) => sum + tokens, 0),
        total.tokens
      )
    })
  )
})
