import { assert, describe, it } from "@effect/vitest"
import { guardPresets, guardSettings, RetryExhausted } from "@signalbox/resilience"
import { DateTime, Deferred, Effect, Exit, Fiber, Metric, Schema } from "effect"
import { TestClock } from "effect/testing"
import { fork } from "./connections.ts"
import { Down, endOf, makeWorld, nameOf, settings } from "./world.ts"

const once = guardSettings(settings, { retry: { attempts: 1 } })
const times = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.repeat(Effect.exit(effect), { times: count - 1 })

type World = Effect.Success<ReturnType<typeof makeWorld>>

/** How five calls end, one after the other. */
const five = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.forEach([1, 2, 3, 4, 5], () =>
    Effect.match(call, { onSuccess: () => "ok", onFailure: nameOf }).pipe(
      Effect.catchCause(() => Effect.succeed("interrupted"))
    )
  )
const allOf = (name: string) => Array.from({ length: 5 }, () => name)

const closed = (name: string) => ({ ends: allOf(name), failed: 0, phase: "closed" as const })

const hold = ({ call }: World, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => fork(Effect.exit(call(Effect.sleep("50 seconds")))))

/** How five calls ended, and the phase of the circuit after them. */
const phaseAfter = Effect.fnUntraced(function* (
  how: (world: World) => Effect.Effect<ReadonlyArray<string>>,
  some = guardSettings(once, { callTimeout: "1 minute" })
) {
  const world = yield* makeWorld(some)
  const fiber = yield* fork(how(world))
  yield* TestClock.adjust("30 minutes")
  const ends = yield* Fiber.join(fiber)
  const { failed, phase } = yield* world.guard.breaker.stats("fx")
  return { ends, failed, phase }
})

const cold = guardSettings(once, { pool: { min: 0 } })

describe("what a guard counts", () => {
  it.effect("is what speaks against the other side", () =>
    Effect.gen(function* () {
      const open = { ends: allOf("RetryExhausted"), failed: 5, phase: "open" as const }
      const itself = { ...open, ends: allOf("Down") }
      assert.deepStrictEqual(yield* phaseAfter(({ call, fails }) => five(call(fails))), itself)
      const slow = yield* phaseAfter(({ call }) => five(call(Effect.never)))
      assert.deepStrictEqual(slow, { ...open, ends: allOf("DeadlineExceeded") })
      const unreachable = yield* phaseAfter(({ call, server }) => {
        server.isUp = false
        // The clock of the test would otherwise move on to the next time limit before connecting has been tried.
        server.connectMillis = 1
        return five(call(Effect.void))
      }, cold)
      assert.deepStrictEqual(unreachable, open)
      const hanging = yield* phaseAfter(({ call, server }) => {
        server.connectMillis = 60_000
        return five(call(Effect.void))
      }, cold)
      assert.deepStrictEqual(hanging, open)
    })
  )
  it.effect("is not what happens on this side", () =>
    Effect.gen(function* () {
      const odd = yield* phaseAfter(({ call }) => five(call(Effect.fail("invalid params"))))
      assert.deepStrictEqual(odd, closed("invalid params"))
      const interrupted = yield* phaseAfter(({ call }) =>
        five(Effect.flatMap(fork(call(Effect.never)), (fiber) => Fiber.interrupt(fiber)))
      )
      assert.deepStrictEqual(interrupted, closed("ok"))
      const givenUp = yield* phaseAfter(({ call }) => five(call(Effect.never, { deadline: DateTime.makeUnsafe(5000) })))
      // The first of them is at the deadline, the others come after it.
      assert.deepStrictEqual(givenUp, closed("DeadlineExceeded"))
      const exhausted = yield* phaseAfter((world) => Effect.andThen(hold(world, 2), five(world.call(Effect.void))))
      assert.deepStrictEqual(exhausted, closed("PoolExhausted"))
      const full = yield* phaseAfter(
        (world) => Effect.andThen(hold(world, 6), five(world.call(Effect.void))),
        guardSettings(once, { callTimeout: "1 minute", pool: { max: 4 } })
      )
      assert.deepStrictEqual(full, closed("BulkheadFull"))
      const queued = yield* phaseAfter(
        (world) => Effect.andThen(hold(world, 4), five(world.call(Effect.void))),
        guardSettings(once, { callTimeout: "1 minute", pool: { max: 4 } })
      )
      assert.deepStrictEqual(queued, closed("BulkheadTimeout"))
      const often = yield* phaseAfter(
        ({ call }) => Effect.andThen(Effect.orDie(call(Effect.void)), five(call(Effect.void))),
        guardSettings(once, { bulkhead: { queueTimeout: 1, rate: { limit: 1, per: "1 hour" } } })
      )
      assert.deepStrictEqual(often, closed("RateExceeded"))
    })
  )
})

describe("what a guard tries again", () => {
  it.effect("is connecting, whatever the call is, because it has not begun", () =>
    Effect.gen(function* () {
      const { call, guard, server } = yield* makeWorld(guardSettings(settings, { pool: { min: 0 } }))
      server.isUp = false
      const fiber = yield* fork(call(Effect.succeed("answer")))
      yield* TestClock.adjust("1 second")
      server.isUp = true
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "answer")
      assert.deepStrictEqual([server.starts.length, (yield* guard.breaker.stats("fx")).failed], [1, 2])
    })
  )
  it.effect("is never a call that has begun, unless that may run twice", () =>
    Effect.gen(function* () {
      const { call, fails, server } = yield* makeWorld(settings)
      const error = yield* Effect.flip(call(fails))
      assert.isTrue(error instanceof Down)
      assert.strictEqual(server.starts.length, 1)
      assert.deepStrictEqual(yield* endOf(call(fails, { isRepeatable: true })), ["RetryExhausted", 3000])
      assert.strictEqual(server.starts.length, 4)
    })
  )
  it.effect("is not what the guard itself rejects", () =>
    Effect.gen(function* () {
      const { call, guard } = yield* makeWorld(settings)
      yield* guard.breaker.forceOpen("fx")
      assert.deepStrictEqual(yield* endOf(call(Effect.void, { isRepeatable: true })), ["CircuitOpen", 0])
    })
  )
  it.effect("is what its owner says, where he says so", () =>
    Effect.gen(function* () {
      const { call, server } = yield* makeWorld(settings, undefined, { retries: (error) => error === "again" })
      const error = yield* fork(Effect.flip(call(Effect.fail("again"), { isRepeatable: true })))
      yield* TestClock.adjust("3 seconds")
      assert.isTrue((yield* Fiber.join(error)) instanceof RetryExhausted)
      yield* Effect.exit(call(Effect.fail("no"), { isRepeatable: true }))
      assert.strictEqual(server.starts.length, 4)
    })
  )
})

describe("the order of a guard", () => {
  it.effect("lets a pause hold no place, so that others are served in the meantime", () =>
    Effect.gen(function* () {
      const narrow = guardSettings(settings, { bulkhead: { maxConcurrent: 1, maxQueued: 0 }, pool: { max: 1 } })
      const { call, fails, guard } = yield* makeWorld(narrow)
      const pausing = yield* fork(Effect.exit(call(fails, { isRepeatable: true })))
      yield* TestClock.adjust(0)
      assert.strictEqual((yield* guard.bulkhead.stats("fx")).running, 0)
      assert.strictEqual(yield* call(Effect.succeed("answer")), "answer")
      yield* Fiber.interrupt(pausing)
    })
  )
  it.effect("rejects at an open circuit before the queue and without a turn of the rate", () =>
    Effect.gen(function* () {
      const rated = guardSettings(settings, { bulkhead: { rate: { limit: 1, per: "1 hour" } } })
      const { call, guard } = yield* makeWorld(rated)
      yield* guard.breaker.forceOpen("fx")
      yield* times(10, call(Effect.void))
      yield* guard.breaker.reset("fx")
      assert.deepStrictEqual(yield* endOf(call(Effect.void)), ["ok", 0])
    })
  )
  it.effect("does not call what was waiting when the circuit opened", () =>
    Effect.gen(function* () {
      const { call, guard, server } = yield* makeWorld(guardSettings(once, { bulkhead: { maxConcurrent: 1 } }))
      const running = yield* fork(call(Effect.sleep("1 second")))
      const waiting = yield* fork(Effect.flip(call(Effect.void)))
      yield* guard.breaker.forceOpen("fx")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(running)
      assert.strictEqual(nameOf(yield* Fiber.join(waiting)), "CircuitOpen")
      assert.strictEqual(server.starts.length, 1)
    })
  )
  it.effect("has no way around an open circuit, and one past an exhausted pool only where that is configured", () =>
    Effect.gen(function* () {
      const direct = guardSettings(settings, { pool: { fallback: "direct" } })
      const { call, guard, server } = yield* makeWorld(direct)
      yield* Effect.forEach([1, 2], () => fork(Effect.exit(call(Effect.sleep("9 seconds")))))
      assert.deepStrictEqual(yield* endOf(call(Effect.void), "3 seconds"), ["ok", 3000])
      const metrics = yield* Metric.snapshot
      const state = metrics.find(({ id }) => id === "pool_fallback_total")?.state
      assert.deepInclude(state, { count: 1 })
      yield* TestClock.adjust("10 minutes")
      yield* guard.breaker.forceOpen("fx")
      const opened = server.opened
      assert.deepStrictEqual(yield* endOf(call(Effect.void)), ["CircuitOpen", 0])
      assert.strictEqual(server.opened, opened)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
  it.effect("lets three of a hundred callers probe and rejects all others at once", () =>
    Effect.gen(function* () {
      const { call, server, untilProbes } = yield* makeWorld(guardPresets.standard)
      yield* untilProbes
      const gate = yield* Deferred.make<void>()
      const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () =>
        fork(Effect.result(call(Deferred.await(gate))))
      )
      yield* TestClock.adjust(0)
      assert.strictEqual(server.starts.length, 3)
      const rejected = fibers.filter((fiber) => fiber.pollUnsafe() !== undefined)
      assert.strictEqual(rejected.length, 97)
      for (const fiber of rejected) {
        const result = yield* Fiber.join(fiber)
        assert.strictEqual(result._tag === "Failure" ? nameOf(result.failure) : result._tag, "CircuitOpen")
      }
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(fibers, Fiber.join)
    })
  )
  it.effect("does not count waiting for a turn as the time of the call, but as that of the caller", () =>
    Effect.gen(function* () {
      const narrow = guardSettings(once, { bulkhead: { maxConcurrent: 1 }, callTimeout: "5 seconds" })
      const { call } = yield* makeWorld(narrow)
      yield* fork(call(Effect.sleep("4 seconds")))
      assert.deepStrictEqual(yield* endOf(call(Effect.sleep("4 seconds"))), ["ok", 8000])
      yield* fork(call(Effect.sleep("4 seconds")))
      const now = DateTime.toEpochMillis(yield* DateTime.now)
      const impatient = call(Effect.sleep("4 seconds"), { deadline: DateTime.makeUnsafe(now + 6000) })
      const error = yield* fork(Effect.flip(impatient))
      yield* TestClock.adjust("6 seconds")
      const late = yield* Fiber.join(error)
      assert.include(late.message, 'The call of "fx" took longer than 6s')
      assert.strictEqual("hint" in late ? late.hint : "", "If it may take longer, raise the deadline of its caller.")
    })
  )
})

describe("the keys of a guard", () => {
  it.effect("are known once they are registered, with changed settings at the next time", () =>
    Effect.gen(function* () {
      let some = once
      const { call, fails, guard } = yield* makeWorld(() => some)
      assert.strictEqual(nameOf(yield* Effect.flip(call(Effect.void, {}, "other"))), "PoolNotRegistered")
      yield* times(3, call(fails))
      some = guardSettings(once, { breaker: { failureThreshold: 4 }, bulkhead: { maxConcurrent: 1, maxQueued: 0 } })
      yield* guard.register("fx")
      yield* Effect.exit(call(fails))
      assert.strictEqual((yield* guard.breaker.stats("fx")).phase, "open")
      yield* guard.breaker.reset("fx")
      yield* fork(Effect.exit(call(Effect.sleep(1))))
      assert.strictEqual(nameOf(yield* Effect.flip(call(Effect.void))), "BulkheadFull")
      yield* TestClock.adjust(1)
      yield* guard.unregister("fx")
      assert.strictEqual(nameOf(yield* Effect.flip(call(Effect.void))), "PoolNotRegistered")
      assert.deepStrictEqual(yield* guard.breaker.statsAll, [])
    })
  )
  it.effect("are opened together, each for itself", () =>
    Effect.gen(function* () {
      const { call, guard } = yield* makeWorld(settings)
      const exits = yield* guard.openAll(["a", "b"])
      assert.isTrue(exits.every(Exit.isSuccess))
      assert.strictEqual(yield* call(Effect.succeed("answer"), {}, "b"), "answer")
      assert.deepStrictEqual(yield* guard.pool.keys, ["fx", "a", "b"])
    })
  )
})

const Call = Schema.Struct({
  comes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
  stays: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 })),
  patience: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4000 })),
  ends: Schema.Literals(["well", "down", "odd", "never"]),
  isRepeatable: Schema.Boolean
})

describe("a guard under any load", () => {
  it.effect.prop(
    "runs no call twice that must not be, ends every call in time, and has nothing left over",
    [Schema.Array(Call).check(Schema.isMaxLength(25))],
    ([calls]) =>
      Effect.gen(function* () {
        const hurried = guardSettings(settings, {
          deadline: "20 seconds",
          callTimeout: "1 second",
          breaker: { openFor: "1 second", probeTimeout: "1 minute" },
          bulkhead: { queueTimeout: "2 seconds", rate: { limit: 5, per: "1 second" } },
          pool: { health: { every: "1 second" } }
        })
        const { call, guard, server } = yield* makeWorld(hurried)
        const runs = calls.map(() => 0)
        const fibers = yield* Effect.forEach(calls, ({ comes, ends, isRepeatable, patience, stays }, index) => {
          const end = { well: Effect.void, down: Effect.fail(new Down()), odd: Effect.die("bug"), never: Effect.never }
          const body = Effect.andThen(
            Effect.sync(() => (runs[index] = (runs[index] ?? 0) + 1)),
            Effect.andThen(Effect.sleep(stays), end[ends])
          )
          return fork(
            call(body, { isRepeatable }).pipe(Effect.timeoutOption(patience), Effect.delay(comes), Effect.exit)
          )
        })
        yield* TestClock.adjust("30 seconds")
        for (const [index, fiber] of fibers.entries()) {
          assert.notStrictEqual(fiber.pollUnsafe(), undefined)
          assert.isAtMost(runs[index] ?? 0, calls[index]?.isRepeatable === true ? 3 : 1)
        }
        assert.isAtMost(server.most, 2)
        const { running, waiting } = yield* guard.bulkhead.stats("fx")
        const { probes } = yield* guard.breaker.stats("fx")
        const { connections, opening } = yield* guard.pool.stats("fx")
        const active = connections.filter(({ state }) => state === "active").length
        assert.deepStrictEqual([running, waiting, probes, opening, active], [0, 0, 0, 0, 0])
        yield* guard.breaker.reset("fx")
        yield* call(Effect.void)
      }),
    { timeout: 120_000, arbitrary: { runs: 300, size: 25 } }
  )
})
