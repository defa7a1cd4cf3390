import { assert, describe, it } from "@effect/vitest"
import type { HealthSettings, PoolSettings } from "@signalbox/resilience"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { fork, setUp } from "./connections.ts"

const health: HealthSettings = { every: "60 seconds", timeout: "10 seconds", failureThreshold: 3, successThreshold: 2 }

/** A pool whose other side answers checks and connections as told. */
const checked = (some: Partial<PoolSettings> = {}, opening = 0) =>
  Effect.gen(function* () {
    const server = { isUp: true, checks: 0, answer: Effect.void as Effect.Effect<unknown> }
    const validate = () => {
      server.checks++
      return Effect.map(server.answer, () => server.isUp)
    }
    const refuses = Effect.suspend(() => (server.isUp ? Effect.void : Effect.fail("no route")))
    const made = yield* setUp({ health, ...some }, { validate, opening, before: refuses })
    const status = Effect.map(made.pool.stats("fx"), (stats) => stats.health.status)
    const states = Effect.map(made.pool.stats("fx"), (stats) => stats.connections.map(({ state }) => state))
    return { ...made, server, status, states }
  })

describe("the health of a pool", () => {
  it.effect("is unhealthy after three failed rounds and healthy again after two good ones", () =>
    Effect.gen(function* () {
      const { hold, pool, server, status } = yield* checked()
      assert.strictEqual(yield* status, "unknown")
      yield* hold(0)
      const seen: Array<string> = []
      for (const isUp of [true, false, false, false, true, true, true]) {
        server.isUp = isUp
        yield* TestClock.adjust("60 seconds")
        seen.push(yield* status)
      }
      assert.deepStrictEqual(seen, ["healthy", "degraded", "degraded", "unhealthy", "degraded", "healthy", "healthy"])
      assert.strictEqual((yield* pool.stats("fx")).health.reason, null)
    })
  )
  it.effect("withdraws a connection that fails its check, and says why it is not healthy", () =>
    Effect.gen(function* () {
      const { hold, log, pool, server } = yield* checked()
      yield* hold(0)
      server.isUp = false
      yield* TestClock.adjust("60 seconds")
      const stats = yield* pool.stats("fx")
      assert.deepStrictEqual([log.open, stats.invalidated], [0, 1])
      assert.include(stats.health.reason ?? "", "1 of 1 idle connections")
    })
  )
  it.effect("holds a connection back while it is checked: whoever comes gets another one", () =>
    Effect.gen(function* () {
      const { hold, pool, server, states } = yield* checked()
      const answered = yield* Deferred.make<void>()
      server.answer = Deferred.await(answered)
      yield* hold(0)
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(yield* states, ["maintenance"])
      assert.strictEqual(yield* pool.withConnection("fx", ({ id }) => Effect.succeed(id)), 2)
      yield* Deferred.succeed(answered, undefined)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* states, ["idle", "idle"])
    })
  )
  it.effect("lets borrowers share a connection with its check where they share it with one another", () =>
    Effect.gen(function* () {
      const { hold, log, server } = yield* checked({ max: 1, maxConcurrent: 16 })
      server.answer = Effect.never
      yield* hold(0)
      yield* TestClock.adjust("60 seconds")
      yield* hold(0)
      assert.deepStrictEqual([log.opened, server.checks], [1, 1])
    })
  )
  it.effect("takes a check that hangs for a failed one, and never checks what is in use", () =>
    Effect.gen(function* () {
      const { hold, server, status } = yield* checked({ max: 1 })
      server.answer = Effect.never
      const fiber = yield* fork(hold("90 seconds"))
      yield* TestClock.adjust("90 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(server.checks, 0)
      yield* TestClock.adjust("39 seconds")
      assert.strictEqual(yield* status, "unknown")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* status, "degraded")
    })
  )
  it.effect("does not make a connection younger that nobody uses", () =>
    Effect.gen(function* () {
      const { hold, log, server } = yield* checked()
      yield* hold(0)
      yield* TestClock.adjust("299 seconds")
      assert.deepStrictEqual([log.open, server.checks], [1, 4])
      yield* TestClock.adjust("1 second")
      assert.strictEqual(log.open, 0)
    })
  )
  it.effect("brings the least number of connections back when the other side does, without a borrower", () =>
    Effect.gen(function* () {
      const { log, server, status } = yield* checked({ min: 1 })
      yield* TestClock.adjust(0)
      server.isUp = false
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual([log.open, yield* status], [0, "unhealthy"])
      server.isUp = true
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual([log.open, yield* status], [1, "healthy"])
    })
  )
  it.effect("opens nothing for the sake of a check while all is well", () =>
    Effect.gen(function* () {
      const { log, status } = yield* checked()
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([log.opened, yield* status], [0, "unknown"])
    })
  )
  it.effect("leaves nothing behind when the key is forgotten in the middle of a check", () =>
    Effect.gen(function* () {
      const { hold, log, pool, server } = yield* checked()
      server.answer = Effect.never
      yield* hold(0)
      yield* TestClock.adjust("61 seconds")
      yield* pool.unregister("fx")
      yield* TestClock.adjust(0)
      assert.strictEqual(log.open, 0)
    })
  )
})
