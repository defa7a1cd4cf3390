import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { fork, setUp } from "./connections.ts"

const Borrower = Schema.Struct({
  comes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 })),
  stays: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
  patience: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 })),
  ends: Schema.Literals(["well", "broken", "failed"])
})

describe("a connection pool under any load", () => {
  it.effect("serves a hundred at once over twenty connections, which they hand on to one another", () =>
    Effect.gen(function* () {
      const { log, pool } = yield* setUp({ max: 20 }, { opening: "300 millis" })
      const fiber = yield* fork(
        Effect.forEach(
          Array.from({ length: 100 }),
          () => pool.withConnection("fx", () => Effect.andThen(Effect.sleep("500 millis"), Clock.currentTimeMillis)),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("5 seconds")
      const ends = yield* Fiber.join(fiber)
      // Five rounds of half a second, after the time that opening takes once.
      assert.strictEqual(Math.max(...ends), 2800)
      assert.deepStrictEqual([log.opened, log.most], [20, 20])
      const { borrowed, idle, used } = yield* pool.stats("fx")
      assert.deepStrictEqual([borrowed, idle, used], [100, 20, 0])
    })
  )
  it.effect.prop(
    "never exceeds its limit, loses no connection, and serves again afterwards",
    [Schema.Array(Borrower).check(Schema.isMaxLength(30)), Schema.Literals([1, 3])],
    ([borrowers, maxConcurrent]) =>
      Effect.gen(function* () {
        const timing = { opening: "3 millis", closing: "5 millis" } as const
        const { hold, log, pool, scope } = yield* setUp({ maxConcurrent, acquireTimeout: "30 millis" }, timing)
        const fibers = yield* Effect.forEach(borrowers, ({ comes, ends, patience, stays }) =>
          fork(
            pool
              .withConnection("fx", () =>
                Effect.andThen(Effect.sleep(stays), ends === "well" ? Effect.void : Effect.fail(ends))
              )
              // Whoever runs out of patience is interrupted: while waiting, while opening, or in use.
              .pipe(Effect.delay(comes), Effect.timeoutOption(comes + patience), Effect.exit)
          )
        )
        yield* TestClock.adjust("1 second")
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.isAtMost(log.most, 2)
        const { opening, used, waiting } = yield* pool.stats("fx")
        assert.deepStrictEqual({ opening, used, waiting }, { opening: 0, used: 0, waiting: 0 })
        const last = yield* Effect.forEach(Array.from({ length: 2 * maxConcurrent }), () => fork(hold("10 millis")))
        yield* TestClock.adjust("20 millis")
        for (const fiber of last) yield* Fiber.join(fiber)
        const close = yield* fork(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("5 millis")
        yield* Fiber.join(close)
        assert.strictEqual(log.open, 0)
      }),
    { timeout: 60_000, arbitrary: { runs: 200, size: 30 } }
  )
})
