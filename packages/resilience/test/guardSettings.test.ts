import { assert, describe, it } from "@effect/vitest"
import {
  type GuardOverrides,
  guardPresets,
  type GuardSettings,
  guardSettings,
  SettingsInvalid
} from "@signalbox/resilience"
import { Cause, Duration, Effect, Exit, Fiber, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { endOf, makeWorld, settings } from "./world.ts"

/** The paths of all settings: `pool.health.every`. */
const pathsOf = (value: object, prefix = ""): ReadonlyArray<string> =>
  Object.entries(value).flatMap(([key, field]) =>
    typeof field === "object" && field !== null ? pathsOf(field, `${prefix}${key}.`) : [prefix + key]
  )

const atOnce = (count: number) => Array.from({ length: count }, (_, index) => index)

type World = Effect.Success<ReturnType<typeof makeWorld>>

/** Runs beside the test, and ends before the guard that it uses. */
const begin = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkScoped(effect, { startImmediately: true })

/** What one change of a setting changes: the observation before and after it. */
interface Row {
  readonly change: GuardOverrides
  /** Settings that make the difference visible. */
  readonly given?: GuardOverrides
  readonly observe: (world: World) => Effect.Effect<unknown, unknown, Scope.Scope>
  readonly before: unknown
  readonly after: unknown
}

const row = (
  change: GuardOverrides,
  before: unknown,
  after: unknown,
  observe: Row["observe"],
  given: GuardOverrides = {}
): Row => ({ change, before, after, observe, given })

const failing = ({ call, fails }: World) => endOf(call(fails, { isRepeatable: true }))
const hanging = ({ call }: World, how = {}) => endOf(call(Effect.never, how))
const startsOf = (count: number) => (world: World) =>
  Effect.gen(function* () {
    const calls = Effect.forEach(atOnce(count), () => world.call(Effect.void), { concurrency: "unbounded" })
    yield* endOf(calls)
    return world.server.starts.map((start) => start - (world.server.starts[0] ?? 0))
  })
/** What the server and the guard look like with so many calls that hang. */
const withHanging =
  <A>(count: number, look: (world: World) => Effect.Effect<A, never, Scope.Scope>) =>
  (world: World) =>
    Effect.gen(function* () {
      yield* Effect.forEach(atOnce(count), () => begin(Effect.exit(world.call(Effect.never))))
      yield* TestClock.adjust(0)
      return yield* look(world)
    })
const oneMore = ({ call }: World) => endOf(call(Effect.void))
const after =
  <A>(wait: Duration.Input, look: (world: World) => Effect.Effect<A, never, Scope.Scope>) =>
  (world: World) =>
    Effect.andThen(TestClock.adjust(wait), look(world))
const opened = ({ server }: World) => Effect.sync(() => server.opened)
const mostOpen = ({ server }: World) => Effect.sync(() => server.most)
const checks = ({ server }: World) => Effect.sync(() => server.checks)
const health = ({ guard }: World) => Effect.map(Effect.orDie(guard.pool.stats("fx")), (stats) => stats.health.status)
const running = ({ guard }: World) => Effect.map(guard.bulkhead.stats("fx"), (stats) => stats.running)
const rejected = ({ guard }: World) => Effect.map(guard.bulkhead.stats("fx"), (stats) => stats.rejected)

const rows: Readonly<Record<string, Row>> = {
  deadline: row({ deadline: "20 seconds" }, ["RetryExhausted", 33_000], ["DeadlineExceeded", 20_000], (world) =>
    hanging(world, { isRepeatable: true })
  ),
  callTimeout: row({ callTimeout: "4 seconds" }, ["DeadlineExceeded", 10_000], ["DeadlineExceeded", 4000], hanging),
  connectTimeout: row(
    { connectTimeout: "2 seconds" },
    ["RetryExhausted", 5000],
    ["RetryExhausted", 2000],
    (world) => {
      world.server.connectMillis = 60_000
      return oneMore(world)
    },
    { retry: { attempts: 1 }, pool: { min: 0, acquireTimeout: "1 minute" } }
  ),
  "retry.attempts": row({ retry: { attempts: 2 } }, ["RetryExhausted", 3000], ["RetryExhausted", 1000], failing),
  "retry.base": row({ retry: { base: "2 seconds" } }, ["RetryExhausted", 3000], ["RetryExhausted", 6000], failing),
  "retry.factor": row({ retry: { factor: 1 } }, ["RetryExhausted", 3000], ["RetryExhausted", 2000], failing),
  "retry.cap": row({ retry: { cap: "1 second" } }, ["RetryExhausted", 3000], ["RetryExhausted", 2000], failing),
  "retry.jitter": row({ retry: { jitter: "full" } }, true, false, (world) =>
    Effect.map(failing(world), ([, millis]) => millis === 3000)
  ),
  "breaker.failureThreshold": row({ breaker: { failureThreshold: 2 } }, 5, 2, ({ call, fails, server }) =>
    Effect.gen(function* () {
      yield* Effect.forEach(atOnce(10), () => Effect.exit(call(fails)))
      return server.starts.length
    })
  ),
  "breaker.openFor": row({ breaker: { openFor: "90 seconds" } }, "ok", "CircuitOpen", (world) =>
    Effect.andThen(
      world.untilProbes,
      Effect.map(oneMore(world), ([name]) => name)
    )
  ),
  "breaker.successThreshold": row({ breaker: { successThreshold: 1 } }, "half-open", "closed", (world) =>
    Effect.gen(function* () {
      yield* world.untilProbes
      yield* world.call(Effect.void)
      return (yield* world.guard.breaker.stats("fx")).phase
    })
  ),
  "breaker.maxProbes": row(
    { breaker: { maxProbes: 2 } },
    3,
    2,
    (world) =>
      Effect.andThen(world.untilProbes, withHanging(4, () => Effect.sync(() => world.server.starts.length))(world)),
    { pool: { max: 4 } }
  ),
  "breaker.probeTimeout": row(
    { breaker: { probeTimeout: "20 seconds" } },
    3,
    4,
    (world) =>
      Effect.gen(function* () {
        yield* world.untilProbes
        yield* withHanging(3, () => TestClock.adjust("30 seconds"))(world)
        yield* begin(Effect.exit(world.call(Effect.void)))
        yield* TestClock.adjust(0)
        return world.server.starts.length
      }),
    { callTimeout: "2 minutes", pool: { max: 4 } }
  ),
  "bulkhead.maxConcurrent": row({ bulkhead: { maxConcurrent: 1 } }, 4, 1, withHanging(5, running)),
  "bulkhead.maxQueued": row({ bulkhead: { maxQueued: 0 } }, 3, 5, withHanging(9, rejected)),
  "bulkhead.queueTimeout": row(
    { bulkhead: { queueTimeout: "1 second" } },
    ["BulkheadTimeout", 8000],
    ["BulkheadTimeout", 1000],
    withHanging(4, oneMore),
    { pool: { max: 4 } }
  ),
  "bulkhead.rate.limit": row({ bulkhead: { rate: { limit: 1, per: "1 second" } } }, [0, 0], [0, 1000], startsOf(2)),
  "bulkhead.rate.per": row({ bulkhead: { rate: { limit: 1, per: "2 seconds" } } }, [0, 1000], [0, 2000], startsOf(2), {
    bulkhead: { rate: { limit: 1, per: "1 second" } }
  }),
  "pool.min": row({ pool: { min: 2 } }, 1, 2, opened),
  "pool.max": row({ pool: { max: 3 } }, 2, 3, withHanging(4, mostOpen)),
  "pool.maxConcurrent": row({ pool: { maxConcurrent: 4 } }, 2, 1, withHanging(4, mostOpen)),
  "pool.acquireTimeout": row(
    { pool: { acquireTimeout: "1 second" } },
    ["PoolExhausted", 3000],
    ["PoolExhausted", 1000],
    withHanging(2, oneMore)
  ),
  "pool.idleTimeToLive": row({ pool: { idleTimeToLive: "10 minutes" } }, 1, 2, ({ call, server }) =>
    Effect.gen(function* () {
      yield* endOf(Effect.all([call(Effect.sleep(1)), call(Effect.sleep(1))], { concurrency: 2 }), 1)
      yield* TestClock.adjust("6 minutes")
      return server.open
    })
  ),
  "pool.maxAge": row({ pool: { maxAge: "10 hours" } }, 2, 1, after("90 minutes", opened)),
  "pool.validateAfterIdle": row(
    { pool: { validateAfterIdle: "50 seconds" } },
    1,
    0,
    after("20 seconds", (world) => Effect.andThen(endOf(Effect.orDie(world.call(Effect.void)), 0), checks(world)))
  ),
  "pool.validateTimeout": row(
    { pool: { validateTimeout: "200 millis" } },
    ["ok", 1000],
    ["ok", 200],
    (world) => {
      world.server.check = Effect.never
      return after("20 seconds", oneMore)(world)
    },
    { pool: { max: 1 } }
  ),
  "pool.validatesOnReturn": row({ pool: { validatesOnReturn: true } }, 0, 1, (world) =>
    Effect.andThen(world.call(Effect.void), checks(world))
  ),
  "pool.health.every": row({ pool: { health: { every: "30 seconds" } } }, 1, 2, after("70 seconds", checks)),
  "pool.health.timeout": row({ pool: { health: { timeout: "2 seconds" } } }, "unknown", "degraded", (world) => {
    world.server.check = Effect.never
    return after("65 seconds", health)(world)
  }),
  "pool.health.failureThreshold": row(
    { pool: { health: { failureThreshold: 2 } } },
    "degraded",
    "unhealthy",
    (world) => {
      world.server.isValid = false
      return after("130 seconds", health)(world)
    }
  ),
  "pool.health.successThreshold": row({ pool: { health: { successThreshold: 1 } } }, "degraded", "healthy", (world) =>
    Effect.gen(function* () {
      world.server.isValid = false
      yield* TestClock.adjust("70 seconds")
      world.server.isValid = true
      yield* TestClock.adjust("60 seconds")
      return yield* health(world)
    })
  ),
  "pool.priority": row(
    { pool: { priority: 1 } },
    ["other", "fx"],
    ["fx", "other"],
    ({ call, guard }) =>
      Effect.gen(function* () {
        yield* guard.register("other")
        const ends: Array<string> = []
        const run = (key: string) =>
          begin(Effect.tap(call(Effect.sleep(1000), {}, key), () => Effect.sync(() => ends.push(key))))
        const first = yield* run("other")
        const fibers = [first, yield* run("other"), yield* run("fx")]
        yield* TestClock.adjust("10 seconds")
        yield* Effect.forEach(fibers, Fiber.join)
        return ends.slice(1)
      }),
    { pool: { min: 0 } }
  ),
  "pool.fallback": row({ pool: { fallback: "direct" } }, ["PoolExhausted", 3000], ["ok", 3000], withHanging(2, oneMore))
}

describe("the settings of a guard", () => {
  it("are all in the table below", () => {
    assert.sameMembers(Object.keys(rows), [...pathsOf(settings)])
  })
  for (const [path, { after, before, change, given = {}, observe }] of Object.entries(rows)) {
    it.effect(`change what happens: ${path}`, () =>
      Effect.gen(function* () {
        const base = guardSettings(settings, given)
        const changed = guardSettings(base, change)
        const paths = pathsOf(changed)
        assert.sameMembers([...paths], [...pathsOf(settings)])
        const cap = path === "pool.priority" ? 1 : undefined
        const observed = (some: GuardSettings) =>
          Effect.scoped(
            Effect.flatMap(
              makeWorld((key) => (key === "fx" ? some : base), cap),
              observe
            )
          )
        assert.deepStrictEqual(yield* observed(base), before)
        assert.deepStrictEqual(yield* observed(changed), after)
      })
    )
  }
  it.effect("turn parts off", () =>
    Effect.gen(function* () {
      const { call, fails, guard, server } = yield* makeWorld({ ...settings, breaker: "off", bulkhead: "off" })
      yield* Effect.forEach(atOnce(20), () => Effect.exit(call(fails)))
      assert.strictEqual(server.starts.length, 20)
      assert.strictEqual((yield* guard.breaker.stats("fx")).failed, 0)
      const exits = yield* Effect.forEach(atOnce(50), () => Effect.exit(call(Effect.void)), { concurrency: 50 })
      assert.isTrue(exits.every(Exit.isSuccess))
    })
  )
  it.effect("of one key do not touch another, and the narrowest override wins", () =>
    Effect.gen(function* () {
      const forAll: GuardOverrides = { callTimeout: "1 minute", pool: { max: 1, min: 0 } }
      const forOne: Readonly<Record<string, GuardOverrides>> = { b: { pool: { max: 3 } } }
      const { call, guard, server } = yield* makeWorld((key) => guardSettings(settings, forAll, forOne[key] ?? {}))
      const most: Array<number> = []
      for (const key of ["a", "b"]) {
        yield* guard.register(key)
        const before = server.opened
        yield* Effect.forEach(atOnce(3), () => begin(Effect.exit(call(Effect.never, {}, key))))
        yield* TestClock.adjust(0)
        most.push(server.opened - before)
      }
      assert.deepStrictEqual(most, [1, 3])
    })
  )
  it("replace a duration that is an object, whatever it was before", () => {
    const changed = guardSettings(settings, { callTimeout: { seconds: 5 } }, { callTimeout: { minutes: 1 } })
    assert.strictEqual(Duration.toMillis(changed.callTimeout), 60_000)
  })
  it.effect("that cannot be meant are named all at once, with their parts", () =>
    Effect.gen(function* () {
      const wrong = guardSettings(settings, {
        deadline: 0,
        callTimeout: 0,
        connectTimeout: 0,
        retry: { attempts: 0 },
        breaker: { maxProbes: 0 },
        bulkhead: { maxConcurrent: 0 },
        pool: { max: 0, health: { failureThreshold: 0 } }
      })
      const exit = yield* Effect.exit(makeWorld(wrong))
      const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.isTrue(defect instanceof SettingsInvalid)
      const problems = defect instanceof SettingsInvalid ? defect.problems : []
      assert.strictEqual(problems.length, 9)
      assert.include(problems.join("; "), "pool.health.failureThreshold must be")
    })
  )
})

describe("the presets of a guard", () => {
  for (const [name, preset] of Object.entries(guardPresets)) {
    it.effect(`guard a call: ${name}`, () =>
      Effect.gen(function* () {
        const { call, server } = yield* makeWorld(preset)
        const { max, maxConcurrent, min } = preset.pool
        assert.strictEqual(server.opened, min)
        const calls = Effect.forEach(atOnce(max * maxConcurrent + 20), () => call(Effect.sleep("1 second")), {
          concurrency: "unbounded"
        })
        assert.strictEqual((yield* endOf(calls, "1 minute"))[0], "ok")
        assert.isAtMost(server.most, max)
      })
    )
  }
  it("have the numbers that their names promise", () => {
    const numbers = Object.entries(guardPresets).map(([name, { breaker, pool }]) => [
      name,
      pool.min,
      pool.max,
      pool.maxConcurrent,
      Duration.toSeconds(pool.acquireTimeout),
      Duration.toSeconds(pool.idleTimeToLive),
      Duration.toSeconds(pool.health?.every ?? 0),
      breaker === "off" ? 0 : breaker.failureThreshold,
      breaker === "off" ? 0 : Duration.toSeconds(breaker.openFor)
    ])
    assert.deepStrictEqual(numbers, [
      ["standard", 2, 10, 1, 10, 300, 60, 5, 60],
      ["quick", 2, 10, 1, 10, 300, 30, 5, 30],
      ["stdio", 0, 1, 16, 10, 300, 60, 5, 60],
      ["highThroughput", 5, 20, 1, 10, 180, 60, 5, 60],
      ["lowLatency", 10, 15, 1, 5, 300, 60, 5, 60],
      ["small", 1, 3, 1, 10, 600, 60, 5, 60],
      ["critical", 2, 10, 1, 10, 300, 30, 3, 30]
    ])
  })
})
