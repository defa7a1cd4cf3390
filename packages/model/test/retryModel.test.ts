import {
  CallerPatience,
  collectReply,
  FallbackAhead,
  type LanguageModel,
  makeLanguageModel,
  type ModelError,
  type ModelEvent,
  type ModelRequest,
  ProviderAuthFailed,
  ProviderOverloaded,
  ProviderRateLimited,
  ProviderTimeout,
  retryModel,
  StreamInterrupted,
  textMessage,
  textOf
} from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { retryPolicy } from "@signalbox/resilience"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Logger, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"

const request: ModelRequest = {
  model: "",
  messages: [textMessage("user", "hello")],
  tools: [],
  system: [],
  maxTokens: 9
}
const policy = retryPolicy({ attempts: 3, base: "1 second", factor: 2, cap: "60 seconds", jitter: "none" })
const overloaded = new ProviderOverloaded({ provider: "fx", reason: "busy", httpStatus: 503 })
const limited = (retryAfter: Duration.Duration) =>
  new ProviderRateLimited({ provider: "fx", reason: "slow", retryAfter })

type Ask = (model: LanguageModel["Service"]) => Effect.Effect<string, ModelError>
const asked: Readonly<Record<string, Ask>> = {
  streamed: (model) => Effect.map(collectReply("fx", model.stream(request)), ({ content }) => textOf(content)),
  whole: (model) => Effect.map(model.generate(request), ({ content }) => textOf(content))
}

describe.each(Object.entries(asked))("an answer that is %s", (_, ask) => {
  it.effect("is asked for again after a pause when the provider is overloaded", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: overloaded }, { error: overloaded }, { text: "hi" }])
      const answer = yield* Effect.forkChild(ask(retryModel(policy)(script.model)))
      yield* TestClock.adjust("999 millis")
      assert.lengthOf(yield* script.requests, 1)
      yield* TestClock.adjust("1 millis")
      assert.lengthOf(yield* script.requests, 2)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(answer), "hi")
      assert.lengthOf(yield* script.requests, 3)
    })
  )

  it.effect("is asked for once more, after a moment, where somebody else can be asked", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: overloaded }, { error: overloaded }, { text: "never" }])
      const model = retryModel(policy)(script.model)
      const answer = yield* Effect.forkChild(Effect.flip(ask(model)).pipe(Effect.provideService(FallbackAhead, true)))
      yield* TestClock.adjust("250 millis")
      assert.strictEqual(yield* Fiber.join(answer), overloaded)
      assert.lengthOf(yield* script.requests, 2)
    })
  )

  it.effect("is not waited for at all where the provider wants longer and somebody else can be asked", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: limited(Duration.seconds(7)) }, { text: "never" }])
      const asking = Effect.flip(ask(retryModel(policy)(script.model)))
      const error = yield* Effect.provideService(asking, FallbackAhead, true)
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(7))
      assert.lengthOf(yield* script.requests, 1)
    })
  )

  it.effect("waits as long as the provider wants", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: limited(Duration.seconds(7)) }, { text: "hi" }])
      const answer = yield* Effect.forkChild(ask(retryModel(policy)(script.model)))
      yield* TestClock.adjust("6999 millis")
      assert.lengthOf(yield* script.requests, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(answer), "hi")
    })
  )

  it.effect("is not waited for where its caller comes again sooner than the provider wants", () =>
    Effect.gen(function* () {
      const error = limited(Duration.seconds(7))
      const script = yield* scriptedModel([{ error }, { text: "never" }])
      const asking = Effect.flip(ask(retryModel(policy)(script.model)))
      assert.strictEqual(yield* Effect.provideService(asking, CallerPatience, Duration.seconds(2)), error)
      assert.lengthOf(yield* script.requests, 1)
    })
  )

  it.effect("is waited for as long as its caller is patient, and by our own pauses", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([
        { error: limited(Duration.seconds(2)) },
        { error: overloaded },
        { text: "hi" }
      ])
      const asking = Effect.provideService(ask(retryModel(policy)(script.model)), CallerPatience, Duration.seconds(2))
      const answer = yield* Effect.forkChild(asking)
      yield* TestClock.adjust("1999 millis")
      assert.lengthOf(yield* script.requests, 1)
      yield* TestClock.adjust("1 millis")
      assert.lengthOf(yield* script.requests, 2)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(answer), "hi")
    })
  )

  it.effect("is waited for with a word about how long and why", () =>
    Effect.gen(function* () {
      const told: Array<unknown> = []
      const logger = Logger.layer([Logger.make(({ message }) => void told.push(...[message].flat()))])
      const script = yield* scriptedModel([
        { error: limited(Duration.seconds(20)) },
        { error: overloaded },
        { text: "hi" }
      ])
      const answer = yield* Effect.forkChild(Effect.provide(ask(retryModel(policy)(script.model)), logger))
      yield* TestClock.adjust("22 seconds")
      yield* Fiber.join(answer)
      assert.deepStrictEqual(told, [
        "Trying again in 20s, as it asks (attempt 2 of 3): fx limits the rate of requests: slow",
        "Trying again (attempt 3 of 3): fx is overloaded or failing (HTTP 503): busy"
      ])
    })
  )

  it.effect("fails with the provider's own error after the last attempt", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: overloaded }, { error: overloaded }, { error: overloaded }])
      const answer = yield* Effect.forkChild(Effect.flip(ask(retryModel(policy)(script.model))))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(answer), overloaded)
      assert.lengthOf(yield* script.requests, 3)
    })
  )

  it.effect("fails at once when the provider wants a longer pause than the policy allows", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: limited(Duration.minutes(5)) }])
      const error = yield* Effect.flip(ask(retryModel(policy)(script.model)))
      assert.strictEqual(error.code, "PROVIDER_RATE_LIMITED")
      assert.deepStrictEqual(error.retryAfter, Duration.minutes(5))
    })
  )

  it.effect.each([
    new ProviderAuthFailed({ provider: "fx", reason: "no", httpStatus: 401 }),
    new ProviderTimeout({ provider: "fx", reason: "late", limit: Duration.minutes(10) })
  ])("is not asked for again after $_tag", (error) =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error }, { text: "hi" }])
      assert.strictEqual(yield* Effect.flip(ask(retryModel(policy)(script.model))), error)
      assert.lengthOf(yield* script.requests, 1)
    })
  )

  it.effect("is not waited for any more once nobody wants it", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ error: overloaded }, { text: "hi" }])
      const answer = yield* Effect.forkChild(ask(retryModel(policy)(script.model)))
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(answer)
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(yield* script.requests, 1)
    })
  )
})

const start: ModelEvent = {
  type: "message_start",
  message: { id: "msg_1", model: "fx", usage: { input_tokens: 1, output_tokens: 0 } }
}

/** A model whose streams are given, and how many of them are open. */
const streaming = Effect.fnUntraced(function* (streams: ReadonlyArray<Stream.Stream<ModelEvent, ModelError>>) {
  const asked = yield* Ref.make(0)
  const open = yield* Ref.make(0)
  const model = makeLanguageModel({
    provider: "fx",
    defaultModel: "fx",
    stream: () =>
      Stream.unwrap(
        Effect.gen(function* () {
          yield* Effect.acquireRelease(
            Ref.update(open, (n) => n + 1),
            () => Ref.update(open, (n) => n - 1)
          )
          return streams[yield* Ref.getAndUpdate(asked, (n) => n + 1)] ?? Stream.empty
        })
      )
  })
  return { model: retryModel(policy)(model), asked: Ref.get(asked), open: Ref.get(open) }
})

describe("a stream that has begun", () => {
  it.effect("is not begun again: its failure passes on after what was read", () =>
    Effect.gen(function* () {
      const broken = new StreamInterrupted({ provider: "fx", reason: "cut" })
      const fx = yield* streaming([Stream.concat(Stream.make(start), Stream.fail(broken))])
      const seen: Array<ModelEvent> = []
      const error = yield* Effect.flip(
        Stream.runForEach(fx.model.stream(request), (event) => Effect.sync(() => void seen.push(event)))
      )
      assert.strictEqual(error, broken)
      assert.deepStrictEqual(seen, [start])
      assert.strictEqual(yield* fx.asked, 1)
    })
  )

  it.effect("gives out its first event as soon as it is there", () =>
    Effect.gen(function* () {
      const fx = yield* streaming([Stream.concat(Stream.make(start), Stream.never)])
      const first = yield* Stream.runHead(fx.model.stream(request))
      assert.deepStrictEqual(first._tag === "Some" ? first.value : undefined, start)
      assert.strictEqual(yield* fx.open, 0)
    })
  )

  it.effect("has closed the attempts before it", () =>
    Effect.gen(function* () {
      const fx = yield* streaming([Stream.fail(overloaded), Stream.concat(Stream.make(start), Stream.never)])
      const reading = yield* Effect.forkChild(Stream.runDrain(fx.model.stream(request)))
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* fx.open, 0)
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* fx.open, 1)
      yield* Fiber.interrupt(reading)
      assert.strictEqual(yield* fx.open, 0)
    })
  )

  it.effect("may be empty", () =>
    Effect.gen(function* () {
      const fx = yield* streaming([Stream.empty])
      assert.deepStrictEqual([...(yield* Stream.runCollect(fx.model.stream(request)))], [])
    })
  )
})
