/** What every store of conversations does, tried on the one of the context. */
import { EventStore } from "@signalbox/conversation"
import { assert } from "@effect/vitest"
import { DateTime, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { pointsContract } from "./pointsContract.ts"
import { delta, shapeOf, userSays } from "./records.ts"

const answer = { content: [{ type: "text", text: "abc" }], model: "m" } as const

const verbs: Readonly<Record<string, Effect.Effect<void, unknown, EventStore>>> = {
  "gives each record an id, the time in UTC and the next place": Effect.gen(function* () {
    const store = yield* EventStore
    yield* TestClock.setTime(Date.UTC(2026, 10, 27, 8, 30))
    assert.isTrue(yield* store.addEvent("c", userSays("a")))
    assert.isTrue(yield* store.addEvent("c", userSays("b")))
    const [first, second] = yield* store.getEvents("c")
    assert.deepStrictEqual([first?.seq, second?.seq], [1, 2])
    assert.notStrictEqual(first?.id, second?.id)
    assert.strictEqual(first && DateTime.formatIso(first.timestamp), "2026-11-27T08:30:00.000Z")
    assert.strictEqual(first?.conversation_id, "c")
  }),

  "keeps conversations apart, lists and removes them": Effect.gen(function* () {
    const store = yield* EventStore
    const ids = ["c", "C", "a/b", "ä.jsonl", "x".repeat(300)]
    for (const id of ids) yield* store.addEvent(id, userSays(`in ${id}`))
    for (const id of ids) assert.deepStrictEqual(shapeOf(yield* store.getEvents(id)), ["1 user_message"])
    assert.sameMembers([...(yield* store.listConversations)], ids)
    assert.isTrue(yield* store.removeConversation("a/b"))
    assert.isFalse(yield* store.removeConversation("a/b"))
    assert.notInclude(yield* store.listConversations, "a/b")
    assert.deepStrictEqual(yield* store.getEvents("a/b"), [])
  }),

  "knows the same record again by request, type and index": Effect.gen(function* () {
    const store = yield* EventStore
    const added = yield* store.addEvents("c", [userSays("hi", "r"), delta("r", 0), delta("r", 1), delta("r", 2)])
    assert.deepStrictEqual(added, [true, true, true, true])
    assert.isFalse(yield* store.addEvent("c", userSays("hi", "r")))
    assert.deepStrictEqual(yield* store.addEvents("c", [delta("r", 2), delta("r", 3), delta("r", 3)]), [
      false,
      true,
      false
    ])
    assert.lengthOf(yield* store.getEvents("c", { include: "all" }), 5)
    assert.isTrue(yield* store.eventExists("c", "user_message", "r"))
    assert.isFalse(yield* store.eventExists("c", "assistant_message", "r"))
    assert.strictEqual((yield* store.getEventByRequestId("c", "r"))?.type, "user_message")
    assert.strictEqual((yield* store.getEventByRequestId("c", "r", "meta"))?.seq, 2)
    assert.isUndefined(yield* store.getEventByRequestId("c", "other"))
  }),

  "gives the newest records, oldest first": Effect.gen(function* () {
    const store = yield* EventStore
    for (const text of ["a", "b", "c"]) yield* store.addEvent("c", userSays(text))
    assert.deepStrictEqual(shapeOf(yield* store.getEvents("c", { limit: 2 })), ["2 user_message", "3 user_message"])
    assert.deepStrictEqual(yield* store.getEvents("c", { limit: 0 }), [])
    const tokens = yield* store.lastTokens("c", { tokens: 25, countTokens: () => 10 })
    assert.deepStrictEqual(shapeOf(tokens), ["2 user_message", "3 user_message"])
  }),

  "puts an answer in the place of its pieces, and says the same id each time": Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", [userSays("hi", "r"), delta("r", 0, "a"), delta("r", 1, "bc")])
    const id = yield* store.compactDeltas("c", "r", answer)
    assert.strictEqual(yield* store.compactDeltas("c", "r", answer), id)
    assert.strictEqual(yield* store.getLastAssistantReplyId("c", "r"), id)
    const visible = shapeOf(yield* store.getEvents("c"))
    assert.deepStrictEqual(visible, ["1 user_message", "4 assistant_message"])
    assert.deepStrictEqual(shapeOf(yield* store.getEvents("c", { include: "all" })), [...visible, "5 compaction"])
    assert.isAbove(yield* store.compact("c"), 0)
    assert.strictEqual(yield* store.compact("c"), 0)
    assert.deepStrictEqual(shapeOf(yield* store.getEvents("c")), visible)
    yield* store.addEvent("c", userSays("more"))
    assert.strictEqual((yield* store.getEvents("c")).at(-1)?.seq, 6)
  }),

  "gives many records that come at once each a place of its own": Effect.gen(function* () {
    const store = yield* EventStore
    yield* Effect.forEach(Array.from({ length: 100 }), (_, n) => store.addEvent("c", userSays(`${n}`)), {
      concurrency: "unbounded"
    })
    const events = yield* store.getEvents("c")
    assert.deepStrictEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: 100 }, (_, n) => n + 1)
    )
  }),

  "refuses what cannot be written, and keeps nothing of its batch": Effect.gen(function* () {
    const store = yield* EventStore
    const exit = yield* Effect.exit(store.addEvents("c", [userSays("a"), userSays("b", "")]))
    assert.isTrue(Exit.isFailure(exit))
    const huge = yield* Effect.flip(store.addEvent("c", userSays("x".repeat(6_000_000))))
    assert.strictEqual(huge._tag, "EventRejected")
    assert.deepStrictEqual(yield* store.getEvents("c"), [])
    assert.isTrue(yield* store.addEvent("c", userSays("c")))
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
    assert.isUndefined(next.pollUnsafe())
    yield* Scope.close(scope, Exit.void)
    yield* TestClock.adjust("1 second").pipe(
      Effect.andThen(Effect.yieldNow),
      Effect.repeat({ until: () => next.pollUnsafe() !== undefined })
    )
    yield* Fiber.join(next)
  })
}

/** By what it says of a store; each begins with an empty one. */
export const eventStoreContract = { ...verbs, ...pointsContract }
