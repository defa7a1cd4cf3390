import { assert, describe, it } from "@effect/vitest"
import { CorrelationId, defineError, exitCodeOf, statuses, toOutcome, withCorrelationId } from "@signalbox/errors"
import { Cause, Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"

class Slow extends defineError<Slow>()("Slow", {
  code: "SLOW",
  status: statuses.timeout,
  fields: { limit: Schema.String },
  message: ({ limit }) => `Too slow: ${limit}`
}) {}

const keys = ["status", "data", "error", "error_code", "timestamp", "duration_ms", "correlation_id"]

describe("an outcome", () => {
  it.effect("of a success has exactly the keys of the envelope, its duration and the correlation id", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        toOutcome(Effect.as(Effect.sleep("30 millis"), 42)).pipe(withCorrelationId("abc"))
      )
      yield* TestClock.adjust("30 millis")
      const outcome = yield* Fiber.join(fiber)
      assert.deepStrictEqual(Object.keys(outcome).toSorted(), keys.toSorted())
      assert.strictEqual(outcome.status, "success")
      assert.strictEqual(outcome.data, 42)
      assert.strictEqual(outcome.duration_ms, 30)
      assert.strictEqual(outcome.correlation_id, "abc")
      assert.match(outcome.timestamp, /^1970-01-01T00:00:00\.030Z$/)
    })
  )
  it.effect("of a time-out error says timeout, and keeps the code", () =>
    Effect.gen(function* () {
      const outcome = yield* toOutcome(new Slow({ limit: "1 s" }))
      assert.strictEqual(outcome.status, "timeout")
      assert.strictEqual(outcome.error_code, "SLOW")
      const other = yield* toOutcome(Effect.fail(new Cause.TimeoutError()))
      assert.strictEqual(other.status, "timeout")
      assert.strictEqual(other.error_code, "TIMEOUT")
    })
  )
  it.effect("of an interruption says cancelled", () =>
    Effect.gen(function* () {
      const outcome = yield* toOutcome(Effect.interrupt)
      assert.strictEqual(outcome.status, "cancelled")
      assert.strictEqual(outcome.error_code, "CANCELLED")
    })
  )
  it.effect("of a defect says INTERNAL and shows nothing of it", () =>
    Effect.gen(function* () {
      const outcome = yield* toOutcome(Effect.die(new TypeError("secret detail")))
      assert.strictEqual(outcome.status, "failed")
      assert.strictEqual(outcome.error_code, "INTERNAL")
      assert.notInclude(JSON.stringify(outcome), "secret detail")
    })
  )
  it("gives the exit status of the process", () => {
    assert.strictEqual(exitCodeOf(Exit.succeed(1)), 0)
    assert.strictEqual(exitCodeOf(Exit.fail(new Slow({ limit: "" }))), 4)
    assert.strictEqual(exitCodeOf(Exit.die(new Error("x"))), 1)
    assert.strictEqual(exitCodeOf(Exit.failCause(Cause.interrupt(1))), 130)
  })
})

describe("the correlation id", () => {
  it.effect("adopts a valid id, else keeps the one set, else makes one", () =>
    Effect.gen(function* () {
      const read = Effect.map(CorrelationId, (id) => id)
      assert.strictEqual(yield* read, undefined)
      assert.strictEqual(yield* read.pipe(withCorrelationId("given")), "given")
      assert.strictEqual(yield* read.pipe(withCorrelationId(), withCorrelationId("outer")), "outer")
      const made = yield* read.pipe(withCorrelationId("has a space"))
      assert.match(made ?? "", /^[0-9a-z]{20}$/)
      assert.notStrictEqual(made, yield* read.pipe(withCorrelationId("x".repeat(129))))
    })
  )
  it.effect("is inherited by forked fibers", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.map(CorrelationId, (id) => id))
      assert.strictEqual(yield* Fiber.join(fiber), "edge")
    }).pipe(withCorrelationId("edge"))
  )
})
