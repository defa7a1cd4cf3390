import { assert, describe, it } from "@effect/vitest"
import { defineError, statuses } from "@signalbox/errors"
import { retry, retryPolicy, type RetrySettings, retryWhile } from "@signalbox/resilience"
import { Clock, Duration, Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"

class Busy extends defineError<Busy>()("Busy", {
  code: "BUSY",
  status: statuses.unavailable,
  retryable: true,
  fields: {},
  message: () => "busy"
}) {}

class Refused extends defineError<Refused>()("Refused", {
  code: "REFUSED",
  status: statuses.forbidden,
  fields: {},
  message: () => "refused"
}) {}

const settings: RetrySettings = { attempts: 3, base: "1 second", factor: 2, cap: "60 seconds", jitter: "equal" }

/** Runs an operation that fails as told and reports its end and the pauses between its runs, in seconds. */
const observe = <E>(policy: RetrySettings, failures: number, error: () => E) =>
  Effect.gen(function* () {
    const starts: Array<number> = []
    const operation = Effect.gen(function* () {
      starts.push(yield* Clock.currentTimeMillis)
      return starts.length <= failures ? yield* Effect.fail(error()) : "done"
    })
    const fiber = yield* Effect.forkChild(Effect.exit(retry(retryPolicy(policy))(operation)))
    yield* TestClock.adjust("2 hours")
    const exit = yield* Fiber.join(fiber)
    const pauses = starts.slice(1).map((start, index) => (start - (starts[index] ?? 0)) / 1000)
    return { exit, runs: starts.length, pauses }
  })

const between = (value: number | undefined, from: number, below: number) => {
  assert.isAtLeast(value ?? -1, from)
  assert.isBelow(value ?? Number.POSITIVE_INFINITY, below)
}

describe("retrying", () => {
  it.effect("runs again until it succeeds, after pauses of half to one whole of the growing step", () =>
    Effect.gen(function* () {
      const { exit, pauses, runs } = yield* observe(settings, 2, () => new Busy())
      assert.deepStrictEqual(exit, Exit.succeed("done"))
      assert.strictEqual(runs, 3)
      between(pauses[0], 0.5, 1)
      between(pauses[1], 1, 2)
    })
  )
  it.effect("gives up after the last attempt with the number of attempts and the last failure", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* observe(settings, 9, () => new Busy())).exit)
      assert.strictEqual(error._tag, "RetryExhausted")
      if (error._tag !== "RetryExhausted") return
      assert.strictEqual(error.code, "RETRY_EXHAUSTED")
      assert.strictEqual(error.attempts, 3)
      assert.strictEqual(error.lastError, "busy")
      assert.isTrue(error.cause instanceof Busy)
    })
  )
  it.effect("passes an error that is not retryable at once and unchanged", () =>
    Effect.gen(function* () {
      const { exit, runs } = yield* observe(settings, 9, () => new Refused())
      assert.strictEqual(runs, 1)
      assert.strictEqual((yield* Effect.flip(exit))._tag, "Refused")
    })
  )
  it.effect("never pauses longer than the cap", () =>
    Effect.gen(function* () {
      const { pauses } = yield* observe({ ...settings, attempts: 10, jitter: "none" }, 99, () => new Busy())
      assert.deepStrictEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60])
    })
  )
  it.effect("does not pause when there is only one attempt", () =>
    Effect.gen(function* () {
      const { exit, pauses } = yield* observe({ ...settings, attempts: 1 }, 1, () => new Busy())
      assert.deepStrictEqual(pauses, [])
      assert.strictEqual((yield* Effect.flip(exit))._tag, "RetryExhausted")
    })
  )
  it.effect("waits for as long as the other side asks", () =>
    Effect.gen(function* () {
      const { pauses } = yield* observe(
        { ...settings, jitter: "none" },
        2,
        () => new Busy({ retryAfter: Duration.seconds(7) })
      )
      assert.deepStrictEqual(pauses, [7, 7])
    })
  )
  it.effect("gives up when the other side asks for a longer wait than the cap, and says so", () =>
    Effect.gen(function* () {
      const { exit, runs } = yield* observe(settings, 2, () => new Busy({ retryAfter: Duration.minutes(2) }))
      const error = yield* Effect.flip(exit)
      assert.strictEqual(runs, 1)
      assert.deepStrictEqual(error.retryAfter, Duration.minutes(2))
    })
  )
  it.effect("retries what the policy names instead of what the error says", () =>
    Effect.gen(function* () {
      let runs = 0
      const policy = retryWhile((error) => error === "again")(
        retryPolicy({ ...settings, base: 0, cap: 0, jitter: "none" })
      )
      const operation = Effect.suspend(() => Effect.fail(++runs === 1 ? "again" : "stop"))
      assert.strictEqual(yield* Effect.flip(retry(policy)(operation)), "stop")
      assert.strictEqual(runs, 2)
    })
  )
  it.effect("retries neither defects nor interruption", () =>
    Effect.gen(function* () {
      let runs = 0
      const count = Effect.sync(() => runs++)
      const policy = retryPolicy({ ...settings, while: () => true })
      yield* Effect.exit(Effect.andThen(count, Effect.die("bug")).pipe(retry(policy)))
      yield* Effect.exit(Effect.andThen(count, Effect.interrupt).pipe(retry(policy)))
      assert.strictEqual(runs, 2)
    })
  )
  it.effect.prop(
    "keeps every pause within the bounds of its jitter",
    [Schema.Literals(["none", "equal", "full"]), Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 12 }))],
    ([jitter, attempts]) =>
      Effect.gen(function* () {
        const { pauses } = yield* observe({ ...settings, attempts, jitter: jitter }, 99, () => new Busy())
        assert.strictEqual(pauses.length, attempts - 1)
        for (const [index, pause] of pauses.entries()) {
          const step = Math.min(2 ** index, 60)
          assert.isAtMost(pause, step)
          assert.isAtLeast(pause, jitter === "none" ? step : jitter === "equal" ? step / 2 : 0)
        }
      }),
    { arbitrary: { runs: 50 } }
  )
  it("rejects settings that cannot be meant, all at once", () => {
    assert.throws(() => retryPolicy({ ...settings, attempts: 0 }), /attempts must be a whole number of 1 or more/)
    assert.throws(() => retryPolicy({ ...settings, factor: 0, cap: 1 }), /factor must be.*cap must not be/)
  })
})
