import { assert, describe, it } from "@effect/vitest"
import { Logging, type LogLevelName } from "@signalbox/logging"
import { Effect } from "effect"
import { TestConsole } from "effect/testing"
import { spawnSync } from "node:child_process"
import { linesOf, recordsOf } from "./capture.ts"

const everyLevel = Effect.all([
  Effect.logTrace("1"),
  Effect.logDebug("2"),
  Effect.logInfo("3"),
  Effect.logWarning("4"),
  Effect.logError("5"),
  Effect.logFatal("6")
])

const printed = (level: LogLevelName) =>
  Effect.map(recordsOf(everyLevel, { level }), (records) => records.map((record) => record["level"]))

describe("the logging layer", () => {
  it.effect("prints from its level upwards, in lower case", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* printed("trace"), ["trace", "debug", "info", "warn", "error", "fatal"])
      assert.deepStrictEqual(yield* printed("warn"), ["warn", "error", "fatal"])
      assert.deepStrictEqual(yield* printed("none"), [])
    })
  )
  it.effect("writes to standard error and leaves standard output clean", () =>
    Effect.gen(function* () {
      for (const format of ["pretty", "json", "logfmt"] as const) {
        yield* everyLevel.pipe(Effect.provide(Logging.layer({ format, level: "trace" })))
      }
      assert.deepStrictEqual(yield* TestConsole.logLines, [])
      assert.strictEqual((yield* TestConsole.errorLines).length, 18)
    }).pipe(Effect.provide(TestConsole.layer))
  )
  it("writes to standard error of a real process", () => {
    const script = `
      import { Logging } from "@signalbox/logging"
      import { Effect } from "effect"
      await Effect.runPromise(Effect.logInfo("100% %s").pipe(Effect.provide(Logging.layer({ format: "json", level: "info" }))))`
    const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: import.meta.dirname,
      encoding: "utf8"
    })
    assert.strictEqual(done.stdout, "")
    const record: unknown = JSON.parse(done.stderr)
    assert.strictEqual(Reflect.get(Object(record), "message"), "100% %s")
  })
  it.effect("replaces the loggers that were there before", () =>
    Effect.gen(function* () {
      const outer = yield* linesOf(linesOf(Effect.logInfo("inner")))
      assert.deepStrictEqual(outer, [])
    })
  )
})
