import {
  CallerPatience,
  FallbackAhead,
  type LanguageModel,
  makeLanguageModel,
  makeRateBucket,
  type ModelError,
  ProviderRateLimited,
  ratedModel
} from "@signalbox/model"
import { fetchJson, RateLimitObserver, type RateLimits } from "@signalbox/model/http"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Logger, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { requestWith } from "../requests.ts"

/** A model whose every answer names these limits. */
const limited = Effect.fnUntraced(function* (limits: (now: number) => RateLimits) {
  const script = yield* scriptedModel(Array.from({ length: 30 }, () => ({ text: "hi" })))
  const report = Effect.flatMap(RateLimitObserver, (observe) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => observe(limits(now)))
  )
  const model = makeLanguageModel({
    provider: "fx",
    defaultModel: "fx",
    stream: (request) => Stream.unwrap(Effect.as(report, script.model.stream(request))),
    generate: (request) => Effect.andThen(report, script.model.generate(request))
  })
  const rated = ratedModel({ bucket: yield* makeRateBucket, maxWait: "1 minute" })
  return { model: rated(model), requests: script.requests }
})

type Ask = (model: LanguageModel["Service"]) => Effect.Effect<unknown, ModelError>
const asked: Readonly<Record<string, Ask>> = {
  streamed: (model) => Stream.runDrain(model.stream(requestWith())),
  whole: (model) => model.generate(requestWith())
}

describe.each(Object.entries(asked))("a request after the last that remained, %s", (_, ask) => {
  it.effect("is delayed until the limit is reset", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* limited((now) => [
        { kind: "requests", limit: 10, remaining: 0, resetsAt: now + 7000 }
      ])
      yield* ask(model)
      const second = yield* Effect.forkChild(ask(model))
      yield* TestClock.adjust("6999 millis")
      assert.lengthOf(yield* requests, 1)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(second)
      assert.lengthOf(yield* requests, 2)
    })
  )

  it.effect("is delayed by a limit of tokens alike", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* limited((now) => [
        { kind: "requests", limit: 10, remaining: 9, resetsAt: now + 1000 },
        { kind: "input_tokens", limit: 1000, remaining: 0, resetsAt: now + 3000 }
      ])
      yield* ask(model)
      yield* Effect.forkChild(ask(model))
      yield* TestClock.adjust("2999 millis")
      assert.lengthOf(yield* requests, 1)
      yield* TestClock.adjust("1 millis")
      assert.lengthOf(yield* requests, 2)
    })
  )

  it.effect("fails at once where the wait would be too long, with when to come again", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* limited((now) => [
        { kind: "requests", limit: 10, remaining: 0, resetsAt: now + 90_000 }
      ])
      yield* ask(model)
      const error = yield* Effect.flip(ask(model))
      assert.strictEqual(error.code, "PROVIDER_RATE_LIMITED")
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(90))
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("fails at once where somebody else can be asked", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* limited((now) => [
        { kind: "requests", limit: 10, remaining: 0, resetsAt: now + 3000 }
      ])
      yield* ask(model)
      const error = yield* Effect.flip(Effect.provideService(ask(model), FallbackAhead, true))
      assert.strictEqual(error.code, "PROVIDER_RATE_LIMITED")
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("fails at once where its caller comes again sooner", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* limited((now) => [
        { kind: "requests", limit: 10, remaining: 0, resetsAt: now + 3000 }
      ])
      yield* ask(model)
      const error = yield* Effect.flip(Effect.provideService(ask(model), CallerPatience, Duration.seconds(2)))
      assert.deepInclude(error, { code: "PROVIDER_RATE_LIMITED", retryAfter: Duration.seconds(3) })
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("says that it waits, where that is long enough to be noticed", () =>
    Effect.gen(function* () {
      const told: Array<unknown> = []
      const logger = Logger.layer([Logger.make(({ message }) => void told.push(...[message].flat()))])
      const waits = [999, 20_000]
      const { model } = yield* limited((now) => [
        { kind: "requests", limit: 10, remaining: 0, resetsAt: now + (waits.shift() ?? 0) }
      ])
      const answers = yield* Effect.forkChild(Effect.provide(Effect.replicateEffect(ask(model), 3), logger))
      yield* TestClock.adjust("21 seconds")
      yield* Fiber.join(answers)
      assert.deepStrictEqual(told, ["Waiting: fx limits the rate of requests: nothing remains of its limit for 20s."])
    })
  )

  it.effect("waits when the one before was refused with a time to wait", () =>
    Effect.gen(function* () {
      const refusal = new ProviderRateLimited({ provider: "fx", reason: "slow", retryAfter: Duration.seconds(5) })
      const script = yield* scriptedModel([{ error: refusal }, { text: "hi" }])
      const model = ratedModel({ bucket: yield* makeRateBucket, maxWait: "1 minute" })(script.model)
      assert.strictEqual(yield* Effect.flip(ask(model)), refusal)
      const second = yield* Effect.forkChild(ask(model))
      yield* TestClock.adjust("4999 millis")
      assert.lengthOf(yield* script.requests, 1)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(second)
    })
  )
})

describe("requests at the same time", () => {
  it.effect("share what remains, so that no more are sent than the upstream will take", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel(Array.from({ length: 3 }, () => ({ text: "hi" })))
      const bucket = yield* makeRateBucket
      yield* bucket.observe([{ kind: "requests", limit: 3, remaining: 2, resetsAt: 10_000 }])
      const model = ratedModel({ bucket, maxWait: "1 minute" })(script.model)
      const all = yield* Effect.forkChild(Effect.replicateEffect(model.generate(requestWith()), 3, { concurrency: 3 }))
      yield* TestClock.adjust("9999 millis")
      assert.lengthOf(yield* script.requests, 2)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(all)
    })
  )

  it.effect("do not all begin at the reset: no more than the limit do", () =>
    Effect.gen(function* () {
      const bucket = yield* makeRateBucket
      yield* bucket.observe([{ kind: "requests", limit: 2, remaining: 0, resetsAt: 5000 }])
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Effect.replicateEffect(bucket.take, 4), [0, 0, 1000, 1000])
    })
  )
})

it.effect("An answer over HTTP tells of its limits without the provider's doing", () =>
  Effect.gen(function* () {
    const seen: Array<RateLimits> = []
    const client = HttpClient.make((request) =>
      Effect.succeed(
        HttpClientResponse.fromWeb(
          request,
          new Response("{}", { headers: { "x-ratelimit-remaining": "0", "X-RateLimit-Reset": "7" } })
        )
      )
    )
    yield* fetchJson(client, {
      provider: "fx",
      url: "http://localhost/",
      headers: {},
      body: {},
      requestTimeout: Duration.seconds(1),
      idleTimeout: Duration.seconds(1),
      refused: ({ text }) => new ProviderRateLimited({ provider: "fx", reason: text })
    }).pipe(Effect.provideService(RateLimitObserver, (limits) => Effect.sync(() => void seen.push(limits))))
    assert.deepStrictEqual(seen, [[{ kind: "requests", limit: undefined, remaining: 0, resetsAt: 7000 }]])
  })
)
