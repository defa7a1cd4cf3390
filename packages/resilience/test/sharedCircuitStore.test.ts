import { afterAll, assert, describe, it } from "@effect/vitest"
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpen,
  circuitPresets,
  type CircuitStore,
  makeCircuitStoreShared,
  sharedCircuitStoreDefaults,
  type SharedStorage
} from "@signalbox/resilience"
import { Deferred, Effect, Exit, Fiber, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import { assertVariety, Rules, Step } from "./circuitReference.ts"
import { follow } from "./circuitSideBySide.ts"
import { withRedis } from "./redis.ts"
import { makeStorage } from "./storage.ts"

const share = (storage: SharedStorage): Effect.Effect<CircuitStore> =>
  makeCircuitStoreShared(storage, sharedCircuitStoreDefaults)

const options: CircuitBreakerOptions = {
  settings: () => circuitPresets.standard,
  counts: (error) => error === "down"
}

/** A breaker in each of two processes that share a storage. */
const setUp = Effect.gen(function* () {
  const { log, storage, texts } = makeStorage()
  const lines: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))
  const make = Effect.flatMap(share(storage), (store) => CircuitBreaker.make({ ...options, store }))
  const quietly = Effect.provide(Logger.layer([logger]))
  const call = <A, E>(breaker: CircuitBreaker["Service"], effect: Effect.Effect<A, E>) =>
    Effect.exit(breaker.protect("fx", effect)).pipe(quietly)
  const open = (breaker: CircuitBreaker["Service"]) =>
    Effect.repeat(call(breaker, Effect.fail("down")), { times: 4 }).pipe(quietly)
  const phase = (breaker: CircuitBreaker["Service"]) =>
    Effect.map(breaker.stats("fx"), (stats) => stats.phase).pipe(quietly)
  return { first: yield* make, second: yield* make, call, lines, log, open, phase, texts }
})

const rejected = (breaker: CircuitBreaker["Service"]) => Effect.map(breaker.stats("fx"), (stats) => stats.rejected)

describe("a store of circuits that processes share", () => {
  const seen = new Map<string, number>()
  afterAll(() => assertVariety(seen, 10))
  it.effect.prop(
    "makes two breakers behave as one",
    [Rules, Schema.Array(Step).check(Schema.isMaxLength(80))],
    ([rules, steps]) =>
      Effect.gen(function* () {
        const { storage } = makeStorage()
        yield* follow(rules, steps, [yield* share(storage), yield* share(storage)], seen)
      }),
    { timeout: 120_000, arbitrary: { runs: 500, size: 80 } }
  )
  it.effect("lets no more probes through than one breaker would, when a hundred callers come to two at once", () =>
    Effect.gen(function* () {
      const { call, first, log, open, second } = yield* setUp
      yield* open(first)
      yield* TestClock.adjust("60 seconds")
      const gate = yield* Deferred.make<void>()
      let running = 0
      const probe = Effect.andThen(
        Effect.sync(() => running++),
        Deferred.await(gate)
      )
      const calls = Array.from({ length: 100 }, (_, index) => call(index % 2 === 0 ? first : second, probe))
      const fiber = yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded" }))
      while (running + (yield* rejected(first)) + (yield* rejected(second)) < 100) yield* Effect.yieldNow
      assert.strictEqual(running, 3)
      assert.isAbove(log.conflicts, 0)
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Fiber.join(fiber)
      const rejections = yield* Effect.forEach(exits.filter(Exit.isFailure), Effect.flip)
      assert.strictEqual(rejections.filter((error) => error instanceof CircuitOpen).length, 97)
    })
  )
  it.effect("gives the probes of a process that died back after their time", () =>
    Effect.gen(function* () {
      const { call, first, open, second } = yield* setUp
      yield* open(first)
      yield* TestClock.adjust("60 seconds")
      for (const _ of [1, 2, 3]) {
        const begun = yield* Deferred.make<void>()
        yield* Effect.forkChild(call(first, Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)))
        yield* Deferred.await(begun)
      }
      yield* TestClock.adjust("29 seconds")
      assert.isTrue(Exit.isFailure(yield* call(second, Effect.void)))
      yield* TestClock.adjust("1 seconds")
      assert.isTrue(Exit.isSuccess(yield* call(second, Effect.void)))
    })
  )
  for (const mode of ["failing", "hanging"] as const) {
    it.effect(`goes on with what it last knew while the storage is ${mode}, and says so once`, () =>
      Effect.gen(function* () {
        const { call, first, lines, log, open, phase, second } = yield* setUp
        yield* open(first)
        assert.strictEqual(yield* phase(second), "open")
        log.mode = mode
        const calls = Effect.forEach(Array.from({ length: 10 }), () =>
          Effect.tap(call(first, Effect.void), Effect.sleep("400 millis"))
        )
        const outage = yield* Effect.forkChild(calls)
        yield* TestClock.adjust("10 seconds")
        assert.isTrue((yield* Fiber.join(outage)).every(Exit.isFailure))
        assert.strictEqual(lines.length, 1)
        assert.include(lines[0] ?? "", "cannot be reached")
        log.mode = "up"
        yield* TestClock.adjust("10 seconds")
        yield* call(first, Effect.void)
        yield* call(first, Effect.void)
        assert.strictEqual(lines.length, 2)
        assert.include(lines[1] ?? "", "back")
        assert.strictEqual(yield* phase(first), yield* phase(second))
      })
    )
  }
  it.effect("opens and closes circuits of its own while the storage is away, and forgets them when it is back", () =>
    Effect.gen(function* () {
      const { call, first, log, open, phase } = yield* setUp
      yield* call(first, Effect.void)
      log.mode = "failing"
      yield* open(first)
      assert.strictEqual(yield* phase(first), "open")
      yield* TestClock.adjust("60 seconds")
      yield* call(first, Effect.void)
      yield* call(first, Effect.void)
      assert.strictEqual(yield* phase(first), "closed")
      yield* open(first)
      log.mode = "up"
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* phase(first), "closed")
    })
  )
  it.effect("asks a storage that is away once a second, so that calls do not pay for it", () =>
    Effect.gen(function* () {
      const { call, first, log } = yield* setUp
      log.mode = "failing"
      yield* Effect.repeat(call(first, Effect.void), { times: 99 })
      assert.strictEqual(log.asked, 1)
      yield* TestClock.adjust("1 second")
      yield* call(first, Effect.void)
      assert.strictEqual(log.asked, 2)
    })
  )
  it.effect("lets no call that began while the storage was away end a probe of those who share it", () =>
    Effect.gen(function* () {
      const { call, first, log, open, phase, second } = yield* setUp
      log.mode = "failing"
      const ends = yield* Deferred.make<void, string>()
      const call1 = yield* Effect.forkChild(call(first, Deferred.await(ends)), { startImmediately: true })
      log.mode = "up"
      yield* TestClock.adjust("1 second")
      yield* open(second)
      yield* TestClock.adjust("60 seconds")
      yield* call(second, Effect.void)
      yield* Deferred.fail(ends, "down")
      yield* Fiber.join(call1)
      assert.strictEqual(yield* phase(second), "half-open")
    })
  )
  it.effect("forgets a circuit that nobody changes, but never one that was opened by hand", () =>
    Effect.gen(function* () {
      const { first, open, second, texts, phase } = yield* setUp
      yield* open(first)
      yield* second.forceOpen("other")
      yield* TestClock.adjust("60 minutes")
      assert.strictEqual(yield* phase(first), "open")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* phase(second), "closed")
      assert.strictEqual((yield* first.stats("other")).phase, "open")
      assert.deepStrictEqual([...texts.keys()], ["circuit:fx", "circuit:other"])
      yield* first.remove("other")
      assert.strictEqual((yield* second.stats("other")).phase, "closed")
    })
  )
  it.effect("takes what it cannot read for nothing, and writes over it", () =>
    Effect.gen(function* () {
      const { call, first, phase, open, texts } = yield* setUp
      for (const text of ["", "{", "[]", '{"phase":"open"}', '{"phase":"ajar","generation":1,"since":0}']) {
        texts.set("circuit:fx", { text, until: Infinity })
        assert.isTrue(Exit.isSuccess(yield* call(first, Effect.void)), text)
        yield* open(first)
        assert.strictEqual(yield* phase(first), "open", text)
      }
    })
  )
  it("refuses times that cannot be meant", () => {
    const settings = { ...sharedCircuitStoreDefaults, timeout: 0, retryEvery: -1, timeToLive: 0 }
    assert.throws(() => Effect.runSync(makeCircuitStoreShared(makeStorage().storage, settings)), /timeout.*retryEvery/)
  })
  // Beside the fake, not instead of it: where there is no Redis the script alone goes untried, and that is said.
  it.live(
    "does the same over a real Redis",
    () =>
      withRedis((storage) =>
        Effect.gen(function* () {
          const make = Effect.flatMap(share(storage), (store) => CircuitBreaker.make({ ...options, store }))
          const [first, second] = [yield* make, yield* make]
          const fails = Effect.exit(first.protect("fx", Effect.fail("down")))
          yield* Effect.all([fails, fails, fails, fails, fails], { concurrency: "unbounded" })
          assert.isTrue((yield* Effect.flip(second.protect("fx", Effect.void))) instanceof CircuitOpen)
          yield* second.reset("fx")
          assert.strictEqual(yield* first.protect("fx", Effect.succeed("answer")), "answer")
          assert.isFalse(yield* storage.compareAndSet("key", "other", "text", undefined))
          assert.isTrue(yield* storage.compareAndSet("key", undefined, "text", undefined))
          assert.strictEqual(yield* storage.get("key"), "text")
          yield* storage.remove("key")
          assert.strictEqual(yield* storage.get("key"), undefined)
        })
      ),
    30_000
  )
})
