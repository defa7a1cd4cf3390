import { assert, describe, it } from "@effect/vitest"
import { defineError, statuses } from "@signalbox/errors"
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpen,
  circuitPresets,
  CircuitStats,
  PoolExhausted,
  RetryExhausted
} from "@signalbox/resilience"
import { Deferred, Duration, Effect, Exit, Fiber, Metric, Scheduler, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"

class Down extends defineError<Down>()("Down", {
  code: "DOWN",
  status: statuses.badGateway,
  fields: {},
  message: () => "down"
}) {}

const options: CircuitBreakerOptions = {
  settings: () => ({ failureThreshold: 5, openFor: "60 seconds", successThreshold: 2, maxProbes: 3 }),
  counts: (error) => error instanceof Down
}
const down = Effect.suspend(() => Effect.fail(new Down()))
const up = Effect.succeed("up")

const setUp = Effect.gen(function* () {
  const breaker = yield* CircuitBreaker.make(options)
  const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.exit(breaker.protect("fx", effect))
  const times = <A, E>(count: number, effect: Effect.Effect<A, E>) => Effect.repeat(call(effect), { times: count - 1 })
  const phase = Effect.map(breaker.stats("fx"), (stats) => stats.phase)
  return { breaker, call, times, phase }
})

const open = (circuit: Effect.Success<typeof setUp>) => circuit.times(5, down)

describe("a circuit breaker", () => {
  it.effect("opens after five failures in a row and then rejects without calling, saying when to come back", () =>
    Effect.gen(function* () {
      const { breaker, call, phase, times } = yield* setUp
      yield* times(4, down)
      yield* call(up)
      yield* times(4, down)
      assert.strictEqual(yield* phase, "closed")
      yield* call(down)
      assert.strictEqual(yield* phase, "open")
      yield* TestClock.adjust("20 seconds")
      let called = false
      const rejection = yield* breaker
        .protect(
          "fx",
          Effect.sync(() => (called = true))
        )
        .pipe(Effect.flip)
      assert.strictEqual(rejection.code, "CIRCUIT_OPEN")
      assert.deepStrictEqual(rejection.retryAfter, Duration.seconds(40))
      assert.isTrue(rejection.cause instanceof Down)
      assert.isFalse(called)
    })
  )
  it.effect("lets probes through after its time and closes after two successes", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      yield* open(circuit)
      yield* TestClock.adjust("59999 millis")
      assert.isTrue(Exit.isFailure(yield* circuit.call(up)))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* circuit.call(up), Exit.succeed("up"))
      assert.strictEqual(yield* circuit.phase, "half-open")
      yield* circuit.call(up)
      assert.strictEqual(yield* circuit.phase, "closed")
    })
  )
  it.effect("reopens for the whole time when a probe fails", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      yield* open(circuit)
      yield* TestClock.adjust("60 seconds")
      yield* circuit.call(up)
      yield* circuit.call(down)
      assert.strictEqual(yield* circuit.phase, "open")
      yield* TestClock.adjust("59 seconds")
      assert.isTrue(Exit.isFailure(yield* circuit.call(up)))
    })
  )
  it.effect("has three probes at most under way and rejects all others at once", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      yield* open(circuit)
      yield* TestClock.adjust("60 seconds")
      const gate = yield* Deferred.make<void>()
      let running = 0
      const slow = Effect.andThen(
        Effect.sync(() => running++),
        Deferred.await(gate)
      )
      const fiber = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 100 }), () => circuit.call(slow), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(0)
      assert.strictEqual(running, 3)
      assert.strictEqual((yield* circuit.breaker.stats("fx")).rejected, 97)
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Fiber.join(fiber)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 3)
      const rejections = yield* Effect.forEach(exits.filter(Exit.isFailure), Effect.flip)
      assert.isTrue(rejections.every((error) => error instanceof CircuitOpen))
    })
  )
  it.effect("counts what was found out without it, and gates nothing of it", () =>
    Effect.gen(function* () {
      const { breaker, call, phase, times } = yield* setUp
      const found = (exit: Exit.Exit<unknown, unknown>) => breaker.observe("fx", exit)
      yield* times(3, down)
      yield* found(Exit.fail("none of its failures"))
      yield* found(Exit.fail(new Down()))
      assert.strictEqual(yield* phase, "closed")
      yield* found(Exit.fail(new Down()))
      assert.strictEqual(yield* phase, "open")
      yield* TestClock.adjust("50 seconds")
      yield* found(Exit.fail(new Down()))
      yield* TestClock.adjust("59 seconds")
      const { retryAfter } = yield* Effect.flip(breaker.check("fx"))
      assert.deepStrictEqual(retryAfter, Duration.seconds(1))
      yield* found(Exit.void)
      assert.strictEqual(yield* phase, "closed")
      assert.deepStrictEqual(yield* call(up), Exit.succeed("up"))
      const stats = yield* breaker.stats("fx")
      assert.deepStrictEqual([stats.succeeded, stats.failed, stats.ignored, stats.trips], [2, 6, 1, 1])
    })
  )
  it.effect("stays open when it was opened by hand, whatever is found out", () =>
    Effect.gen(function* () {
      const { breaker, phase } = yield* setUp
      yield* breaker.forceOpen("fx")
      yield* breaker.observe("fx", Exit.void)
      yield* breaker.observe("fx", Exit.fail(new Down()))
      assert.strictEqual(yield* phase, "open")
      assert.isUndefined((yield* Effect.flip(breaker.check("fx"))).retryAfter)
    })
  )
  it.effect("lets one call have a rule of its own about what counts", () =>
    Effect.gen(function* () {
      const { breaker, phase } = yield* setUp
      const call = (counts?: (error: unknown) => boolean) => Effect.exit(breaker.protect("fx", down, counts))
      yield* Effect.repeat(
        call(() => false),
        { times: 9 }
      )
      assert.strictEqual(yield* phase, "closed")
      yield* Effect.repeat(call(), { times: 4 })
      assert.strictEqual(yield* phase, "open")
    })
  )
  it.effect("gives the places of probes that do not answer in time to new ones, whose answers alone count", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make({ ...options, settings: () => circuitPresets.standard })
      yield* Effect.repeat(Effect.exit(breaker.protect("fx", down)), { times: 4 })
      yield* TestClock.adjust("60 seconds")
      const late = yield* Deferred.make<void, Down>()
      const probe = Effect.exit(breaker.protect("fx", Deferred.await(late)))
      const probes = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(probe, { startImmediately: true }))
      yield* TestClock.adjust("29999 millis")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(breaker.protect("fx", up))))
      yield* TestClock.adjust("1 millis")
      yield* breaker.protect("fx", up)
      yield* Deferred.fail(late, new Down())
      yield* Effect.forEach(probes, Fiber.join)
      assert.strictEqual((yield* breaker.stats("fx")).phase, "half-open")
      yield* breaker.protect("fx", up)
      assert.strictEqual((yield* breaker.stats("fx")).phase, "closed")
    })
  )
  it.effect("gives the place of an interrupted probe to the next one", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      yield* open(circuit)
      yield* TestClock.adjust("60 seconds")
      const probes = yield* Effect.forEach([1, 2, 3], () =>
        Effect.forkChild(circuit.call(Effect.never), { startImmediately: true })
      )
      assert.strictEqual((yield* circuit.breaker.stats("fx")).probes, 3)
      yield* Fiber.interruptAll(probes)
      assert.strictEqual((yield* circuit.breaker.stats("fx")).probes, 0)
      assert.deepStrictEqual(yield* circuit.call(up), Exit.succeed("up"))
    })
  )
  it.effect.prop(
    "has no probe left over after any mix of answers, failures and interruptions",
    [Schema.Array(Schema.Literals(["up", "down", "ignored", "interrupted"])).check(Schema.isMaxLength(20))],
    ([endings]) =>
      Effect.gen(function* () {
        const circuit = yield* setUp
        yield* open(circuit)
        yield* TestClock.adjust("60 seconds")
        const ends: Record<(typeof endings)[number], Effect.Effect<unknown, unknown>> = {
          up,
          down: Effect.andThen(Effect.sleep(3), down),
          ignored: Effect.andThen(Effect.yieldNow, Effect.fail("invalid params")),
          interrupted: Effect.timeout(Effect.never, 2)
        }
        const calls = endings.map((ending) => Effect.forkChild(Effect.timeoutOption(circuit.call(ends[ending]), 3)))
        const fibers = yield* Effect.all(calls)
        yield* TestClock.adjust("1 second")
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.strictEqual((yield* circuit.breaker.stats("fx")).probes, 0)
      })
  )
  it.effect("loses no probe that is interrupted at the worst moment", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 400; round++) {
        const [ops, steps] = [2 + Math.floor(round / 40), round % 40]
        const circuit = yield* setUp
        yield* open(circuit)
        yield* TestClock.adjust("60 seconds")
        // A fiber that yields after every few operations can be interrupted between any two.
        const probe = yield* circuit
          .call(up)
          .pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, ops), Effect.forkChild)
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow
        yield* Fiber.interrupt(probe)
        assert.strictEqual((yield* circuit.breaker.stats("fx")).probes, 0)
      }
    })
  )
  it.effect("ignores answers that arrive in a later phase than their call began in", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      const late = yield* Deferred.make<void>()
      const call = yield* Effect.forkChild(circuit.call(Effect.andThen(Deferred.await(late), down)), {
        startImmediately: true
      })
      yield* open(circuit)
      yield* TestClock.adjust("60 seconds")
      yield* circuit.call(up)
      yield* Deferred.succeed(late, undefined)
      yield* Fiber.join(call)
      assert.strictEqual(yield* circuit.phase, "half-open")
    })
  )
  it.effect("counts only what its owner counts, and never interruption, defects or rejections of its own family", () =>
    Effect.gen(function* () {
      const { call, breaker, phase, times } = yield* setUp
      const exhausted = new PoolExhausted({ key: "fx", waited: Duration.seconds(1), max: 1 })
      const endings: ReadonlyArray<Effect.Effect<never, unknown>> = [
        Effect.fail("invalid params"),
        Effect.interrupt,
        Effect.die("bug"),
        Effect.fail(exhausted)
      ]
      for (const ending of endings) yield* times(5, ending)
      yield* breaker.forceOpen("other")
      yield* times(5, breaker.protect("other", up))
      assert.strictEqual(yield* phase, "closed")
      assert.strictEqual((yield* breaker.stats("fx")).ignored, 25)
      yield* times(5, Effect.fail(new RetryExhausted({ attempts: 3, lastError: "down", cause: new Down() })))
      assert.strictEqual(yield* phase, "open")
      assert.isTrue(Exit.isFailure(yield* call(up)))
    })
  )
  it.effect("can be opened, closed and reset by hand", () =>
    Effect.gen(function* () {
      const { breaker, call, phase } = yield* setUp
      yield* call(up)
      yield* breaker.forceOpen("fx")
      yield* TestClock.adjust("1 day")
      const rejection = yield* Effect.flip(breaker.protect("fx", up))
      assert.strictEqual(rejection.retryAfter, undefined)
      yield* breaker.forceClose("fx")
      assert.strictEqual(yield* phase, "closed")
      assert.strictEqual((yield* breaker.stats("fx")).rejected, 1)
      yield* breaker.forceOpen("fx")
      yield* breaker.resetAll
      assert.deepStrictEqual(yield* call(up), Exit.succeed("up"))
      const { rejected, succeeded, trips } = yield* breaker.stats("fx")
      assert.deepStrictEqual({ rejected, succeeded, trips }, { rejected: 0, succeeded: 1, trips: 0 })
    })
  )
  it.effect("keeps circuits apart and forgets one that is removed, with its calls under way", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      yield* open(circuit)
      assert.strictEqual((yield* circuit.breaker.stats("other")).phase, "closed")
      const call = yield* Effect.forkChild(Effect.exit(circuit.breaker.protect("other", Effect.never)), {
        startImmediately: true
      })
      yield* circuit.breaker.remove("other")
      yield* Fiber.interrupt(call)
      assert.deepStrictEqual(
        (yield* circuit.breaker.statsAll).map((stats) => [stats.circuit, stats.phase, stats.trips]),
        [["fx", "open", 1]]
      )
      yield* circuit.breaker.remove("fx")
      assert.deepStrictEqual(yield* circuit.call(up), Exit.succeed("up"))
    })
  )
  it.effect(
    "tells those whom it rejects when probes have answered, and nothing of failures when it was opened by hand",
    () =>
      Effect.gen(function* () {
        const circuit = yield* setUp
        yield* open(circuit)
        yield* TestClock.adjust("60 seconds")
        for (let probe = 0; probe < 3; probe++) yield* Effect.forkChild(circuit.call(Effect.never))
        yield* TestClock.adjust("1 millis")
        const waiting = yield* Effect.flip(circuit.breaker.protect("fx", Effect.void))
        assert.deepStrictEqual(waiting.retryAfter, Duration.seconds(1))
        assert.isTrue(waiting.cause instanceof Down)
        yield* circuit.breaker.forceOpen("fx")
        const byHand = yield* Effect.flip(circuit.breaker.protect("fx", Effect.void))
        assert.deepStrictEqual([byHand.retryAfter, byHand.cause], [undefined, undefined])
      })
  )
  it.effect("says what it counted, why, since when and by which settings, as plain JSON", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      yield* TestClock.adjust("1 second")
      yield* open(circuit)
      yield* TestClock.adjust("2 seconds")
      yield* circuit.call(up)
      const stats = yield* circuit.breaker.stats("fx")
      assert.deepStrictEqual(yield* Schema.encodeEffect(Schema.toCodecJson(CircuitStats))(stats), {
        circuit: "fx",
        phase: "open",
        since: 1000,
        inPhaseFor: 2000,
        consecutiveFailures: 0,
        probes: 0,
        succeeded: 0,
        failed: 5,
        ignored: 0,
        rejected: 1,
        trips: 1,
        lastFailure: { at: 1000, message: "down", code: "DOWN" },
        settings: { failureThreshold: 5, openFor: 60_000, successThreshold: 2, maxProbes: 3 }
      })
    })
  )
  it.effect("shows its phase and its trips as metrics", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      const metrics = Effect.map(Metric.snapshot, (all) =>
        all.flatMap(({ id, attributes, state }) =>
          attributes?.["circuit"] === "fx"
            ? [[id, "value" in state ? state.value : (state as { count: unknown }).count]]
            : []
        )
      )
      yield* open(circuit)
      assert.deepStrictEqual(Object.fromEntries(yield* metrics), { mcp_circuit_phase: 2, mcp_circuit_trips_total: 1 })
      yield* circuit.breaker.reset("fx")
      assert.deepStrictEqual(Object.fromEntries(yield* metrics), { mcp_circuit_phase: 0, mcp_circuit_trips_total: 1 })
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
  it.effect("tells every change of phase", () =>
    Effect.gen(function* () {
      const circuit = yield* setUp
      const changes = yield* Effect.forkChild(Stream.runCollect(Stream.take(circuit.breaker.changes, 3)), {
        startImmediately: true
      })
      yield* Effect.yieldNow
      yield* open(circuit)
      yield* TestClock.adjust("60 seconds")
      yield* circuit.times(2, up)
      assert.deepStrictEqual(yield* Fiber.join(changes), [
        { circuit: "fx", from: "closed", to: "open", at: 0 },
        { circuit: "fx", from: "open", to: "half-open", at: 60_000 },
        { circuit: "fx", from: "half-open", to: "closed", at: 60_000 }
      ])
    })
  )
  it.effect("refuses settings that cannot be meant", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker
      const exit = yield* Effect.exit(breaker.protect("fx", up))
      assert.isTrue(Exit.hasDies(exit))
    }).pipe(
      Effect.provide(
        CircuitBreaker.layer({
          ...options,
          settings: () => ({ failureThreshold: 0, openFor: "1 second", successThreshold: 1, maxProbes: 1 })
        })
      )
    )
  )
})
