import { assert, describe, it } from "@effect/vitest"
import { duplicateCodes, errorTable, toJson } from "@signalbox/errors"
import { CircuitOpen, PoolExhausted, PoolNotRegistered, resilienceErrors, RetryExhausted } from "@signalbox/resilience"
import { Duration } from "effect"

describe("the errors of resilience", () => {
  it("have one code each", () => {
    assert.deepStrictEqual(duplicateCodes(resilienceErrors), [])
    assert.deepStrictEqual(
      errorTable(resilienceErrors).map((row) => row.code),
      [
        "BULKHEAD_FULL",
        "BULKHEAD_TIMEOUT",
        "CIRCUIT_OPEN",
        "DEADLINE_EXCEEDED",
        "POOL_CONNECT_TIMEOUT",
        "POOL_EXHAUSTED",
        "POOL_NOT_REGISTERED",
        "RATE_EXCEEDED",
        "RESILIENCE_SETTINGS_INVALID",
        "RETRY_EXHAUSTED"
      ]
    )
  })
  it("name the place and the next step", () => {
    const exhausted = new PoolExhausted({ key: "files", waited: Duration.millis(50), max: 2 })
    assert.strictEqual(exhausted.message, 'No connection to "files" became free within 50ms; it may have 2 at most.')
    assert.include(exhausted.hint ?? "", "files")
    assert.deepStrictEqual(toJson(exhausted).details, { key: "files", waited: 50, max: 2 })
    assert.include(new PoolNotRegistered({ key: "files" }).message, '"files"')
  })
  it("say whether trying again makes sense, and when", () => {
    const open = new CircuitOpen({ circuit: "files", retryAfter: Duration.seconds(3) })
    assert.isTrue(open.retryable)
    assert.deepStrictEqual(toJson(open).details, { circuit: "files", retry_after: 3000 })
    assert.isFalse(new RetryExhausted({ attempts: 1, lastError: "x" }).retryable)
  })
})
