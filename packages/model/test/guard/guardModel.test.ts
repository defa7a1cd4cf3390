import {
  guardModel,
  type LanguageModel,
  makeLanguageModel,
  type ModelError,
  type ModelEvent,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  retryModel,
  StreamInterrupted
} from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { Bulkhead, CircuitBreaker, circuitPresets, retryPolicy } from "@signalbox/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { requestWith } from "../requests.ts"

const overloaded = new ProviderOverloaded({ provider: "fx", reason: "busy", httpStatus: 503 })
const circuitsOf = CircuitBreaker.make({ settings: () => circuitPresets.standard, counts: () => false })
const bulkheadOf = (maxConcurrent: number, maxQueued: number) =>
  Bulkhead.make({ settings: () => ({ maxConcurrent, maxQueued, queueTimeout: "10 seconds" }) })
const start: ModelEvent = {
  type: "message_start",
  message: { id: "msg_1", model: "fx", usage: { input_tokens: 1, output_tokens: 0 } }
}
const streaming = (stream: Stream.Stream<ModelEvent, ModelError>) =>
  makeLanguageModel({ provider: "fx", defaultModel: "fx", stream: () => stream })

type Ask = (model: LanguageModel["Service"]) => Effect.Effect<unknown, ModelError>
const asked: Readonly<Record<string, Ask>> = {
  streamed: (model) => Stream.runDrain(model.stream(requestWith())),
  whole: (model) => model.generate(requestWith())
}
const times = (count: number, ask: Effect.Effect<unknown, ModelError>) =>
  Effect.replicateEffect(Effect.exit(ask), count)

describe.each(Object.entries(asked))("an upstream that fails, asked for an answer that is %s", (_, ask) => {
  it.effect("is left alone after five failures: further requests fail at once with when to come again", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const script = yield* scriptedModel(Array.from({ length: 9 }, () => ({ error: overloaded })))
      const model = guardModel({ upstream: "fx", circuits })(script.model)
      yield* times(5, ask(model))
      const error = yield* Effect.flip(ask(model))
      assert.strictEqual(error.code, "PROVIDER_CIRCUIT_OPEN")
      assert.strictEqual(error.status.http, 503)
      assert.strictEqual(error.status.anthropic, "overloaded_error")
      assert.deepStrictEqual(error.retryAfter, Duration.minutes(1))
      assert.strictEqual(
        error.message,
        `fx was not asked: it has failed repeatedly, and is asked again in 1m. Its last failure: PROVIDER_OVERLOADED: ${overloaded.message}`
      )
      assert.strictEqual(error.cause, overloaded)
      assert.lengthOf(yield* script.requests, 5)
    })
  )

  it.effect("is not waited for by retries once it is left alone", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      yield* circuits.forceOpen("fx")
      const script = yield* scriptedModel([])
      const policy = retryPolicy({ attempts: 3, base: "1 second", factor: 2, cap: "5 minutes", jitter: "none" })
      const model = retryModel(policy)(guardModel({ upstream: "fx", circuits })(script.model))
      const error = yield* Effect.flip(ask(model))
      assert.strictEqual(error.code, "PROVIDER_CIRCUIT_OPEN")
      assert.strictEqual(error.message, "fx was not asked: its circuit was opened by hand.")
    })
  )

  it.effect("is asked again after its time, and trusted again after two answers", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const failures = Array.from({ length: 5 }, () => ({ error: overloaded }))
      const script = yield* scriptedModel([...failures, { text: "a" }, { text: "b" }])
      const model = guardModel({ upstream: "fx", circuits })(script.model)
      yield* times(5, ask(model))
      yield* TestClock.adjust("60 seconds")
      yield* times(2, ask(model))
      assert.strictEqual((yield* circuits.stats("fx")).phase, "closed")
    })
  )

  it.effect.each([
    { error: overloaded, counted: 1 },
    { error: new ProviderTimeout({ provider: "fx", reason: "late", limit: Duration.minutes(1) }), counted: 1 },
    { error: new StreamInterrupted({ provider: "fx", reason: "cut" }), counted: 1 },
    // It answers, and says itself when to come again.
    { error: new ProviderRateLimited({ provider: "fx", reason: "slow" }), counted: 0 },
    { error: new ProviderAuthFailed({ provider: "fx", reason: "no", httpStatus: 401 }), counted: 0 },
    { error: new ModelRequestRejected({ provider: "fx", reason: "no", httpStatus: 400 }), counted: 0 }
  ])("is blamed $counted times for $error._tag", ({ counted, error }) =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const script = yield* scriptedModel([{ error }])
      assert.strictEqual(yield* Effect.flip(ask(guardModel({ upstream: "fx", circuits })(script.model))), error)
      assert.strictEqual((yield* circuits.stats("fx")).failed, counted)
    })
  )

  it.effect("that limits the rate of requests while it is tried is tried again by the next one", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const failures = Array.from({ length: 5 }, () => ({ error: overloaded }))
      const limited = new ProviderRateLimited({ provider: "fx", reason: "slow", retryAfter: Duration.seconds(20) })
      const script = yield* scriptedModel([...failures, { error: limited }, { text: "a" }, { text: "b" }])
      const model = guardModel({ upstream: "fx", circuits })(script.model)
      yield* times(5, ask(model))
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(yield* Effect.flip(ask(model)), limited)
      yield* times(2, ask(model))
      assert.deepInclude(yield* circuits.stats("fx"), { phase: "closed", failed: 5, ignored: 1 })
    })
  )

  it.effect("is not blamed for callers who go away", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const bulkhead = yield* bulkheadOf(1, 0)
      const model = guardModel({ upstream: "fx", circuits, bulkhead })(streaming(Stream.never))
      for (let i = 0; i < 6; i++) {
        const reading = yield* Effect.forkChild(ask(model), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(reading)
      }
      const stats = yield* circuits.stats("fx")
      assert.deepInclude(stats, { phase: "closed", failed: 0, ignored: 6 })
      assert.strictEqual((yield* bulkhead.stats("fx")).running, 0)
    })
  )
})

describe("a stream within a guard", () => {
  it.effect("counts as a failure when it breaks off after it has begun", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const broken = new StreamInterrupted({ provider: "fx", reason: "cut" })
      const model = guardModel({ upstream: "fx", circuits })(
        streaming(Stream.concat(Stream.make(start), Stream.fail(broken)))
      )
      const seen: Array<ModelEvent> = []
      const reading = Stream.runForEach(model.stream(requestWith()), (event) =>
        Effect.sync(() => void seen.push(event))
      )
      assert.strictEqual(yield* Effect.flip(reading), broken)
      assert.deepStrictEqual(seen, [start])
      assert.strictEqual((yield* circuits.stats("fx")).failed, 1)
    })
  )

  it.effect("says nothing about the upstream when its reader has enough", () =>
    Effect.gen(function* () {
      const circuits = yield* circuitsOf
      const model = guardModel({ upstream: "fx", circuits })(streaming(Stream.concat(Stream.make(start), Stream.never)))
      yield* Stream.runHead(model.stream(requestWith()))
      assert.deepInclude(yield* circuits.stats("fx"), { succeeded: 0, failed: 0, ignored: 1 })
    })
  )

  it.effect("passes a defect on as it is", () =>
    Effect.gen(function* () {
      const model = guardModel({ upstream: "fx", circuits: yield* circuitsOf })(streaming(Stream.die("bug")))
      const exit = yield* Effect.exit(Stream.runDrain(model.stream(requestWith())))
      assert.deepStrictEqual(exit, Exit.die("bug"))
    })
  )

  it.effect("holds its place until it has ended", () =>
    Effect.gen(function* () {
      const bulkhead = yield* bulkheadOf(1, 1)
      const end = yield* Deferred.make<void>()
      const model = guardModel({ upstream: "fx", bulkhead })(
        streaming(Stream.concat(Stream.make(start), Stream.fromEffectDrain(Deferred.await(end))))
      )
      const first = yield* Effect.forkChild(Stream.runDrain(model.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      const second = yield* Effect.forkChild(Stream.runDrain(model.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* bulkhead.stats("fx"), { running: 1, waiting: 1 })
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      assert.deepInclude(yield* bulkhead.stats("fx"), { running: 0, waiting: 0 })
    })
  )
})

describe("an upstream that has enough to do", () => {
  it.effect("makes the eleventh request wait, and turns the next away with when to come again", () =>
    Effect.gen(function* () {
      const bulkhead = yield* bulkheadOf(10, 1)
      const model = guardModel({ upstream: "fx", bulkhead, busyFor: "3 seconds" })(streaming(Stream.never))
      const ask = Stream.runDrain(model.stream(requestWith()))
      yield* Effect.forEach(Array.from({ length: 11 }), () => Effect.forkChild(ask))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* bulkhead.stats("fx"), { running: 10, waiting: 1 })
      const error = yield* Effect.flip(ask)
      assert.strictEqual(error.code, "PROVIDER_BUSY")
      assert.strictEqual(error.status.http, 529)
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(3))
    })
  )

  it.effect("fails a request whose turn does not come in time", () =>
    Effect.gen(function* () {
      const bulkhead = yield* bulkheadOf(1, 1)
      const model = guardModel({ upstream: "fx", bulkhead })(streaming(Stream.never))
      yield* Effect.forkChild(Stream.runDrain(model.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      const waiting = yield* Effect.forkChild(Effect.flip(Stream.runDrain(model.stream(requestWith()))))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).code, "PROVIDER_BUSY")
    })
  )

  it.effect("is not reached by a request that was given up while it waited", () =>
    Effect.gen(function* () {
      const bulkhead = yield* bulkheadOf(1, 1)
      const model = guardModel({ upstream: "fx", bulkhead })(streaming(Stream.never))
      yield* Effect.forkChild(Stream.runDrain(model.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      const waiting = yield* Effect.forkChild(Stream.runDrain(model.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(waiting)
      assert.deepInclude(yield* bulkhead.stats("fx"), { running: 1, waiting: 0 })
    })
  )
})
