import { assert, describe, it } from "@effect/vitest"
import { DeadlineExceeded, withDeadline, withTimeLimit } from "@signalbox/resilience"
import { DateTime, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { fork } from "./connections.ts"

const options = { subject: 'Starting "files"', setting: "servers.files.connectTimeout" }

describe("a time limit", () => {
  it.effect("names what took too long and the setting that changes it, and interrupts it", () =>
    Effect.gen(function* () {
      let isInterrupted = false
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sync(() => (isInterrupted = true)))
      const fiber = yield* fork(Effect.flip(withTimeLimit("30 seconds", options)(slow)))
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(fiber)
      assert.isTrue(isInterrupted)
      assert.strictEqual(error.message, 'Starting "files" took longer than 30s.')
      assert.strictEqual(error.hint, "If it may take longer, raise servers.files.connectTimeout.")
    })
  )
  it.effect("changes nothing about what ends in time", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* withTimeLimit("1 second", options)(Effect.succeed("answer")), "answer")
      assert.strictEqual(yield* Effect.flip(withTimeLimit("1 second", options)(Effect.fail("no"))), "no")
    })
  )
})

describe("a deadline", () => {
  it.effect("is one moment for all steps that share it", () =>
    Effect.gen(function* () {
      const byTen = withDeadline(DateTime.makeUnsafe(10_000), options)
      const fiber = yield* fork(Effect.flip(Effect.andThen(byTen(Effect.sleep("4 seconds")), byTen(Effect.never))))
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(fiber.pollUnsafe(), undefined)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).limit, Duration.seconds(6))
    })
  )
  it.effect("that has passed starts nothing", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("10 seconds")
      let isStarted = false
      const start = Effect.sync(() => (isStarted = true))
      const error = yield* Effect.flip(withDeadline(DateTime.makeUnsafe(10_000), options)(start))
      assert.isTrue(error instanceof DeadlineExceeded)
      assert.isFalse(isStarted)
    })
  )
})
