import { assert, describe, it } from "@effect/vitest"
import { attachMetrics, CircuitBreaker, hitRatioOf, utilizationOf } from "@signalbox/resilience"
import { Deferred, Effect, Exit, Fiber, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { fork, setUp } from "./connections.ts"

/** Every series of the registry, as `name{label=value}`. */
const numbers = Effect.map(Metric.snapshot, (all) =>
  Object.fromEntries(
    all.map(({ attributes, id, state }) => {
      const labels = Object.entries(attributes ?? {}).map(([key, value]) => `${key}=${value}`)
      return [`${id}{${labels.join(",")}}`, "value" in state ? state.value : (state as { count: unknown }).count]
    })
  )
)

const apart = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, Metric.MetricRegistry, new Map()))

describe("attached metrics", () => {
  it.effect("show a pool as it is at each look", () =>
    Effect.gen(function* () {
      const { hold, pool } = yield* setUp()
      yield* attachMetrics({ pools: [pool], breakers: [], every: "15 seconds" })
      const before = yield* numbers
      assert.strictEqual(before["mcp_pool_max_connections{server=fx}"], 2)
      assert.isUndefined(before["mcp_pool_hit_ratio{server=fx}"])
      for (let call = 0; call < 10; call++) yield* pool.withConnection("fx", () => Effect.void)
      const holders = yield* fork(
        Effect.all([hold("20 seconds"), hold("20 seconds"), hold("20 seconds")], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(yield* numbers, before)
      yield* TestClock.adjust("15 seconds")
      const now = yield* numbers
      assert.strictEqual(now["mcp_pool_connections{server=fx,state=active}"], 2)
      assert.strictEqual(now["mcp_pool_connections{server=fx,state=idle}"], 0)
      assert.strictEqual(now["mcp_pool_waiting{server=fx}"], 1)
      assert.strictEqual(now["mcp_pool_utilization_ratio{server=fx}"], 1)
      assert.strictEqual(now["mcp_pool_opened_total{server=fx}"], 2)
      assert.strictEqual(now["mcp_pool_health{server=fx,health=unknown}"], 1)
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(holders)
      assert.strictEqual((yield* numbers)["mcp_pool_borrowed_total{server=fx}"], 13)
    }).pipe(apart)
  )

  it.effect("count on when a key is registered anew, and at once when they are asked to", () =>
    Effect.gen(function* () {
      const { pool } = yield* setUp()
      const { copy } = yield* attachMetrics({ pools: [pool], breakers: [], every: "1 hour" })
      const borrow = Effect.repeat(
        pool.withConnection("fx", () => Effect.void),
        { times: 2 }
      )
      yield* borrow
      yield* copy
      yield* pool.register("fx")
      yield* pool.withConnection("fx", () => Effect.void)
      yield* copy
      yield* copy
      assert.strictEqual((yield* numbers)["mcp_pool_borrowed_total{server=fx}"], 4)
    }).pipe(apart)
  )

  it.effect("show what circuits made of calls, until the scope closes", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 2, openFor: "1 minute", successThreshold: 1, maxProbes: 1 }),
        counts: (error) => error === "down"
      })
      const scope = yield* Scope.make()
      yield* Scope.provide(attachMetrics({ pools: [], breakers: [breaker], every: "15 seconds" }), scope)
      const call = (effect: Effect.Effect<unknown, string>) => Effect.exit(breaker.protect("fx", effect))
      for (const effect of [Effect.void, Effect.fail("odd"), Effect.fail("down"), Effect.fail("down"), Effect.void])
        yield* call(effect)
      yield* TestClock.adjust("15 seconds")
      const now = yield* numbers
      assert.strictEqual(now["mcp_circuit_phase{circuit=fx}"], 2)
      assert.strictEqual(now["mcp_circuit_trips_total{circuit=fx}"], 1)
      for (const [outcome, count] of Object.entries({ succeeded: 1, failed: 2, ignored: 1, rejected: 1 }))
        assert.strictEqual(now[`mcp_circuit_calls_total{circuit=fx,outcome=${outcome}}`], count)
      yield* Scope.close(scope, Exit.void)
      yield* call(Effect.void)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* numbers, now)
    }).pipe(apart)
  )

  it.effect("go on when a store of circuits that broke is back", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 1, openFor: "1 hour", successThreshold: 1, maxProbes: 1 }),
        counts: () => true
      })
      let isBroken = false
      const statsAll = Effect.suspend(() => (isBroken ? Effect.die("the store is gone") : breaker.statsAll))
      yield* attachMetrics({ pools: [], breakers: [{ statsAll }], every: "15 seconds" })
      isBroken = true
      yield* TestClock.adjust("15 seconds")
      isBroken = false
      yield* Effect.exit(breaker.protect("fx", Effect.fail("down")))
      yield* TestClock.adjust("15 seconds")
      assert.strictEqual((yield* numbers)["mcp_circuit_calls_total{circuit=fx,outcome=failed}"], 1)
    }).pipe(apart)
  )

  it.effect("belong to whoever made the breaker, whoever calls", () =>
    Effect.gen(function* () {
      const own: Metric.MetricRegistry = new Map()
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 1, openFor: "1 minute", successThreshold: 1, maxProbes: 1 }),
        counts: () => true
      }).pipe(Effect.provideService(Metric.MetricRegistry, own))
      const done = yield* Deferred.make<void>()
      yield* Effect.forkChild(
        Effect.ensuring(breaker.protect("fx", Effect.fail("down")), Deferred.succeed(done, undefined))
      )
      yield* Deferred.await(done)
      assert.deepStrictEqual(yield* numbers, {})
      assert.strictEqual(
        (yield* Effect.provideService(numbers, Metric.MetricRegistry, own))["mcp_circuit_phase{circuit=fx}"],
        2
      )
    }).pipe(apart)
  )
})

describe("shares", () => {
  it("are those of loans that found a connection, and of connections in use or on their way", () => {
    assert.strictEqual(hitRatioOf({ borrowed: 10, opened: 1 }), 0.9)
    assert.strictEqual(hitRatioOf({ borrowed: 1, opened: 4 }), 0)
    assert.isUndefined(hitRatioOf({ borrowed: 0, opened: 4 }))
    assert.strictEqual(utilizationOf({ used: 1, opening: 2, max: 4 }), 0.75)
  })
})
