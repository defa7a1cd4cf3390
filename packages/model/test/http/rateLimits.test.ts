import { readRateLimits } from "@signalbox/model/http"
import { assert, describe, it } from "@effect/vitest"

const now = Date.parse("2026-11-27T12:00:00Z")

describe("the limits in the headers of an answer", () => {
  it("are read as Anthropic writes them", () => {
    const headers = {
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "49",
      "anthropic-ratelimit-requests-reset": "2026-11-27T12:00:01Z",
      "anthropic-ratelimit-input-tokens-limit": "30000",
      "anthropic-ratelimit-input-tokens-remaining": "0",
      "anthropic-ratelimit-input-tokens-reset": "2026-11-27T13:01:30+01:00"
    }
    assert.deepStrictEqual(readRateLimits(headers, now), [
      { kind: "requests", limit: 50, remaining: 49, resetsAt: now + 1000 },
      { kind: "input_tokens", limit: 30_000, remaining: 0, resetsAt: now + 90_000 }
    ])
  })

  it.each([
    ["1s", 1000],
    ["6m0s", 360_000],
    ["20ms", 20],
    ["1.5s", 1500],
    ["1h2m3s", 3_723_000],
    ["8.64s", 8640],
    ["2d", 172_800_000],
    ["30", 30_000],
    ["0", 0],
    [String((now + 5000) / 1000), 5000],
    [String(now + 5000), 5000]
  ])("are read as OpenAI and others write them: reset %s", (reset, after) => {
    const headers = { "x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": reset }
    assert.deepStrictEqual(readRateLimits(headers, now), [
      { kind: "tokens", limit: undefined, remaining: 7, resetsAt: now + after }
    ])
  })

  it("are read without a kind, as OpenRouter writes them", () => {
    const headers = {
      "x-ratelimit-limit": "20",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(now + 60_000)
    }
    assert.deepStrictEqual(readRateLimits(headers, now), [
      { kind: "requests", limit: 20, remaining: 0, resetsAt: now + 60_000 }
    ])
  })

  it.each(["", "soon", "-1", "1x", "NaN", "m5"])("have no reset where that cannot be read: %j", (reset) => {
    const headers = { "x-ratelimit-remaining": "3", "x-ratelimit-reset": reset }
    assert.deepStrictEqual(readRateLimits(headers, now)[0]?.resetsAt, undefined)
  })

  it.each([undefined, "", "many", "-1"])("are passed over where nothing sensible remains: %j", (remaining) => {
    assert.deepStrictEqual(readRateLimits({ "x-ratelimit-remaining": remaining, "x-ratelimit-reset": "1s" }, now), [])
  })
})
