import { Journal } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, Result, Schema } from "effect"

const step = (id: string, safety: "safe" | "unsafe" = "unsafe") => ({ id, output: Schema.Finite, safety })

describe("a journal in memory", () => {
  it.effect("runs a step once and gives its value back from then on", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      let runs = 0
      const effect = Effect.sync(() => ++runs)
      assert.strictEqual(yield* journal.step(step("a"), effect), 1)
      assert.strictEqual(yield* journal.step(step("a"), effect), 1)
      assert.strictEqual(yield* journal.step(step("b"), effect), 2)
    }).pipe(Effect.provide(Journal.layerMemory))
  )

  it.effect("does not record failures", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      assert.isTrue(Result.isFailure(yield* Effect.result(journal.step(step("a"), Effect.fail("no")))))
      assert.strictEqual(yield* journal.step(step("a"), Effect.succeed(1)), 1)
    })
  )

  it.effect("knows no outcome of an unsafe step that was cut short, and runs a safe one again", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      for (const safety of ["safe", "unsafe"] as const) {
        const isRunning = yield* Deferred.make<void>()
        const hanging = Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never)
        const fiber = yield* Effect.forkChild(journal.step(step(safety, safety), hanging))
        yield* Deferred.await(isRunning)
        yield* Fiber.interrupt(fiber)
      }
      assert.strictEqual(yield* journal.step(step("safe", "safe"), Effect.succeed(1)), 1)
      const again = yield* Effect.result(journal.step(step("unsafe"), Effect.succeed(1)))
      assert.isTrue(Result.isFailure(again) && again.failure.code === "JOURNAL_OUTCOME_UNKNOWN")
      assert.deepStrictEqual(yield* journal.records, [
        { id: "safe", safety: "safe", state: "done" },
        { id: "unsafe", safety: "unsafe", state: "begun" }
      ])
    })
  )

  it.effect("tells what is recorded without beginning anything", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      assert.isTrue(Option.isNone(yield* journal.recorded(step("a"))))
      assert.deepStrictEqual(yield* journal.records, [])
      yield* journal.step(step("a"), Effect.succeed(1))
      assert.deepStrictEqual(yield* journal.recorded(step("a")), Option.some(1))
      const isRunning = yield* Deferred.make<void>()
      const hanging = Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never)
      const fiber = yield* Effect.forkChild(journal.step(step("b"), hanging))
      yield* Deferred.await(isRunning)
      yield* Fiber.interrupt(fiber)
      // However often it is asked about, what was cut short is not run again.
      for (const ask of [
        journal.recorded(step("b")),
        journal.recorded(step("b")),
        journal.step(step("b"), Effect.succeed(2))
      ])
        assert.strictEqual((yield* Effect.flip(ask)).code, "JOURNAL_OUTCOME_UNKNOWN")
    })
  )

  it.effect("starts empty for each owner", () =>
    Effect.gen(function* () {
      const first = yield* Journal.memory
      const second = yield* Journal.memory
      yield* first.step(step("a"), Effect.succeed(1))
      assert.deepStrictEqual(yield* second.records, [])
    })
  )
})

describe("no journal", () => {
  it.effect("runs every step", () =>
    Effect.gen(function* () {
      let runs = 0
      const effect = Effect.sync(() => ++runs)
      yield* Journal.none.step(step("a"), effect)
      assert.strictEqual(yield* Journal.none.step(step("a"), effect), 2)
    })
  )
})
