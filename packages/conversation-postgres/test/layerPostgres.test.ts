import { EventStore } from "@signalbox/conversation"
import { delta, eventStoreContract, shapeOf, userSays } from "@signalbox/conversation/testing"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { cutConnections, describeDatabase, emptySchema, overWire, run, storeIn } from "./support.ts"

const seqs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Two stores on the same tables, as two processes have them. */
const twoStores = Effect.gen(function* () {
  const url = yield* emptySchema
  const [one, other] = yield* Effect.all([Layer.build(storeIn(url)), Layer.build(storeIn(url))])
  const use = <A, E>(context: typeof one, work: (store: EventStore["Service"]) => Effect.Effect<A, E>) =>
    Effect.provideContext(EventStore.use(work), context)
  return {
    url,
    one: <A, E>(work: (store: EventStore["Service"]) => Effect.Effect<A, E>) => use(one, work),
    other: <A, E>(work: (store: EventStore["Service"]) => Effect.Effect<A, E>) => use(other, work)
  }
})

describeDatabase("conversations in PostgreSQL", () => {
  for (const [name, check] of Object.entries(eventStoreContract)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const url = yield* emptySchema
        // A pool looks at its connections every minute, and one of the tests lets decades pass.
        const store = yield* TestClock.withLive(Layer.build(storeIn(url)))
        yield* Effect.provideContext(check, store)
      })
    )
  }

  it.live("are made by whichever of many processes comes first", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      yield* Effect.forEach(
        seqs(1, 12),
        (n) =>
          Effect.provide(
            EventStore.use((store) => store.addEvent("c", userSays(`${n}`))),
            storeIn(url)
          ),
        { concurrency: "unbounded" }
      )
      const events = yield* Effect.provide(
        EventStore.use((store) => store.getEvents("c")),
        storeIn(url)
      )
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        seqs(1, 12)
      )
      assert.lengthOf(yield* run(url, "SELECT version FROM signalbox_migrations"), 1)
    })
  )

  it.live("are the same for a store that has read them before and for another one", () =>
    Effect.gen(function* () {
      const { one, other } = yield* twoStores
      yield* one((store) => store.addEvents("c", [userSays("a", "r"), delta("r", 0, "piece")]))
      assert.lengthOf(yield* other((store) => store.getEvents("c", { include: "all" })), 2)
      assert.isFalse(yield* other((store) => store.addEvent("c", userSays("a", "r"))))
      yield* other((store) => store.compactDeltas("c", "r", { content: [{ type: "text", text: "all" }] }))
      assert.isAbove(yield* other((store) => store.compact("c")), 0)
      const seen = ["1 user_message", "3 assistant_message"]
      assert.deepStrictEqual(shapeOf(yield* one((store) => store.getEvents("c"))), seen)
      yield* one((store) => store.addEvent("c", userSays("b")))
      assert.deepStrictEqual(shapeOf(yield* other((store) => store.getEvents("c"))), [...seen, "5 user_message"])
      yield* other((store) => store.removeConversation("c"))
      assert.deepStrictEqual(yield* one((store) => store.getEvents("c")), [])
      assert.isTrue(yield* one((store) => store.addEvent("c", userSays("a", "r"))))
      assert.deepStrictEqual(shapeOf(yield* other((store) => store.getEvents("c"))), ["1 user_message"])
    })
  )

  it.live("keep long ids, odd ids and long names of requests apart", () =>
    Effect.gen(function* () {
      const { one, other } = yield* twoStores
      const ids = [
        "é".repeat(512),
        `${"é".repeat(511)}e`,
        "a\u0000b",
        "a\\u0000b",
        '"',
        "\ud800",
        "'; DROP TABLE x; --"
      ]
      for (const id of ids) {
        yield* one((store) =>
          store.addEvents(id, [userSays("a", `${"r".repeat(511)}1`), userSays("b", `${"r".repeat(511)}2`)])
        )
      }
      assert.sameMembers([...(yield* other((store) => store.listConversations))], ids)
      for (const id of ids) assert.lengthOf(yield* other((store) => store.getEvents(id)), 2)
    })
  )

  it.live("go on after all connections were lost", () =>
    Effect.gen(function* () {
      const { one } = yield* twoStores
      yield* one((store) => store.addEvent("c", userSays("a")))
      for (const text of ["b", "c", "d"]) {
        yield* cutConnections
        assert.isTrue(yield* one((store) => store.addEvent("c", userSays(text))))
      }
      yield* cutConnections
      assert.lengthOf(yield* one((store) => store.getEvents("c")), 4)
    })
  )

  it.live("have a record once whose answer was lost on the way", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      const wire = yield* overWire(url)
      const store = Context.get(yield* Layer.build(storeIn(wire.url)), EventStore)
      // The first goes through a transaction, the second is one statement.
      for (const [text, sent] of [
        ["first", "COMMIT"],
        ["second", "second"]
      ] as const) {
        const isLost = wire.loseAnswer(sent)
        assert.isTrue(yield* store.addEvent("c", userSays(text, text)), text)
        assert.isTrue(isLost(), text)
        assert.isFalse(yield* store.addEvent("c", userSays(text, text)), text)
      }
      assert.deepStrictEqual(shapeOf(yield* store.getEvents("c")), ["1 user_message", "2 user_message"])
    })
  )

  it.live("are whole after a batch that was interrupted", () =>
    Effect.gen(function* () {
      const { one, other } = yield* twoStores
      yield* one((store) => store.addEvent("c", userSays("a")))
      for (let round = 0; round < 20; round++) {
        const fiber = yield* Effect.forkChild(
          one((store) => store.addEvents("c", [userSays("b", `b${round}`), userSays("c", `c${round}`)])),
          { startImmediately: true }
        )
        for (let yields = 0; yields < round; yields++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
      }
      yield* one((store) => store.addEvent("c", userSays("end")))
      const events = yield* one((store) => store.getEvents("c"))
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        seqs(1, events.length)
      )
      assert.strictEqual(events.length % 2, 0)
      assert.deepStrictEqual(shapeOf(yield* other((store) => store.getEvents("c"))), shapeOf(events))
    })
  )
})

describeDatabase("a turn of a conversation in PostgreSQL", () => {
  it.live("keeps those of other processes waiting, also for no longer than they want to", () =>
    Effect.gen(function* () {
      const { one, other } = yield* twoStores
      yield* one((store) =>
        Effect.scoped(
          Effect.gen(function* () {
            yield* store.lockTurn("c", "1 minute")
            const exit = yield* Effect.exit(other((rival) => Effect.scoped(rival.lockTurn("c", "50 millis"))))
            const error = yield* Effect.flip(exit)
            assert.strictEqual(error._tag, "LockTimeout")
            assert.include(error.message, "Another turn of conversation c")
            yield* other((rival) => Effect.scoped(rival.lockTurn("d", "50 millis")))
          })
        )
      )
      yield* other((rival) => Effect.scoped(rival.lockTurn("c", "1 minute")))
      // A turn without a record makes no conversation.
      assert.deepStrictEqual(yield* one((store) => store.listConversations), [])
      assert.isFalse(yield* one((store) => store.removeConversation("c")))
    })
  )

  it.live("leaves nothing behind where the wait for it is interrupted", () =>
    Effect.gen(function* () {
      const { one, other } = yield* twoStores
      for (let round = 0; round < 20; round++) {
        const fiber = yield* Effect.forkChild(
          one((store) => Effect.scoped(store.lockTurn("c", "1 minute"))),
          {
            startImmediately: true
          }
        )
        for (let yields = 0; yields < round * 2; yields++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        yield* other((store) => Effect.scoped(store.lockTurn("c", "1 minute")))
      }
    })
  )

  it.live("adds nothing any more after its connection was lost and another process went on", () =>
    Effect.gen(function* () {
      const { one, other } = yield* twoStores
      yield* one((store) =>
        Effect.scoped(
          Effect.gen(function* () {
            yield* store.lockTurn("c", "1 minute")
            yield* store.addEvent("c", userSays("a"))
            yield* cutConnections
            // Nobody went on yet.
            assert.isTrue(yield* store.addEvent("c", userSays("b")))
            yield* cutConnections
            yield* other((rival) =>
              Effect.scoped(
                Effect.gen(function* () {
                  yield* rival.lockTurn("c", "1 minute")
                  const exit = yield* Effect.exit(store.addEvent("c", userSays("too late")))
                  assert.isTrue(Exit.isFailure(exit))
                  assert.strictEqual((yield* Effect.flip(exit))._tag, "TurnTakenOver")
                  assert.isTrue(yield* rival.addEvent("c", userSays("c")))
                })
              )
            )
          })
        )
      )
      yield* one((store) => Effect.scoped(store.lockTurn("c", "1 minute")))
      const events = yield* one((store) => store.getEvents("c"))
      assert.deepStrictEqual(shapeOf(events), ["1 user_message", "2 user_message", "3 user_message"])
      assert.isTrue(yield* one((store) => store.addEvent("c", userSays("d"))))
    })
  )
})
