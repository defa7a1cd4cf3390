import { assert, describe, it } from "@effect/vitest"
import { defineError, statuses, withCorrelationId } from "@signalbox/errors"
import { Cause, Effect, Schema } from "effect"
import { linesOf } from "./capture.ts"

class Refused extends defineError<Refused>()("Refused", {
  code: "REFUSED",
  status: statuses.forbidden,
  fields: {},
  message: () => "It was refused.",
  hint: () => "Ask again."
}) {}

const failing = Effect.logError(
  "call failed",
  { tool: "echo", n: 1 },
  Cause.fail(new Refused({ cause: new Error("below") }))
)

const first = <A, E>(effect: Effect.Effect<A, E>, options: Parameters<typeof linesOf>[1]) =>
  Effect.map(linesOf(effect, options), ([line]) => line ?? "")

/** Reads logfmt back, by the rules that its readers share. */
const readLogfmt = (line: string): Record<string, string> => {
  const pairs = [...line.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)(?: |$)/gy)]
  assert.strictEqual(pairs.map(([pair]) => pair).join(""), line)
  return Object.fromEntries(
    pairs.map(([, key = "", value = ""]) => {
      const text: unknown = value.startsWith('"') ? JSON.parse(value) : value
      return [key, String(text)]
    })
  )
}

describe("the pretty format", () => {
  it.effect("shows time, level, message, fields, and the error with its hint and causes", () =>
    Effect.gen(function* () {
      const text = yield* first(failing.pipe(withCorrelationId("abc")), { format: "pretty" })
      const [head, ...rest] = text.split("\n")
      assert.match(head ?? "", /^\d\d:\d\d:\d\d\.\d{3} ERROR call failed tool=echo n=1 correlation_id=abc$/)
      assert.deepStrictEqual(rest, ["  REFUSED It was refused.", "  hint: Ask again.", "  caused by INTERNAL below"])
    })
  )
  it.effect("has colours only when asked", () =>
    Effect.gen(function* () {
      const plain = yield* first(failing, { format: "pretty" })
      const colored = yield* first(failing, { format: "pretty", colors: true })
      assert.notInclude(plain, "\u001B")
      assert.include(colored, "\u001B[31mERROR\u001B[39m")
      assert.strictEqual(
        colored
          .split("\u001B")
          .map((part) => part.replace(/^\[\d+m/, ""))
          .join(""),
        plain
      )
    })
  )
  it.effect("shows the stack of a defect", () =>
    Effect.gen(function* () {
      const text = yield* first(Effect.logError("x", Cause.die(new TypeError("bad"))), { format: "pretty" })
      assert.match(text, /INTERNAL bad\n\s+at .*formats\.test\.ts/)
    })
  )
  it.effect("lets no logged text move the cursor or pose as a record", () =>
    Effect.gen(function* () {
      const text = yield* first(Effect.logInfo("a\u001B[2J\r\n12:00:00.000 ERROR forged\u0007"), { format: "pretty" })
      for (const character of ["\u001B", "\u0007", "\r"]) assert.notInclude(text, character)
      assert.include(text, "\n  12:00:00.000 ERROR forged\\u0007")
    })
  )
})

describe("the logfmt format", () => {
  it.effect("is one line of pairs with nested fields under dotted names", () =>
    Effect.gen(function* () {
      const line = yield* first(failing, { format: "logfmt" })
      const { ts, ...fields } = readLogfmt(line)
      assert.match(ts ?? "", /^1970-/)
      assert.deepStrictEqual(fields, {
        level: "error",
        message: "call failed",
        tool: "echo",
        n: "1",
        "error.error_type": "Refused",
        "error.error_code": "REFUSED",
        "error.message": "It was refused.",
        "error.hint": "Ask again.",
        "error.retryable": "false",
        "error.cause.error_type": "Error",
        "error.cause.error_code": "INTERNAL",
        "error.cause.message": "below"
      })
    })
  )
  it.effect.prop("reads back whatever text is logged", [Schema.String, Schema.String], ([text, value]) =>
    Effect.gen(function* () {
      const line = yield* first(Effect.logInfo(text, { value, list: [value] }), { format: "logfmt" })
      assert.notInclude(line, "\n")
      const fields = readLogfmt(line)
      assert.strictEqual(fields["message"], text)
      assert.strictEqual(fields["value"], value)
      assert.deepStrictEqual(JSON.parse(fields["list"] ?? ""), [value])
    })
  )
})
