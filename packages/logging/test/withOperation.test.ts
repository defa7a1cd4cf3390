import { assert, describe, it } from "@effect/vitest"
import { defineError, statuses } from "@signalbox/errors"
import { operationDuration, withOperation } from "@signalbox/logging"
import { Effect, Fiber, Metric } from "effect"
import { TestClock } from "effect/testing"
import { recordsOf } from "./capture.ts"

class Refused extends defineError<Refused>()("Refused", {
  code: "REFUSED",
  status: statuses.forbidden,
  fields: {},
  message: () => "refused"
}) {}

const brief = (records: ReadonlyArray<Record<string, unknown>>) =>
  records.map(({ duration_ms, level, message }) => [level, message, duration_ms])

const endOf = <E>(effect: Effect.Effect<never, E>) =>
  Effect.map(recordsOf(effect.pipe(withOperation("call"))), (records) => {
    assert.strictEqual(records.length, 2)
    return records[1] ?? {}
  })

const inner = <A, E>(end: Effect.Effect<A, E>) =>
  Effect.andThen(Effect.logInfo("inside"), end).pipe(
    withOperation("tool", { tool_name: "echo", tool_call_id: "c1" }),
    Effect.exit
  )

const tool = (name: string) =>
  Effect.andThen(Effect.yieldNow, Effect.logInfo(name)).pipe(withOperation("tool", { tool_name: name }))

const valueOf = (outcome: string) =>
  Metric.value(Metric.withAttributes(operationDuration, { operation: "measured", outcome }))

describe("an operation", () => {
  it.effect("logs its start and its end with its duration", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(
        recordsOf(Effect.sleep("30 millis").pipe(withOperation("call", { tool: "echo" })))
      )
      yield* TestClock.adjust("30 millis")
      const records = yield* Fiber.join(fiber)
      assert.deepStrictEqual(brief(records), [
        ["debug", "call started", undefined],
        ["debug", "call done", 30]
      ])
      for (const record of records) {
        assert.strictEqual(record["operation"], "call")
        assert.strictEqual(record["tool"], "echo")
        assert.isString(record["trace_id"])
      }
    })
  )
  it.effect("warns of an expected failure, reports a defect as an error, and does not mind interruption", () =>
    Effect.gen(function* () {
      const failed = yield* endOf(Effect.fail(new Refused()))
      assert.deepStrictEqual(
        [failed["level"], failed["message"], failed["error_type"], failed["duration_ms"]],
        ["warn", "call failed", "Refused", 0]
      )
      assert.notProperty(failed["error"], "stack")
      const defect = yield* endOf(Effect.die(new TypeError("bug")))
      assert.deepStrictEqual([defect["level"], defect["error_type"]], ["error", "TypeError"])
      assert.property(defect["error"], "stack")
      const interrupted = yield* endOf(Effect.interrupt)
      assert.deepStrictEqual([interrupted["level"], interrupted["message"]], ["debug", "call interrupted"])
      assert.notProperty(interrupted, "error")
    })
  )
  it.effect("adds its context to all that is logged inside it, and to nothing after it, however it ends", () =>
    Effect.gen(function* () {
      const records = yield* recordsOf(
        Effect.gen(function* () {
          for (const end of [Effect.void, Effect.fail("x"), Effect.interrupt, Effect.die("x")]) {
            yield* inner(end)
            yield* Effect.logInfo("after")
          }
        }).pipe(withOperation("request", { request_id: "r1" })),
        { level: "info" }
      )
      const inside = records.filter((record) => record["message"] === "inside")
      const after = records.filter((record) => record["message"] === "after")
      assert.deepStrictEqual([inside.length, after.length], [4, 4])
      for (const { operation, request_id, tool_name } of inside) {
        assert.deepStrictEqual([operation, request_id, tool_name], ["tool", "r1", "echo"])
      }
      for (const record of after) {
        assert.deepStrictEqual([record["operation"], record["request_id"]], ["request", "r1"])
        assert.notProperty(record, "tool_name")
      }
    })
  )
  it.effect("keeps the contexts of parallel operations apart", () =>
    Effect.gen(function* () {
      const records = yield* recordsOf(Effect.all([tool("a"), tool("b"), tool("c")], { concurrency: "unbounded" }), {
        level: "info"
      })
      assert.strictEqual(records.length, 3)
      for (const { message, tool_name } of records) assert.strictEqual(tool_name, message)
    })
  )
  it.effect("masks secrets in its context, in the log and on the span", () =>
    Effect.gen(function* () {
      let attributes = ""
      const records = yield* recordsOf(
        Effect.gen(function* () {
          const span = yield* Effect.currentSpan
          attributes = JSON.stringify([...span.attributes])
        }).pipe(withOperation("call", { input: { password: "hunter22" }, key: "sk-canary-0123456789" }))
      )
      assert.notMatch(JSON.stringify(records) + attributes, /hunter22|canary/)
      assert.include(attributes, "<redacted>")
    })
  )
  it.effect("feeds a histogram of durations by name and outcome", () =>
    Effect.gen(function* () {
      const observed = Effect.all([
        Effect.sleep("30 millis").pipe(withOperation("measured")),
        Effect.exit(Effect.fail("x").pipe(withOperation("measured")))
      ])
      const fiber = yield* Effect.forkChild(recordsOf(observed))
      yield* TestClock.adjust("30 millis")
      yield* Fiber.join(fiber)
      const success = yield* valueOf("success")
      assert.deepStrictEqual([success.count, success.sum], [1, 30])
      assert.strictEqual((yield* valueOf("failure")).count, 1)
    })
  )
})
