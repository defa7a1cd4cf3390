import { assert, describe, it } from "@effect/vitest"
import { type RetryPolicy, retry, retryPresets, retryWhile } from "@signalbox/resilience"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

const pausesOf = (policy: RetryPolicy) =>
  Effect.gen(function* () {
    const starts: Array<number> = []
    const operation = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      starts.push(now)
      return Effect.fail("busy")
    })
    const fiber = yield* Effect.forkChild(Effect.exit(retry(retryWhile(() => true)(policy))(operation)))
    yield* TestClock.adjust("1 hour")
    yield* Fiber.join(fiber)
    return starts.slice(1).map((start, index) => start - (starts[index] ?? 0))
  })

describe("the retry presets", () => {
  it.effect("pause as long as their names promise", () =>
    Effect.gen(function* () {
      const expected: Record<keyof typeof retryPresets, ReadonlyArray<readonly [from: number, to: number]>> = {
        operation: [
          [500, 1000],
          [1000, 2000]
        ],
        call: [
          [500, 1000],
          [1000, 2000]
        ],
        connect: [
          [500, 1000],
          [1000, 2000],
          [2000, 4000],
          [4000, 8000]
        ],
        write: [
          [50, 70],
          [100, 120],
          [200, 220],
          [400, 420]
        ]
      }
      for (const [name, policy] of Object.entries(retryPresets)) {
        const pauses = yield* pausesOf(policy)
        const bounds = expected[name as keyof typeof retryPresets]
        assert.strictEqual(pauses.length, bounds.length, name)
        for (const [index, [from, to]] of bounds.entries()) {
          assert.isAtLeast(pauses[index] ?? -1, from, name)
          assert.isAtMost(pauses[index] ?? Number.POSITIVE_INFINITY, to, name)
        }
      }
    })
  )
})
