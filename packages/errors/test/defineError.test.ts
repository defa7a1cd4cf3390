import { assert, describe, it } from "@effect/vitest"
import {
  codeOf,
  defineError,
  duplicateCodes,
  errorTable,
  isSignalboxError,
  statuses,
  statusOf,
  toJson
} from "@signalbox/errors"
import { Cause, Duration, Effect, Exit, PlatformError, Redacted, Runtime, Schema } from "effect"

class ToolTimeout extends defineError<ToolTimeout>()("ToolTimeout", {
  code: "TOOL_TIMEOUT",
  status: statuses.timeout,
  fields: { toolName: Schema.String, serverName: Schema.String, limit: Schema.DurationFromMillis },
  message: ({ serverName, toolName }) => `The tool "${toolName}" of "${serverName}" took too long.`,
  hint: () => "Raise its time limit."
}) {}

class LoginFailed extends defineError<LoginFailed>()("LoginFailed", {
  code: "LOGIN_FAILED",
  status: statuses.unauthenticated,
  retryable: true,
  fields: { key: Schema.Redacted(Schema.String), note: Schema.String },
  message: ({ note }) => `Login failed: ${note}`
}) {}

const timeout = () => new ToolTimeout({ toolName: "t", serverName: "s", limit: Duration.millis(50) })

describe("an error class", () => {
  it.effect("is yieldable, caught by its tag, and carries code, status, message and hint", () =>
    Effect.gen(function* () {
      const caught = yield* Effect.gen(function* () {
        return yield* timeout()
      }).pipe(Effect.catchTag("ToolTimeout", (error) => Effect.succeed(error)))
      assert.strictEqual(caught.code, "TOOL_TIMEOUT")
      assert.strictEqual(caught.status.http, 504)
      assert.strictEqual(caught.message, 'The tool "t" of "s" took too long.')
      assert.strictEqual(caught.hint, "Raise its time limit.")
      assert.isFalse(caught.retryable)
      assert.isTrue(isSignalboxError(caught))
      assert.isTrue(caught instanceof Error)
    })
  )
  it("lets the instance decide whether it is retryable, and what to do next", () => {
    const error = new ToolTimeout({
      toolName: "t",
      serverName: "s",
      limit: Duration.zero,
      retryable: true,
      hint: "Wait."
    })
    assert.isTrue(error.retryable)
    assert.strictEqual(error.hint, "Wait.")
    assert.isTrue(new LoginFailed({ key: Redacted.make("k"), note: "" }).retryable)
  })
  it("sets the exit code of a program that ends with it", () => {
    assert.strictEqual(Reflect.get(timeout(), Runtime.errorExitCode), 4)
  })
  it("survives a JSON round trip through its own schema", () => {
    const codec = Schema.toCodecJson(ToolTimeout)
    const error = new ToolTimeout({
      toolName: "t",
      serverName: "s",
      limit: Duration.millis(50),
      retryAfter: Duration.seconds(1)
    })
    const text = JSON.stringify(Schema.encodeSync(codec)(error))
    const back = Schema.decodeUnknownSync(codec)(JSON.parse(text))
    assert.isTrue(back instanceof ToolTimeout)
    assert.deepStrictEqual(toJson(back), toJson(error))
    assert.deepStrictEqual(back.retryAfter, error.retryAfter)
  })
  it("is not complete without a code, a row of the table and a message", () => {
    const rest = { fields: {}, message: () => "x" }
    const halfRow = { http: 500, anthropic: "api_error", jsonRpc: -32603 } as const
    // The compiler is the judge here: a directive over a line without an error is an error.
    const attempts = () => [
      // @ts-expect-error there is no code
      defineError()("NoCode", { ...rest, status: statuses.internal }),
      // @ts-expect-error there is no row
      defineError()("NoRow", { ...rest, code: "NO_ROW" }),
      // @ts-expect-error the row has no exit code
      defineError()("HalfRow", { ...rest, code: "HALF_ROW", status: halfRow }),
      // @ts-expect-error there is no message
      defineError()("NoMessage", { code: "NO_MESSAGE", status: statuses.internal, fields: {} })
    ]
    assert.isFunction(attempts)
  })
  it("does not mistake other errors for its own kind", () => {
    assert.isFalse(isSignalboxError(new Error("x")))
    assert.isFalse(isSignalboxError(null))
  })
})

describe("an error as JSON", () => {
  it("puts the fields into details, in snake case", () => {
    const json = toJson(timeout())
    assert.strictEqual(json.error_type, "ToolTimeout")
    assert.strictEqual(json.error_code, "TOOL_TIMEOUT")
    assert.deepStrictEqual(json.details, { tool_name: "t", server_name: "s", limit: 50 })
  })
  it("never prints a secret", () => {
    const error = new LoginFailed({ key: Redacted.make("sk-test-123"), note: "key sk-test-1234567 refused" })
    const text = JSON.stringify(toJson(error))
    assert.notInclude(text, "sk-test")
    assert.include(text, "<redacted>")
  })
  it("shows both levels of a wrapped system error", () => {
    const missing = Object.assign(new Error("no such file"), { code: "ENOENT" })
    const json = toJson(new ToolTimeout({ toolName: "t", serverName: "s", limit: Duration.zero, cause: missing }))
    assert.strictEqual(json.cause?.error_code, "ENOENT")
    assert.strictEqual(json.cause?.message, "no such file")
  })
  it("cuts cycles and long chains of causes", () => {
    const a: Error & { cause?: unknown } = new Error("a")
    const b = new Error("b", { cause: a })
    a.cause = b
    assert.strictEqual(toJson(a).cause?.cause, undefined)
    let deep = new Error("0")
    for (let level = 1; level < 20; level++) deep = new Error(String(level), { cause: deep })
    let depth = 0
    for (let json = toJson(deep).cause; json !== undefined; json = json.cause) depth++
    assert.strictEqual(depth, 5)
  })
  it("shows wide and circular fields within bounds", () => {
    class Wide extends defineError<Wide>()("Wide", {
      code: "WIDE",
      status: statuses.internal,
      fields: { value: Schema.Unknown },
      message: () => "wide"
    }) {}
    const nodes = Array.from({ length: 30 }, (): Record<string, unknown> => ({}))
    for (const node of nodes) for (const [index, other] of nodes.entries()) node[`n${index}`] = other
    const started = process.hrtime.bigint()
    JSON.stringify(toJson(new Wide({ value: nodes })))
    assert.isBelow(Number(process.hrtime.bigint() - started), 5e9)
  })
  it("shows an error that reaches itself through a field, and one whose parts throw", () => {
    class Holder extends defineError<Holder>()("Holder", {
      code: "HOLDER",
      status: statuses.internal,
      fields: { items: Schema.mutable(Schema.Array(Schema.Unknown)) },
      message: () => "holds itself"
    }) {}
    const holder = new Holder({ items: [] })
    holder.items.push(holder, { again: holder })
    assert.include(JSON.stringify(toJson(holder)), "<circular>")
    const hostile = {
      get message(): string {
        throw new Error("no")
      }
    }
    assert.strictEqual(toJson(hostile).error_code, "INTERNAL")
    assert.strictEqual(toJson([Object.create(null)]).error_code, "INTERNAL")
  })
  it("keeps what it knows of an error when a part of it cannot be read", () => {
    const hostile = {
      get message(): string {
        throw new Error("no")
      }
    }
    for (const cause of [hostile, [Object.create(null)]]) {
      const json = toJson(new ToolTimeout({ toolName: "t", serverName: "s", limit: Duration.zero, cause }))
      assert.strictEqual(json.error_code, "TOOL_TIMEOUT")
      assert.deepStrictEqual(json.details, { tool_name: "t", server_name: "s", limit: 0 })
      assert.strictEqual(json.cause?.error_code, "INTERNAL")
    }
    class Odd extends defineError<Odd>()("Odd", {
      code: "ODD",
      status: statuses.internal,
      fields: { value: Schema.Unknown, other: Schema.String },
      message: () => {
        throw new Error("no")
      }
    }) {}
    const trap = Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new Error("trap")
      }
    })
    const json = toJson(new Odd({ value: trap, other: "y" }))
    assert.deepInclude(json, { error_code: "ODD", message: "<cannot be read>" })
    assert.deepStrictEqual(json.details, { value: "<cannot be read>", other: "y" })
  })
  it("is total over everything that can be thrown", () => {
    for (const value of [undefined, null, 1, "x", Symbol("s"), { message: 3 }, new TypeError("bad"), () => 1]) {
      const json = toJson(value)
      assert.isString(json.error_code)
      JSON.stringify(json)
    }
  })
})

describe("the status of an error", () => {
  it("is that of its class, and of any other failure as well", () => {
    const invalid = Schema.decodeUnknownExit(Schema.Int)("x")
    const schemaError = Exit.isFailure(invalid) ? Cause.squash(invalid.cause) : undefined
    const platformError = PlatformError.systemError({ _tag: "NotFound", module: "FileSystem", method: "readFile" })
    const rows: ReadonlyArray<readonly [error: unknown, code: string, jsonRpc: number, http: number, exit: number]> = [
      [timeout(), "TOOL_TIMEOUT", -32001, 504, 4],
      [new LoginFailed({ key: Redacted.make("k"), note: "" }), "LOGIN_FAILED", -32603, 401, 78],
      [schemaError, "INVALID_DATA", -32602, 400, 65],
      [new Cause.TimeoutError(), "TIMEOUT", -32001, 504, 4],
      [platformError, "IO_ERROR", -32603, 500, 1],
      [new TypeError("bug"), "INTERNAL", -32603, 500, 1],
      ["text", "INTERNAL", -32603, 500, 1],
      [undefined, "INTERNAL", -32603, 500, 1]
    ]
    for (const [error, code, jsonRpc, http, exit] of rows) {
      const status = statusOf(error)
      assert.deepStrictEqual([codeOf(error), status.jsonRpc, status.http, status.exit], [code, jsonRpc, http, exit])
    }
  })
})

describe("the error table", () => {
  it("has one row a class with all six columns", () => {
    const rows = errorTable([ToolTimeout, LoginFailed])
    assert.deepStrictEqual(
      rows.map((row) => row.code),
      ["LOGIN_FAILED", "TOOL_TIMEOUT"]
    )
    for (const row of rows) {
      assert.isAbove(row.http_status, 399)
      assert.isString(row.anthropic_type)
      assert.isBelow(row.json_rpc_code, 0)
      assert.isAbove(row.exit_code, 0)
      assert.isBoolean(row.retryable)
    }
  })
  it("finds codes that two classes claim", () => {
    assert.deepStrictEqual(duplicateCodes([ToolTimeout, LoginFailed]), [])
    assert.deepStrictEqual(duplicateCodes([ToolTimeout, ToolTimeout]), ["TOOL_TIMEOUT"])
  })
})
