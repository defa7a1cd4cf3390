import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { fork, setUp } from "./connections.ts"

describe("the end of connections", () => {
  it.effect("never comes to one that is lent, however long", () =>
    Effect.gen(function* () {
      const { hold, log } = yield* setUp()
      const fiber = yield* fork(hold("10 minutes"))
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual(log.open, 1)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual(log.open, 1)
    })
  )
  it.effect("comes to those above the least number, exactly when their idle time is over", () =>
    Effect.gen(function* () {
      const { hold, log } = yield* setUp({ min: 2, max: 5 })
      yield* TestClock.adjust("100 seconds")
      yield* Effect.forEach([1, 2, 3, 4, 5], () => fork(hold("1 second")))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(log.open, 5)
      yield* TestClock.adjust("299 seconds")
      assert.strictEqual(log.open, 5)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(log.open, 2)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(log.open, 2)
      assert.strictEqual(log.opened, 5)
    })
  )
  it.effect("comes at the greatest age, but never while lent", () =>
    Effect.gen(function* () {
      const { hold, log } = yield* setUp({ min: 1, max: 1, maxAge: "1 hour", idleTimeToLive: "2 hours" })
      yield* TestClock.adjust("59 minutes")
      const fiber = yield* fork(hold("2 minutes"))
      yield* TestClock.adjust("90 seconds")
      assert.strictEqual(log.opened, 1)
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(fiber)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([log.opened, log.open, log.most], [2, 1, 1])
    })
  )
  it.effect("comes to all at the same time when the pool closes, and only once", () =>
    Effect.gen(function* () {
      const { hold, log, pool, scope } = yield* setUp({ max: 10 }, { closing: "5 seconds" })
      yield* pool.register("other")
      const fibers = yield* Effect.forEach(Array.from({ length: 10 }), () => fork(hold("1 millis")))
      const other = yield* fork(pool.withConnection("other", () => Effect.sleep("1 millis")))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach([...fibers, other], Fiber.join)
      assert.strictEqual(log.open, 11)
      const close = yield* fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(close)
      assert.strictEqual(log.open, 0)
      yield* Scope.close(scope, Exit.void)
      const late = yield* Effect.flip(hold(0))
      assert.isTrue(typeof late !== "string" && late._tag === "PoolNotRegistered")
    })
  )
  it.effect("waits for the last borrower when the pool closes", () =>
    Effect.gen(function* () {
      const { log, pool, scope } = yield* setUp()
      const gate = yield* Deferred.make<void>()
      const borrower = yield* fork(pool.withConnection("fx", () => Deferred.await(gate)))
      yield* TestClock.adjust(0)
      const close = yield* fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(log.open, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(close)
      assert.deepStrictEqual(yield* Fiber.await(borrower), Exit.void)
      assert.strictEqual(log.open, 0)
    })
  )
})
