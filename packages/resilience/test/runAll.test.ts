import { assert, describe, it } from "@effect/vitest"
import { runAll } from "@signalbox/resilience"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"

const counted = () => {
  const seen = { now: 0, most: 0 }
  const operation = Effect.acquireUseRelease(
    Effect.sync(() => {
      seen.most = Math.max(seen.most, ++seen.now)
    }),
    () => Effect.sleep("10 millis"),
    () => Effect.sync(() => seen.now--)
  )
  return { operation, seen }
}

describe("running many operations", () => {
  it.effect("never has more under way than allowed", () =>
    Effect.gen(function* () {
      for (const [concurrency, most] of [
        [5, 5],
        [0, 20],
        [-1, 20],
        [50, 20]
      ] as const) {
        const { operation, seen } = counted()
        const fiber = yield* Effect.forkChild(
          runAll(
            Array.from({ length: 20 }, () => operation),
            { concurrency }
          )
        )
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber)).length, 20)
        assert.strictEqual(seen.most, most)
      }
    })
  )
  it.effect("answers in the order of the operations, whatever else fails", () =>
    Effect.gen(function* () {
      const operations = Array.from({ length: 20 }, (_, index) =>
        index === 3 ? Effect.fail("third") : index === 4 ? Effect.interrupt : Effect.succeed(index)
      )
      const exits = yield* runAll(operations, { concurrency: 5 })
      assert.strictEqual(yield* Effect.flip(exits[3] ?? Effect.succeed(0)), "third")
      assert.isTrue(exits[4] !== undefined && Exit.hasInterrupts(exits[4]))
      assert.deepStrictEqual(
        exits.filter(Exit.isSuccess).map((exit) => exit.value),
        [0, 1, 2, ...Array.from({ length: 15 }, (_, index) => index + 5)]
      )
    })
  )
  it.effect("has nothing to say about nothing", () =>
    Effect.gen(function* () {
      const nothing: ReadonlyArray<Effect.Effect<void>> = []
      assert.deepStrictEqual(yield* runAll(nothing, { concurrency: 5 }), [])
    })
  )
  it.effect("names each operation in its trace", () =>
    Effect.gen(function* () {
      const name: Effect.Effect<string> = Effect.map(Effect.orDie(Effect.currentSpan), (span) => span.name)
      const exits = yield* runAll([name, name], { concurrency: 1, names: ["first"] })
      assert.deepStrictEqual(exits, [Exit.succeed("first"), Exit.succeed("operation_1")])
    })
  )
  it.effect("stops everything when it is interrupted", () =>
    Effect.gen(function* () {
      const { operation, seen } = counted()
      const fiber = yield* Effect.forkChild(runAll([operation, operation], { concurrency: 0 }), {
        startImmediately: true
      })
      yield* Effect.yieldNow
      assert.strictEqual(seen.now, 2)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(seen.now, 0)
    })
  )
})
