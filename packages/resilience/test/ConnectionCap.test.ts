import { assert, describe, it } from "@effect/vitest"
import { ConnectionCap, type PoolSettings } from "@signalbox/resilience"
import { Clock, Effect, Exit, Fiber, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { fork, settings, setUp } from "./connections.ts"

/** Two keys, `fx` and `other`, that share a cap. */
const capped = (max: number, some: Record<string, Partial<PoolSettings>> = {}, timing = {}) =>
  Effect.gen(function* () {
    const cap = yield* ConnectionCap.make(max)
    const made = yield* setUp({}, { cap, settings: (key) => ({ ...settings, ...some[key] }), ...timing })
    yield* made.pool.register("other")
    const hold = (key: string, millis: number) =>
      Effect.andThen(
        made.pool.withConnection(key, () => Effect.sleep(millis)),
        Clock.currentTimeMillis
      )
    return { ...made, cap, hold }
  })

const Borrower = Schema.Struct({
  isOther: Schema.Boolean,
  comes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 })),
  stays: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
  ends: Schema.Literals(["well", "well", "broken", "impatient"])
})

describe("a cap over several pools", () => {
  it.effect.prop(
    "is never exceeded, and everybody who has patience is served in the end",
    [Schema.Array(Borrower).check(Schema.isMaxLength(30)), Schema.Literals([3, 2, 1]), Schema.Literals([0, 1])],
    ([borrowers, max, priority]) =>
      Effect.gen(function* () {
        const timing = { opening: "3 millis", closing: "5 millis" }
        const other = { min: max - 1, priority }
        const { cap, log, pool, scope } = yield* capped(max, { other }, timing)
        const fibers = yield* Effect.forEach(borrowers, ({ comes, ends, isOther, stays }) =>
          fork(
            pool
              .withConnection(isOther ? "other" : "fx", () =>
                Effect.andThen(Effect.sleep(stays), ends === "broken" ? Effect.fail(ends) : Effect.void)
              )
              .pipe(
                ends === "impatient" ? Effect.timeoutOption(stays) : (effect) => effect,
                Effect.delay(comes),
                Effect.exit
              )
          )
        )
        yield* TestClock.adjust("20 seconds")
        for (const [index, fiber] of fibers.entries()) {
          const exit = fiber.pollUnsafe()
          assert.isDefined(exit, `borrower ${index} waits for ever`)
          const end = yield* Effect.flatten(Fiber.join(fiber)).pipe(Effect.exit)
          if (borrowers[index]?.ends === "well") assert.isTrue(Exit.isSuccess(end))
        }
        assert.isAtMost(log.most, max)
        const close = yield* fork(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(close)
        assert.deepStrictEqual([log.open, yield* cap.open], [0, 0])
      }),
    { timeout: 120_000, arbitrary: { runs: 1_000, size: 30 } }
  )
  it.effect("closes what idles elsewhere, so that nobody waits for a place that nobody needs", () =>
    Effect.gen(function* () {
      const { hold, log } = yield* capped(1, {}, { closing: "5 millis" })
      yield* hold("fx", 0)
      assert.strictEqual(log.open, 1)
      const other = yield* fork(hold("other", 0))
      yield* TestClock.adjust("5 millis")
      assert.strictEqual(yield* Fiber.join(other), 5)
      assert.deepStrictEqual([log.opened, log.most], [2, 1])
    })
  )
  it.effect("gives the next connection to a waiter of the higher priority", () =>
    Effect.gen(function* () {
      const { hold } = yield* capped(1, { other: { priority: 1 } })
      yield* fork(hold("fx", 100))
      const low = yield* fork(hold("fx", 100))
      const high = yield* fork(hold("other", 100))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* Fiber.join(high), yield* Fiber.join(low)], [200, 300])
    })
  )
  it.effect("serves those of one priority in the order in which they came", () =>
    Effect.gen(function* () {
      const { hold } = yield* capped(1)
      yield* fork(hold("fx", 100))
      const first = yield* fork(hold("other", 100))
      const second = yield* fork(hold("fx", 100))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], [200, 300])
    })
  )
  it.effect(
    "lets a pool that has a connection keep it while it has work, so that nothing is opened again and again",
    () =>
      Effect.gen(function* () {
        const { hold, log } = yield* capped(2)
        const keys = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? "fx" : "other"))
        const fibers = yield* Effect.forEach(keys, (key) => fork(hold(key, 100)))
        yield* TestClock.adjust("5 seconds")
        const ends = yield* Effect.forEach(fibers, Fiber.join)
        assert.strictEqual(Math.max(...ends), 5000)
        assert.isAtMost(log.opened, 4)
      })
  )
  it.effect("lets no pool fill up to its least number at the cost of others, but gives it what becomes free", () =>
    Effect.gen(function* () {
      const { hold, log, pool } = yield* capped(1, { other: { min: 1 } })
      yield* TestClock.adjust(0)
      const counts = Effect.map(Effect.all([pool.stats("fx"), pool.stats("other")]), (all) =>
        all.map(({ idle }) => idle)
      )
      assert.deepStrictEqual(yield* counts, [0, 1])
      yield* hold("fx", 0)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* counts, [1, 0])
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual(yield* counts, [0, 1])
      assert.strictEqual(log.most, 1)
    })
  )
  it.effect("closes spare connections before those that a pool wants to keep, and the longest idle first", () =>
    Effect.gen(function* () {
      const { hold, log, pool } = yield* capped(3, { fx: { min: 1, max: 1 }, other: { max: 3 } })
      yield* TestClock.adjust("1 second")
      const both = yield* fork(hold("other", 10))
      yield* hold("fx", 0)
      yield* TestClock.adjust("10 millis")
      yield* Fiber.join(both)
      yield* pool.register("third")
      yield* hold("third", 0)
      yield* pool.register("fourth")
      yield* hold("fourth", 0)
      const idle = yield* Effect.forEach(["fx", "other", "third", "fourth"], (key) =>
        Effect.map(pool.stats(key), (stats) => stats.idle)
      )
      assert.deepStrictEqual(idle, [1, 0, 1, 1])
      assert.strictEqual(log.most, 3)
    })
  )
  it.effect("holds for every pool that is given it", () =>
    Effect.gen(function* () {
      const cap = yield* ConnectionCap.make(1)
      const first = yield* setUp({}, { cap })
      const second = yield* setUp({}, { cap })
      yield* first.hold(0)
      yield* second.hold(0)
      assert.deepStrictEqual([first.log.open, second.log.open], [0, 1])
    })
  )
  it.effect("fails a borrower who waits at it for too long with what he waited for", () =>
    Effect.gen(function* () {
      const { hold, pool } = yield* capped(1, { other: { acquireTimeout: "50 millis" } })
      yield* fork(hold("fx", 1000))
      const error = yield* fork(Effect.flip(hold("other", 0)))
      yield* TestClock.adjust("50 millis")
      const exhausted = yield* Fiber.join(error)
      assert.isTrue(typeof exhausted !== "string" && exhausted._tag === "PoolExhausted")
      assert.strictEqual((yield* pool.stats("other")).waiting, 0)
    })
  )
  it("is at least one", () => {
    assert.throws(() => Effect.runSync(ConnectionCap.make(0)), /max must be/)
  })
})
