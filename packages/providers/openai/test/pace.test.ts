import { assert, describe, it } from "@effect/vitest"
import { askFor } from "@signalbox/model/testing"
import { makeOpenAi, openAiDefaults } from "@signalbox/provider-openai"
import { Clock, Duration, Effect, Fiber, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

const answer = JSON.stringify({ choices: [{ message: { content: "ok" }, finish_reason: "stop" }] })

/** A model whose every answer has these headers, and the times of its requests. */
const makeModel = (headers: (now: number) => Readonly<Record<string, string>>) => {
  const times: Array<number> = []
  const client = HttpClient.make((request) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      times.push(now)
      const more = { "content-type": "application/json", ...headers(now) }
      return HttpClientResponse.fromWeb(request, new Response(answer, { headers: more }))
    })
  )
  const options = {
    ...openAiDefaults,
    apiKey: Redacted.make("k"),
    defaultModel: "m",
    requestTimeout: Duration.minutes(5)
  }
  return Effect.map(Effect.provideService(makeOpenAi(options), HttpClient.HttpClient, client), (model) => ({
    model,
    times
  }))
}

/** When the second of two requests is sent, if the clock goes on in seconds. */
const secondAfter = Effect.fnUntraced(function* (headers: (now: number) => Readonly<Record<string, string>>) {
  const { model, times } = yield* makeModel(headers)
  yield* model.generate(askFor())
  const second = yield* Effect.forkChild(model.generate(askFor()))
  for (let passed = 0; passed < 120 && times.length < 2; passed++) yield* TestClock.adjust("1 second")
  yield* Fiber.join(second)
  return ((times[1] ?? 0) - (times[0] ?? 0)) / 1000
})

describe("The pace of requests", () => {
  for (const [name, headers, seconds] of [
    ["a span", () => ({ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s" }), 62],
    [
      "a span below a second",
      () => ({ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms" }),
      0.12
    ],
    ["a time in milliseconds", () => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000003000" }), 3],
    ["a time in seconds", () => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000004" }), 4],
    ["seconds", () => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "5" }), 5],
    ["what is not a time", () => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon" }), 0],
    [
      "a time that does not matter, since something remains",
      () => ({ "x-ratelimit-remaining": "1", "x-ratelimit-reset": "5" }),
      0
    ],
    ["nothing", () => ({}), 0]
  ] as const) {
    it.effect(`waits until the limit is reset, which the server says as ${name}`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_800_000_000_000)
        assert.strictEqual(yield* secondAfter(headers), seconds)
      })
    )
  }

  it.effect("is not waited for longer than for an answer", () =>
    Effect.gen(function* () {
      const { model, times } = yield* makeModel(() => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "301" }))
      yield* model.generate(askFor())
      const error = yield* Effect.flip(model.generate(askFor()))
      assert.strictEqual(error._tag, "ProviderRateLimited")
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(301))
      assert.strictEqual(times.length, 1)
    })
  )
})
