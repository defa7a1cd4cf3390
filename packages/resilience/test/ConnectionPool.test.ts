import { assert, describe, it } from "@effect/vitest"
import { withCorrelationId } from "@signalbox/errors"
import {
  ConnectionCap,
  type HealthSettings,
  PoolConnectTimeout,
  PoolExhausted,
  PoolStats,
  type PoolSettings,
  SettingsInvalid
} from "@signalbox/resilience"
import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Metric, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type Connection, fork, settings, setUp } from "./connections.ts"

const unlessBad = {
  acquire: (key: string) =>
    Effect.andThen(
      Effect.sleep("300 millis"),
      key === "bad" ? Effect.fail("no route") : Effect.succeed({ id: 1, isAlive: true })
    )
}
const ifAlive = { validate: ({ isAlive }: Connection) => Effect.succeed(isAlive) }
const hangsOnFirst = { validate: ({ id }: Connection) => (id === 1 ? Effect.never : Effect.succeed(true)) }

describe("a connection pool", () => {
  it.effect("lends the same open connection again and again", () =>
    Effect.gen(function* () {
      const { log, pool } = yield* setUp()
      for (let call = 0; call < 50; call++) {
        assert.strictEqual(yield* pool.withConnection("fx", ({ id }) => Effect.succeed(id)), 1)
      }
      assert.strictEqual(log.opened, 1)
      assert.strictEqual((yield* pool.stats("fx")).borrowed, 50)
    })
  )
  it.effect("lets the third of three borrowers begin when one of two connections is returned", () =>
    Effect.gen(function* () {
      const { hold, pool } = yield* setUp()
      yield* fork(hold("200 millis"))
      yield* fork(hold("300 millis"))
      const third = yield* fork(pool.withConnection("fx", () => Clock.currentTimeMillis))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(third), 200)
    })
  )
  it.effect("says so when none becomes free in time", () =>
    Effect.gen(function* () {
      const { hold, pool } = yield* setUp({ acquireTimeout: "50 millis" })
      yield* fork(hold("200 millis"))
      yield* fork(hold("200 millis"))
      const third = yield* fork(Effect.flip(hold(0)))
      yield* TestClock.adjust("50 millis")
      const error = yield* Fiber.join(third)
      assert.isTrue(typeof error !== "string" && error._tag === "PoolExhausted")
      if (typeof error === "string" || error._tag !== "PoolExhausted") return
      assert.deepStrictEqual([error.key, Duration.toMillis(error.waited), error.max], ["fx", 50, 2])
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* pool.stats("fx")).waiting, 0)
    })
  )
  it.effect("does not know keys that were not registered", () =>
    Effect.gen(function* () {
      const { pool } = yield* setUp()
      const error = yield* Effect.flip(pool.withConnection("other", () => Effect.void))
      assert.isTrue(typeof error !== "string" && error.code === "POOL_NOT_REGISTERED")
      yield* pool.register("other")
      yield* pool.withConnection("other", () => Effect.void)
      assert.deepStrictEqual(yield* pool.keys, ["fx", "other"])
      yield* pool.unregister("other")
      assert.strictEqual((yield* Effect.flip(pool.stats("other"))).key, "other")
    })
  )
  it.effect("never has more connections than allowed, however many borrow at once and fail", () =>
    Effect.gen(function* () {
      const { log, pool } = yield* setUp({ max: 5 }, { opening: "20 millis", closing: "50 millis" })
      const fiber = yield* fork(
        Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          (index) =>
            Effect.exit(
              pool.withConnection("fx", () =>
                Effect.andThen(Effect.sleep("10 millis"), index % 7 === 0 ? Effect.fail("broken") : Effect.void)
              )
            ),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("1 minute")
      const exits = yield* Fiber.join(fiber)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 85)
      assert.strictEqual(log.most, 5)
    })
  )
  it.effect("serves waiting borrowers in the order in which they came", () =>
    Effect.gen(function* () {
      const { hold, pool } = yield* setUp({ max: 1 })
      const order: Array<number> = []
      yield* fork(hold("1 second"))
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => index),
        (index) =>
          fork(
            pool.withConnection("fx", () =>
              Effect.andThen(
                Effect.sleep("1 millis"),
                Effect.sync(() => order.push(index))
              )
            )
          )
      )
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        order,
        Array.from({ length: 20 }, (_, index) => index)
      )
    })
  )
  it.effect("serves a borrower from a returned connection while another one is still being opened", () =>
    Effect.gen(function* () {
      const slowLater = { count: 0 }
      const { pool } = yield* setUp(
        {},
        {
          acquire: () =>
            Effect.suspend(() => {
              const id = ++slowLater.count
              return Effect.as(Effect.sleep(id === 1 ? 0 : "5 seconds"), { id, isAlive: true })
            })
        }
      )
      yield* fork(pool.withConnection("fx", () => Effect.sleep("100 millis")))
      yield* TestClock.adjust(0)
      const second = yield* fork(
        pool.withConnection("fx", ({ id }) => Effect.map(Clock.currentTimeMillis, (now) => [id, now]))
      )
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(yield* Fiber.join(second), [1, 100])
    })
  )
  it.effect("opens its least number of connections at registration", () =>
    Effect.gen(function* () {
      const { hold, log, pool } = yield* setUp({ min: 2, max: 4 })
      yield* TestClock.adjust(0)
      assert.strictEqual(log.opened, 2)
      yield* hold(0)
      assert.strictEqual(log.opened, 2)
      assert.strictEqual((yield* pool.stats("fx")).idle, 2)
    })
  )
  it.effect("lets borrowers share a connection where that is allowed", () =>
    Effect.gen(function* () {
      const { hold, log } = yield* setUp({ max: 1, maxConcurrent: 3 })
      const fibers = yield* Effect.forEach([1, 2, 3], () => fork(hold("1 second")))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.strictEqual(log.opened, 1)
    })
  )
  it.effect("does not lend a connection again after a failure that its owner calls fatal", () =>
    Effect.gen(function* () {
      const { pool } = yield* setUp({}, { closing: "5 seconds" })
      const id = pool.withConnection("fx", (connection) => Effect.succeed(connection.id))
      yield* Effect.flip(pool.withConnection("fx", () => Effect.fail("tool error")))
      yield* Effect.exit(pool.withConnection("fx", () => Effect.die("bug")))
      yield* Effect.exit(pool.withConnection("fx", () => Effect.interrupt))
      assert.strictEqual(yield* id, 1)
      // The clock stands still: neither the failing borrower nor the next one waits for the slow close.
      assert.strictEqual(yield* Effect.flip(pool.withConnection("fx", () => Effect.fail("broken"))), "broken")
      assert.strictEqual(yield* id, 2)
      assert.strictEqual((yield* pool.stats("fx")).invalidated, 1)
    })
  )
  it.effect("withdraws connections on request, those in use when they are returned", () =>
    Effect.gen(function* () {
      const { hold, log, pool } = yield* setUp()
      const holder = yield* fork(hold("1 second"))
      yield* TestClock.adjust(0)
      yield* pool.invalidate("fx")
      assert.isAtLeast(log.open, 1)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(holder)
      assert.strictEqual(yield* pool.withConnection("fx", ({ id }) => Effect.succeed(id)), 2)
      assert.strictEqual(log.open, 1)
    })
  )
  it.effect("replaces a connection that died while idle without the borrower noticing, and checks no busy one", () =>
    Effect.gen(function* () {
      let checks = 0
      const validate = ({ isAlive }: Connection) => Effect.sync(() => (checks++, isAlive))
      const { pool } = yield* setUp({ validateAfterIdle: "5 seconds" }, { validate })
      const borrow = pool.withConnection("fx", Effect.succeed)
      const first = yield* borrow
      for (let call = 0; call < 10; call++) yield* borrow
      assert.strictEqual(checks, 0)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* borrow).id, 1)
      assert.strictEqual(checks, 1)
      first.isAlive = false
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* borrow).id, 2)
      assert.strictEqual((yield* pool.stats("fx")).invalidated, 1)
      const metric = (yield* Metric.snapshot).find(({ id }) => id === "pool_invalidated_total")
      assert.deepInclude(metric?.state, { count: 1 })
      assert.deepStrictEqual(metric?.attributes, { pool: "fx" })
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
  it.effect("passes the error of opening a connection on, and tries again for the next borrower", () =>
    Effect.gen(function* () {
      let attempts = 0
      const acquire = () =>
        Effect.suspend(() =>
          ++attempts === 1 ? Effect.fail("no route") : Effect.succeed({ id: attempts, isAlive: true })
        )
      const { pool } = yield* setUp({ max: 1 }, { acquire })
      const borrow = pool.withConnection("fx", ({ id }) => Effect.succeed(id))
      assert.strictEqual(yield* Effect.flip(borrow), "no route")
      assert.strictEqual(yield* borrow, 2)
    })
  )
  it.effect("opens connections in the name of its owner, not of the borrower who came first", () =>
    Effect.gen(function* () {
      const { log, pool } = yield* setUp().pipe(withCorrelationId("owner"))
      yield* Effect.andThen(
        pool.register("other"),
        pool.withConnection("other", () => Effect.void)
      ).pipe(withCorrelationId("borrower"))
      assert.deepStrictEqual(log.ids, ["owner"])
    })
  )
  it.effect("leaves the scope of the borrower alone", () =>
    Effect.gen(function* () {
      const { pool } = yield* setUp()
      const isReleased = yield* Effect.scoped(
        Effect.gen(function* () {
          let isReleased = false
          yield* pool.withConnection("fx", () => Effect.addFinalizer(() => Effect.sync(() => (isReleased = true))))
          return isReleased
        })
      )
      assert.isFalse(isReleased)
    })
  )
  it.effect("opens a connection to many at once, and one that cannot be reached holds up no other", () =>
    Effect.gen(function* () {
      const { acquire } = unlessBad
      const health: HealthSettings = { every: "1 hour", timeout: "1 second", failureThreshold: 3, successThreshold: 2 }
      const { pool } = yield* setUp({ health }, { acquire, validate: () => Effect.succeed(true) })
      const keys = ["a", "b", "bad", "c", "d"]
      const fiber = yield* fork(pool.openAll(keys))
      yield* TestClock.adjust("300 millis")
      const exits = yield* Fiber.join(fiber)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, true, false, true, true])
      const stats = yield* Effect.forEach(keys, pool.stats)
      assert.deepStrictEqual(
        stats.map(({ health }) => health.status),
        ["healthy", "healthy", "degraded", "healthy", "healthy"]
      )
    })
  )
  it.effect("tells waiting for a free connection from waiting for the first one to be opened", () =>
    Effect.gen(function* () {
      const { hold } = yield* setUp({ acquireTimeout: "1 second" }, { opening: "5 seconds" })
      const fiber = yield* fork(Effect.flip(hold(0)))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.isTrue(error instanceof PoolConnectTimeout)
      assert.include(String(error), '"fx" could be opened within 1s')
    })
  )
  it.effect("lends a connection of his own to who waited in vain, where that is allowed, and closes it after use", () =>
    Effect.gen(function* () {
      const { hold, log, pool } = yield* setUp({ max: 1, acquireTimeout: "50 millis", fallback: "direct" })
      yield* fork(hold("1 minute"))
      const direct = yield* fork(pool.withConnection("fx", ({ id }) => Effect.as(Effect.sleep("10 millis"), id)))
      yield* TestClock.adjust("55 millis")
      assert.strictEqual(log.open, 2)
      yield* TestClock.adjust("5 millis")
      assert.strictEqual(yield* Fiber.join(direct), 2)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([log.open, (yield* pool.stats("fx")).fallbacks], [1, 1])
    })
  )
  it.effect("has no such connections beyond a cap over all pools", () =>
    Effect.gen(function* () {
      const cap = yield* ConnectionCap.make(1)
      const { hold, log } = yield* setUp({ max: 1, acquireTimeout: "50 millis", fallback: "direct" }, { cap })
      yield* fork(hold("1 minute"))
      const second = yield* fork(Effect.flip(hold(0)))
      yield* TestClock.adjust("50 millis")
      assert.isTrue((yield* Fiber.join(second)) instanceof PoolExhausted)
      assert.strictEqual(log.most, 1)
    })
  )
  it.effect("checks a connection that is returned, where that is asked for", () =>
    Effect.gen(function* () {
      const { validate } = ifAlive
      const { pool } = yield* setUp({ validatesOnReturn: true }, { validate })
      yield* pool.withConnection("fx", (connection) => Effect.sync(() => (connection.isAlive = false)))
      assert.strictEqual(yield* pool.withConnection("fx", ({ id }) => Effect.succeed(id)), 2)
    })
  )
  it.effect("takes a check that hangs for a failed one", () =>
    Effect.gen(function* () {
      const { validate } = hangsOnFirst
      const { pool } = yield* setUp({ validateAfterIdle: "5 seconds", validateTimeout: "2 seconds" }, { validate })
      const borrow = pool.withConnection("fx", ({ id }) => Effect.map(Clock.currentTimeMillis, (now) => [id, now]))
      yield* borrow
      yield* TestClock.adjust("5 seconds")
      const second = yield* fork(borrow)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(second), [2, 7000])
    })
  )
  it.effect("lends a connection unchecked rather than opening one after another for a check that always fails", () =>
    Effect.gen(function* () {
      const { log, pool } = yield* setUp({ validateAfterIdle: 0 }, { validate: () => Effect.succeed(false) })
      assert.strictEqual(yield* pool.withConnection("fx", ({ id }) => Effect.succeed(id)), 3)
      assert.strictEqual(log.opened, 3)
    })
  )
  it.effect("shows each connection: what it does, how often it was used, how old it is", () =>
    Effect.gen(function* () {
      const { hold, pool } = yield* setUp({ max: 3 })
      const fibers = yield* Effect.forEach([1, 2, 3], () => fork(hold("1 second")))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      const gate = yield* Deferred.make<void>()
      yield* fork(pool.withConnection("fx", () => Deferred.await(gate)))
      yield* fork(
        pool.withConnection("fx", (connection) =>
          Effect.andThen(pool.invalidate("fx", connection), Deferred.await(gate))
        )
      )
      yield* TestClock.adjust("2 seconds")
      const stats = yield* Schema.encodeEffect(PoolStats)(yield* pool.stats("fx"))
      const rows = stats.connections.map(({ age, idleFor, state, users, uses }) => [state, users, uses, age, idleFor])
      assert.sameDeepMembers(rows, [
        ["idle", 0, 1, 3000, 2000],
        ["active", 1, 2, 3000, 0],
        ["failed", 1, 2, 3000, 0]
      ])
      assert.deepStrictEqual([stats.idle, stats.used, stats.borrowed, stats.opened], [1, 2, 5, 3])
    })
  )
  it.effect("applies changed settings at the next registration, without failing a call under way", () =>
    Effect.gen(function* () {
      let max = 1
      const { hold, log, pool } = yield* setUp({}, { settings: () => ({ ...settings, max }) })
      const held = yield* fork(hold("1 minute"))
      yield* TestClock.adjust(0)
      max = 3
      yield* pool.register("fx")
      const fibers = yield* Effect.forEach([1, 2], () => fork(hold("1 second")))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.strictEqual(log.most, 3)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(held)
      assert.strictEqual(log.open, 2)
    })
  )
  it.effect("keeps the pool that it has when the changed settings cannot be meant", () =>
    Effect.gen(function* () {
      let max = 1
      const { hold, pool } = yield* setUp({}, { settings: () => ({ ...settings, max }) })
      max = 0
      assert.isTrue(Exit.hasDies(yield* Effect.exit(pool.register("fx"))))
      yield* hold(0)
      assert.strictEqual((yield* pool.stats("fx")).max, 1)
    })
  )
  it.effect("names everything that cannot be meant at once", () =>
    Effect.gen(function* () {
      const health: HealthSettings = { every: 0, timeout: 0, failureThreshold: 0, successThreshold: 0 }
      const wrong: PoolSettings = {
        min: 3,
        max: 2,
        maxConcurrent: 0,
        acquireTimeout: 0,
        idleTimeToLive: 0,
        maxAge: 0,
        validateTimeout: 0,
        priority: Number.NaN,
        health
      }
      const exit = yield* Effect.exit(Effect.scoped(setUp(wrong)))
      const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.isTrue(defect instanceof SettingsInvalid)
      assert.strictEqual(defect instanceof SettingsInvalid ? defect.problems.length : 0, 12)
    })
  )
})
