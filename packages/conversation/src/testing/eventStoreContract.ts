/**
 * What every store of conversations does, as data: the test of a store runs one test for each entry, on a store that is empty.
 * Time is that of `TestClock`, as in `it.effect`.
 */
import { same } from "@signalbox/model/testing"
import { DateTime, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { EventStore } from "../events/EventStore.ts"
import { pointsContract } from "./pointsContract.ts"
import { delta, shapeOf, userSays } from "./records.ts"

const answer = { content: [{ type: "text", text: "abc" }], model: "m" } as const

const verbs: Readonly<Record<string, Effect.Effect<void, unknown, EventStore>>> = {
  "gives each record an id, the time in UTC and the next place": Effect.gen(function* () {
    const store = yield* EventStore
    yield* TestClock.setTime(Date.UTC(2026, 10, 27, 8, 30))
    yield* same("the first is added", yield* store.addEvent("c", userSays("a")), true)
    yield* same("the second is added", yield* store.addEvent("c", userSays("b")), true)
    const [first, second] = yield* store.getEvents("c")
    yield* same("places", [first?.seq, second?.seq], [1, 2])
    yield* same("ids are alike", first?.id === second?.id, false)
    yield* same("the time", first && DateTime.formatIso(first.timestamp), "2026-11-27T08:30:00.000Z")
    yield* same("the conversation", first?.conversation_id, "c")
  }),

  "keeps conversations apart, lists and removes them": Effect.gen(function* () {
    const store = yield* EventStore
    const ids = ["c", "C", "a/b", "ä.jsonl", "x".repeat(300)]
    for (const id of ids) yield* store.addEvent(id, userSays(`in ${id}`))
    for (const id of ids) yield* same(`records of ${id}`, shapeOf(yield* store.getEvents(id)), ["1 user_message"])
    yield* same("the list", (yield* store.listConversations).toSorted(), ids.toSorted())
    yield* same("there was one", yield* store.removeConversation("a/b"), true)
    yield* same("there was one still", yield* store.removeConversation("a/b"), false)
    yield* same("it is in the list", (yield* store.listConversations).includes("a/b"), false)
    yield* same("what is left of it", yield* store.getEvents("a/b"), [])
  }),

  "begins a conversation that was removed again at the first place": Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", [userSays("a", "r"), userSays("b")])
    yield* store.removeConversation("c")
    yield* same("the same request is new", yield* store.addEvent("c", userSays("a", "r")), true)
    yield* same("places", shapeOf(yield* store.getEvents("c")), ["1 user_message"])
  }),

  "knows the same record again by request, type and index": Effect.gen(function* () {
    const store = yield* EventStore
    const added = yield* store.addEvents("c", [userSays("hi", "r"), delta("r", 0), delta("r", 1), delta("r", 2)])
    yield* same("all are new", added, [true, true, true, true])
    yield* same("the same is new", yield* store.addEvent("c", userSays("hi", "r")), false)
    const again = yield* store.addEvents("c", [delta("r", 2), delta("r", 3), delta("r", 3)])
    yield* same("one of them is new", again, [false, true, false])
    yield* same("how many there are", (yield* store.getEvents("c", { include: "all" })).length, 5)
    yield* same("the user's is there", yield* store.eventExists("c", "user_message", "r"), true)
    yield* same("an answer is there", yield* store.eventExists("c", "assistant_message", "r"), false)
    yield* same("the first of it", (yield* store.getEventByRequestId("c", "r"))?.type, "user_message")
    yield* same("the first note of it", (yield* store.getEventByRequestId("c", "r", "meta"))?.seq, 2)
    yield* same("that of another request", yield* store.getEventByRequestId("c", "other"), undefined)
  }),

  "knows the same record again by its id": Effect.gen(function* () {
    const store = yield* EventStore
    const given = { ...userSays("hi"), id: "given" }
    yield* same("it is new", yield* store.addEvents("c", [given, given]), [true, false])
    yield* same("it is new later", yield* store.addEvent("c", given), false)
    yield* same("it is new elsewhere", yield* store.addEvent("d", given), true)
    yield* same("the id", (yield* store.getEvents("c"))[0]?.id, "given")
  }),

  "keeps every character of a text": Effect.gen(function* () {
    const store = yield* EventStore
    const text = "a\nb\u0000c \u2028 \ud83d\ude00 \\u0000 'quoted' \"so\" $1"
    yield* store.addEvent("c", userSays(text))
    const [event] = yield* store.getEvents("c")
    yield* same("the text", event?.type === "user_message" ? event.content : undefined, [{ type: "text", text }])
  }),

  "gives the newest records, oldest first": Effect.gen(function* () {
    const store = yield* EventStore
    for (const text of ["a", "b", "c"]) yield* store.addEvent("c", userSays(text))
    const newest = ["2 user_message", "3 user_message"]
    yield* same("two of them", shapeOf(yield* store.getEvents("c", { limit: 2 })), newest)
    yield* same("none of them", yield* store.getEvents("c", { limit: 0 }), [])
    const fitting = yield* store.lastTokens("c", { tokens: 25, countTokens: () => 10 })
    yield* same("those that fit", shapeOf(fitting), newest)
  }),

  "puts an answer in the place of its pieces, and says the same id each time": Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", [userSays("hi", "r"), delta("r", 0, "a"), delta("r", 1, "bc")])
    const id = yield* store.compactDeltas("c", "r", answer)
    yield* same("the id again", yield* store.compactDeltas("c", "r", answer), id)
    yield* same("the last answer", yield* store.getLastAssistantReplyId("c", "r"), id)
    const visible = shapeOf(yield* store.getEvents("c"))
    yield* same("what is said", visible, ["1 user_message", "4 assistant_message"])
    const all = yield* store.getEvents("c", { include: "all" })
    yield* same("what there is", shapeOf(all), [...visible, "5 compaction"])
    yield* same("space is freed", (yield* store.compact("c")) > 0, true)
    yield* same("space is freed again", yield* store.compact("c"), 0)
    yield* same("what is said after it", shapeOf(yield* store.getEvents("c")), visible)
    yield* store.addEvent("c", userSays("more"))
    yield* same("the next place", (yield* store.getEvents("c")).at(-1)?.seq, 6)
  }),

  "gives many records that come at once each a place of its own": Effect.gen(function* () {
    const store = yield* EventStore
    yield* Effect.forEach(Array.from({ length: 100 }), (_, n) => store.addEvent("c", userSays(`${n}`)), {
      concurrency: "unbounded"
    })
    const places = (yield* store.getEvents("c")).map(({ seq }) => seq)
    const wanted = Array.from({ length: 100 }, (_, n) => n + 1)
    yield* same("places", places, wanted)
  }),

  "refuses what cannot be written, and keeps nothing of its batch": Effect.gen(function* () {
    const store = yield* EventStore
    const exit = yield* Effect.exit(store.addEvents("c", [userSays("a"), userSays("b", "")]))
    yield* same("the batch fails", Exit.isFailure(exit), true)
    const huge = yield* Effect.flip(store.addEvent("c", userSays("x".repeat(6_000_000))))
    yield* same("what a huge record fails with", huge._tag, "EventRejected")
    yield* same("what is kept", yield* store.getEvents("c"), [])
    yield* same("the next is added", yield* store.addEvent("c", userSays("c")), true)
  }),

  "lets one turn of a conversation run at a time": Effect.gen(function* () {
    const store = yield* EventStore
    const scope = yield* Scope.make()
    yield* Scope.provide(store.lockTurn("c", "1 minute"), scope)
    yield* Effect.scoped(store.lockTurn("other", "1 minute"))
    const waits = yield* Deferred.make<void>()
    const next = yield* Effect.forkChild(
      Effect.scoped(Effect.andThen(Deferred.succeed(waits, undefined), store.lockTurn("c", "1 hour")))
    )
    yield* Deferred.await(waits)
    yield* Effect.yieldNow
    yield* same("the next one waits", next.pollUnsafe(), undefined)
    yield* Scope.close(scope, Exit.void)
    yield* TestClock.adjust("1 second").pipe(
      Effect.andThen(Effect.yieldNow),
      Effect.repeat({ until: () => next.pollUnsafe() !== undefined })
    )
    yield* Fiber.join(next)
  })
}

/**
 * The contract of stores, for the test of one:
 * `for (const [name, check] of Object.entries(eventStoreContract)) it.effect(name, () => Effect.provide(check, layer))`.
 */
export const eventStoreContract: Readonly<Record<string, Effect.Effect<void, unknown, EventStore>>> = {
  ...verbs,
  ...pointsContract
}
