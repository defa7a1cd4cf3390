import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { fork, setUp } from "./connections.ts"

describe("opening connections in advance", () => {
  it.effect("tells nobody of a failure that was over before he came: he gets a connection of a new attempt", () =>
    Effect.gen(function* () {
      for (const [min, max] of [
        [1, 1],
        [2, 2],
        [2, 4]
      ] as const) {
        let isDown = true
        const before = Effect.suspend(() => (isDown ? Effect.fail("down") : Effect.void))
        const { hold, log } = yield* setUp({ min, max }, { before })
        yield* TestClock.adjust("1 second")
        assert.strictEqual(log.opened, 0)
        isDown = false
        const fibers = yield* Effect.forEach([1, 2, 3], () => fork(hold(10)))
        yield* TestClock.adjust("1 second")
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.isAtLeast(log.opened, 1)
      }
    })
  )
})
