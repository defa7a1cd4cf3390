import { ProviderCircuitOpen, ProviderRateLimited, retryHeaders } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"

const open = (retryAfter?: Duration.Duration) =>
  retryHeaders(
    new ProviderCircuitOpen({ provider: "fx", reason: "no.", ...(retryAfter === undefined ? {} : { retryAfter }) })
  )

describe("whether and when a client should ask again", () => {
  it("is what the failure says, in whole seconds that are never too short", () => {
    const limited = new ProviderRateLimited({ provider: "fx", reason: "slow", retryAfter: Duration.millis(20_100) })
    assert.deepStrictEqual(retryHeaders(limited), { "x-should-retry": "true", "retry-after": "21" })
    assert.deepStrictEqual(retryHeaders(new Error("no")), {})
  })

  it("is not while an upstream is left alone for longer than a moment, and nobody is sent away for long", () => {
    assert.deepStrictEqual(open(Duration.seconds(30)), { "x-should-retry": "false", "retry-after": "5" })
    assert.deepStrictEqual(open(Duration.seconds(3)), { "x-should-retry": "false", "retry-after": "3" })
    assert.deepStrictEqual(open(Duration.millis(1500)), { "x-should-retry": "true", "retry-after": "2" })
    assert.deepStrictEqual(open(), { "x-should-retry": "false" })
  })
})
