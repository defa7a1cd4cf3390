import { assert, describe, it } from "@effect/vitest"
import { defineError, statuses, withCorrelationId } from "@signalbox/errors"
import { maxTextLength } from "@signalbox/logging"
import { Arbitrary, Cause, Duration, Effect, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { linesOf, recordsOf } from "./capture.ts"

class ToolTimeout extends defineError<ToolTimeout>()("ToolTimeout", {
  code: "TOOL_TIMEOUT",
  status: statuses.timeout,
  fields: { toolName: Schema.String },
  message: ({ toolName }) => `The tool "${toolName}" took too long.`,
  hint: () => "Raise its limit."
}) {}

const request = (id: string) =>
  Effect.all([Effect.logInfo(id), Effect.yieldNow, Effect.logInfo(id)]).pipe(withCorrelationId(id))

const only = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(recordsOf(effect), (records) => {
    assert.strictEqual(records.length, 1)
    return records[0] ?? {}
  })

describe("a JSON record", () => {
  it.effect("has its keys in fixed order", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 20, 8, 30, 0, 7))
      const record = yield* only(
        Effect.logWarning("calling tool", { tool: "echo" }, Cause.fail(new ToolTimeout({ toolName: "echo" }))).pipe(
          Effect.annotateLogs({ server: "fs", duration_ms: 3, operation: "call" }),
          Effect.withSpan("call"),
          withCorrelationId("abc")
        )
      )
      assert.deepStrictEqual(Object.keys(record), [
        "ts",
        "level",
        "message",
        "correlation_id",
        "operation",
        "trace_id",
        "span_id",
        "duration_ms",
        "server",
        "tool",
        "error"
      ])
      assert.strictEqual(record["ts"], "2026-11-20T08:30:00.007Z")
      assert.strictEqual(record["message"], "calling tool")
      assert.strictEqual(record["correlation_id"], "abc")
      assert.deepStrictEqual(record["error"], {
        error_type: "ToolTimeout",
        error_code: "TOOL_TIMEOUT",
        message: 'The tool "echo" took too long.',
        details: { tool_name: "echo" },
        hint: "Raise its limit.",
        retryable: false
      })
    })
  )
  it.effect("carries the correlation id of its own fiber only", () =>
    Effect.gen(function* () {
      const records = yield* recordsOf(
        Effect.andThen(Effect.all([request("a"), request("b")], { concurrency: 2 }), Effect.logInfo("none"))
      )
      assert.strictEqual(records.length, 5)
      for (const { correlation_id, message } of records) assert.strictEqual(correlation_id ?? "none", message)
    })
  )
  it.effect("has a stack for defects, whose code is INTERNAL, and none for expected failures", () =>
    Effect.gen(function* () {
      const expected = yield* only(Effect.logError("failed", Cause.fail(new ToolTimeout({ toolName: "x" }))))
      assert.notProperty(expected["error"], "stack")
      const bug = Object.assign(new TypeError("bad"), { code: "ERR_SOMETHING" })
      const defect = yield* only(Effect.logError("failed", Cause.die(bug)))
      assert.include(Reflect.get(Object(defect["error"]), "stack"), "logRecord.test.ts")
      assert.strictEqual(Reflect.get(Object(defect["error"]), "error_code"), "INTERNAL")
      assert.strictEqual(Reflect.get(Object(defect["error"]), "error_type"), "TypeError")
    })
  )
  it.effect("takes an error among the arguments, or alone", () =>
    Effect.gen(function* () {
      const error = new ToolTimeout({ toolName: "x" })
      assert.property((yield* only(Effect.logError("failed", error)))["error"], "error_code")
      assert.strictEqual((yield* only(Effect.logError(error)))["message"], error.message)
      const cancelled = yield* only(Effect.logInfo("stopped", Cause.interrupt(1)))
      assert.strictEqual(Reflect.get(Object(cancelled["error"]), "error_code"), "CANCELLED")
    })
  )
  it.effect("tells durations with two decimals", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* only(Effect.logInfo("x", { duration_ms: 214.21427 })))["duration_ms"], 214.21)
    })
  )
  it.effect("lets no annotation hide a key of its own", () =>
    Effect.gen(function* () {
      const record = yield* only(Effect.logInfo("real", { message: "forged", level: "forged", ts: 1, 0: "index" }))
      assert.strictEqual(record["message"], "real")
      assert.strictEqual(record["message_"], "forged")
      assert.strictEqual(record["level"], "info")
      assert.strictEqual(record["ts_"], 1)
      assert.strictEqual(Object.keys(record)[0], "ts")
    })
  )
  it.effect("never prints a secret, wherever it hides", () =>
    Effect.gen(function* () {
      const secret = "sk-canary-0123456789"
      class Leaky extends Error {
        readonly code = secret
      }
      const lines = yield* linesOf(
        Effect.all([
          Effect.logInfo(`the key is ${secret}`),
          Effect.logInfo("x", { deep: [{ headers: { authorization: "hunter22hunter22" }, text: secret }] }),
          Effect.logInfo("x", { value: Redacted.make(secret), map: new Map([["k", secret]]) }),
          Effect.logError("x", Cause.fail(new Error(secret, { cause: new Error(secret) }))),
          Effect.logError("x", Cause.die(new Leaky(`Bearer ${secret}`))),
          Effect.logInfo(`${"x".repeat(maxTextLength - 10)} ${secret}`)
        ]).pipe(Effect.annotateLogs({ apiKey: "hunter22hunter22", note: secret }))
      )
      assert.strictEqual(lines.length, 6)
      for (const line of lines) assert.notMatch(line, /canary|hunter22/)
    })
  )
  it.effect("bounds what it prints", () =>
    Effect.gen(function* () {
      const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, index]))
      let tree: unknown = "leaf"
      for (let level = 0; level < 8; level++) tree = Array.from({ length: 20 }, () => tree)
      const [line] = yield* linesOf(
        Effect.logInfo("y".repeat(1_000_000), { wide, tree, list: Array.from({ length: 5_000 }, () => 1) })
      )
      assert.isBelow(line?.length ?? Number.POSITIVE_INFINITY, 60_000)
    })
  )
  it.effect("prints what JSON cannot say", () =>
    Effect.gen(function* () {
      const loop: Record<string, unknown> = { big: 12n, not: Number.NaN, when: new Date(0), pause: Duration.seconds(2) }
      loop["self"] = loop
      loop["bytes"] = new Uint8Array(3)
      loop["run"] = Symbol("s")
      const record = yield* only(Effect.logInfo("x", { loop }))
      assert.deepStrictEqual(record["loop"], {
        big: "12",
        not: "NaN",
        when: "1970-01-01T00:00:00.000Z",
        pause: 2000,
        self: "<circular>",
        bytes: "<3 bytes>",
        run: "Symbol(s)"
      })
    })
  )
  it.effect("survives values that fail when they are read", () =>
    Effect.gen(function* () {
      const trap = Object.defineProperty({}, "x", {
        enumerable: true,
        get: () => {
          throw new Error("trap")
        }
      })
      assert.include((yield* only(Effect.logInfo("x", { trap })))["message"], "could not be printed")
    })
  )
  it.effect.prop(
    "is one line that reads back, whatever is logged",
    [Arbitrary.schema(Schema.Json), Schema.String],
    ([value, text]) =>
      Effect.gen(function* () {
        const [line, ...others] = yield* linesOf(Effect.logInfo(text, value, { value }))
        assert.deepStrictEqual(others, [])
        assert.notInclude(line, "\n")
        const record: unknown = JSON.parse(line ?? "")
        assert.deepStrictEqual(Object.keys(Object(record)).slice(0, 4), ["ts", "level", "message", "correlation_id"])
      })
  )
})
