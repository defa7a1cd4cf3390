import { assert, describe, it } from "@effect/vitest"
import {
  Bulkhead,
  BulkheadFull,
  type BulkheadSettings,
  BulkheadTimeout,
  RateExceeded,
  SettingsInvalid
} from "@signalbox/resilience"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Schema, Scheduler } from "effect"
import { TestClock } from "effect/testing"
import { fork } from "./connections.ts"

const settings: BulkheadSettings = { maxConcurrent: 2, maxQueued: 3, queueTimeout: "1 second" }

const setUp = (some: Partial<BulkheadSettings> = {}) =>
  Effect.gen(function* () {
    const bulkhead = yield* Bulkhead.make({ settings: () => ({ ...settings, ...some }) })
    const seen = { running: 0, most: 0, starts: [] as Array<number> }
    const call = (millis: Duration.Input) =>
      Effect.gen(function* () {
        seen.most = Math.max(seen.most, ++seen.running)
        seen.starts.push(yield* Clock.currentTimeMillis)
        yield* Effect.sleep(millis)
      }).pipe(Effect.ensuring(Effect.sync(() => seen.running--)))
    const run = (millis: Duration.Input) => bulkhead.run("fx", call(millis))
    return { bulkhead, run, seen }
  })

describe("a bulkhead", () => {
  it.effect("runs a few at once and the others in the order in which they came", () =>
    Effect.gen(function* () {
      const { run, seen } = yield* setUp()
      const fibers = yield* Effect.forEach([300, 100, 100, 100, 100], (millis) => fork(run(millis)))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual([seen.most, seen.starts], [2, [0, 0, 100, 200, 300]])
    })
  )
  it.effect("turns away at once who would wait behind too many", () =>
    Effect.gen(function* () {
      const { bulkhead, run } = yield* setUp()
      yield* Effect.forEach([1, 2, 3, 4, 5], () => fork(run("1 hour")))
      const error = yield* Effect.flip(run(0))
      assert.isTrue(error instanceof BulkheadFull)
      assert.strictEqual(error.message, '"fx" already runs 2 calls, and 3 more are waiting.')
      const { rejected, running, waiting } = yield* bulkhead.stats("fx")
      assert.deepStrictEqual({ rejected, running, waiting }, { rejected: 1, running: 2, waiting: 3 })
    })
  )
  it.effect("lets nobody wait longer than he may", () =>
    Effect.gen(function* () {
      const { bulkhead, run } = yield* setUp()
      yield* Effect.forEach([1, 2], () => fork(run("1 hour")))
      const third = yield* fork(Effect.flip(run(0)))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(third)
      assert.isTrue(error instanceof BulkheadTimeout)
      assert.include(error.message, "within 1s; it runs 2 at once")
      const { timedOut, waiting } = yield* bulkhead.stats("fx")
      assert.deepStrictEqual({ timedOut, waiting }, { timedOut: 1, waiting: 0 })
    })
  )
  it.effect("lets nobody overtake those who wait", () =>
    Effect.gen(function* () {
      const { run, seen } = yield* setUp({ maxConcurrent: 1 })
      yield* fork(run(100))
      yield* fork(run(100))
      yield* TestClock.adjust(99)
      const late = yield* fork(Effect.delay(run(100), 1))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(late)
      assert.deepStrictEqual(seen.starts, [0, 100, 200])
    })
  )
  it.effect("lets the third of two calls in a second begin when the second is over", () =>
    Effect.gen(function* () {
      const { run, seen } = yield* setUp({ maxConcurrent: 10, rate: { limit: 2, per: "1 second" } })
      const fibers = yield* Effect.forEach([1, 2, 3], () => fork(run(0)))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(seen.starts, [0, 0, 1000])
    })
  )
  it.effect("says at once when its turn by the rate would come too late, and when that would be", () =>
    Effect.gen(function* () {
      const { run, seen } = yield* setUp({ queueTimeout: 0, rate: { limit: 1, per: "1 minute" } })
      yield* run(0)
      yield* TestClock.adjust("20 seconds")
      const error = yield* Effect.flip(run(0))
      assert.isTrue(error instanceof RateExceeded)
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(40))
      yield* TestClock.adjust("40 seconds")
      yield* run(0)
      assert.deepStrictEqual(seen.starts, [0, 60_000])
    })
  )
  it.effect("keeps keys apart, and reads the settings again after a key was removed", () =>
    Effect.gen(function* () {
      let maxConcurrent = 1
      const bulkhead = yield* Bulkhead.make({ settings: () => ({ ...settings, maxConcurrent, maxQueued: 0 }) })
      yield* fork(bulkhead.run("fx", Effect.never))
      yield* bulkhead.run("other", Effect.void)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(bulkhead.run("fx", Effect.void))))
      maxConcurrent = 2
      yield* bulkhead.remove("fx")
      yield* bulkhead.run("fx", Effect.void)
      assert.deepStrictEqual(
        (yield* bulkhead.statsAll).map(({ key, running }) => [key, running]),
        [
          ["other", 0],
          ["fx", 0]
        ]
      )
    })
  )
  it.effect("loses no place to an interruption at the worst moment", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 400; round++) {
        const [ops, steps] = [2 + Math.floor(round / 40), round % 40]
        const { bulkhead, run } = yield* setUp({ maxConcurrent: 1 })
        // One holds the place in every other round, so that both ways in are tried.
        const holder = yield* fork(round % 2 === 0 ? run("1 millis") : Effect.void)
        const call = yield* run(0).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, ops), Effect.forkChild)
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(call)
        yield* TestClock.adjust("1 millis")
        yield* Fiber.await(holder)
        const { running, waiting } = yield* bulkhead.stats("fx")
        assert.deepStrictEqual({ running, waiting }, { running: 0, waiting: 0 })
        assert.isTrue(Exit.isSuccess(yield* Effect.exit(run(0))))
      }
    })
  )
  it.effect("refuses settings that cannot be meant, all at once", () =>
    Effect.gen(function* () {
      const { run } = yield* setUp({ maxConcurrent: 0, maxQueued: -1, queueTimeout: -1, rate: { limit: 0, per: 0 } })
      const exit = yield* Effect.exit(run(0))
      const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.strictEqual(defect instanceof SettingsInvalid ? defect.problems.length : 0, 5)
    }).pipe(Effect.provide(Bulkhead.layer({ settings: () => settings })))
  )
})

const Caller = Schema.Struct({
  comes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
  stays: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 800 })),
  isImpatient: Schema.Boolean
})

describe("a bulkhead under any load", () => {
  it.effect.prop(
    "exceeds neither its number, nor its queue, nor its rate, and gives every place back",
    [Schema.Array(Caller).check(Schema.isMaxLength(40)), Schema.Literals([0, 3, 1])],
    ([callers, limit]) =>
      Effect.gen(function* () {
        const rate = limit === 0 ? {} : { rate: { limit, per: "500 millis" as const } }
        const { bulkhead, run, seen } = yield* setUp(rate)
        let mostWaiting = 0
        const fibers = yield* Effect.forEach(callers, ({ comes, isImpatient, stays }) =>
          fork(
            run(stays).pipe(
              isImpatient ? Effect.timeoutOption(stays) : (effect) => effect,
              Effect.delay(comes),
              Effect.exit
            )
          )
        )
        for (let step = 0; step < 70; step++) {
          yield* TestClock.adjust(100)
          mostWaiting = Math.max(mostWaiting, (yield* bulkhead.stats("fx")).waiting)
        }
        yield* Effect.forEach(fibers, Fiber.join)
        assert.isAtMost(seen.most, 2)
        assert.isAtMost(mostWaiting, 3)
        if (limit > 0) {
          for (const [index, start] of seen.starts.entries()) {
            assert.isAtLeast((seen.starts[index + limit] ?? Number.POSITIVE_INFINITY) - start, 500)
          }
        }
        const { running, waiting } = yield* bulkhead.stats("fx")
        assert.deepStrictEqual({ running, waiting, inside: seen.running }, { running: 0, waiting: 0, inside: 0 })
        yield* run(0)
      }),
    { timeout: 60_000, arbitrary: { runs: 300, size: 40 } }
  )
})
