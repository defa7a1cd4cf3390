import { assert, describe, it } from "@effect/vitest"
import { type FxMcpFlags } from "@signalbox/testing"
import { Duration, Effect } from "effect"
import { echo, fx, fxHttp, httpServer, onNode, using, verdict } from "./fixture.ts"

interface Row {
  readonly fault: string
  readonly flags: FxMcpFlags
  /** What the first call gives: `ok`, or a code. */
  readonly call: string
  /** What the second call gives. */
  readonly next: string
}

const short = { callTimeout: Duration.millis(1500) }
const closed = "SERVER_CONNECTION_CLOSED"
const unknown = "TOOL_OUTCOME_UNKNOWN"

/** Faults of answers that are the same over every transport. */
const answers: ReadonlyArray<Row> = [
  { fault: "no fault", flags: {}, call: "ok", next: "ok" },
  { fault: "no answer at all", flags: { fault: ["never@call:1"] }, call: "TOOL_CALL_TIMEOUT", next: "ok" },
  { fault: "a JSON-RPC error", flags: { fault: ["error:-32001@call:1"] }, call: "TOOL_CALL_REJECTED", next: "ok" },
  { fault: "a result with isError", flags: { fault: ["is-error@call:1"] }, call: "ok", next: "ok" },
  { fault: "an answer twice", flags: { fault: ["duplicate@call:1"] }, call: "ok", next: "ok" },
  {
    fault: "an error with id null",
    flags: { fault: ["null-id-error@call:1"] },
    call: "TOOL_CALL_REJECTED",
    next: "ok"
  },
  {
    fault: "both result and error",
    flags: { fault: ["result-and-error@call:1"] },
    call: "SERVER_INVALID_RESULT",
    next: "ok"
  },
  { fault: "an answer inside a batch", flags: { fault: ["batch@call:1"] }, call: "ok", next: "ok" },
  { fault: "the id echoed as a string", flags: { fault: ["string-id@call:1"] }, call: "ok", next: "ok" },
  {
    fault: "a result that is an array",
    flags: { fault: ["wrong-shape@call:1"] },
    call: "SERVER_INVALID_RESULT",
    next: "ok"
  },
  { fault: "an unknown content block", flags: { fault: ["unknown-block@call:1"] }, call: "ok", next: "ok" },
  { fault: "a result without content", flags: { fault: ["no-content@call:1"] }, call: "ok", next: "ok" }
]

const stdio: ReadonlyArray<Row> = [
  { fault: "an answer to nobody", flags: { fault: ["unknown-id@call:1"] }, call: "TOOL_CALL_TIMEOUT", next: "ok" },
  { fault: "a line that is no JSON", flags: { fault: ["junk@call:1"] }, call: "ok", next: "ok" },
  { fault: "junk before the first message", flags: { junkLines: 3 }, call: "ok", next: "ok" },
  { fault: "a byte order mark", flags: { bom: true }, call: "ok", next: "ok" },
  {
    fault: "text without a line end before the first message",
    flags: { textBefore: "Starting… " },
    call: "ok",
    next: "ok"
  },
  { fault: "characters cut in pieces", flags: { splitCharacters: true }, call: "ok", next: "ok" },
  {
    fault: "half an answer, then silence",
    flags: { fault: ["half-line@call:1"] },
    call: "TOOL_CALL_TIMEOUT",
    next: "ok"
  },
  { fault: "half an answer, then an exit", flags: { fault: ["half-line-exit@call:1"] }, call: unknown, next: closed },
  {
    fault: "output closed under a living process",
    flags: { fault: ["close-stdout@call:1"] },
    call: unknown,
    next: closed
  },
  { fault: "an exit during the call", flags: { fault: ["exit:3@call:1"] }, call: unknown, next: closed },
  { fault: "a death by SIGKILL during the call", flags: { fault: ["kill@call:1"] }, call: unknown, next: closed },
  {
    fault: "a death while a grandchild holds the output",
    flags: { grandchild: true, fault: ["kill@call:1"] },
    call: unknown,
    next: closed
  },
  { fault: "much noise on standard error", flags: { fault: ["stderr:9000000@call:1"] }, call: "ok", next: "ok" },
  { fault: "an answer of 12 MB", flags: { fault: ["huge:12000000@call:1"] }, call: "ok", next: "ok" },
  {
    fault: "an answer above the limit",
    flags: { fault: ["huge:60000000@call:1"] },
    call: "RESPONSE_TOO_LARGE",
    next: "ok"
  },
  { fault: "a server that ignores the end of input", flags: { ignoreEof: true }, call: "ok", next: "ok" }
]

const http: ReadonlyArray<Row> = [
  { fault: "503", flags: { fault: ["status:503@call:1"], retryAfter: "7" }, call: "SERVER_HTTP_STATUS", next: "ok" },
  { fault: "429", flags: { fault: ["status:429@call:1"] }, call: "SERVER_HTTP_STATUS", next: "ok" },
  { fault: "403", flags: { fault: ["status:403@call:1"] }, call: "SERVER_HTTP_STATUS", next: "ok" },
  { fault: "405", flags: { fault: ["status:405@call:1"] }, call: "SERVER_HTTP_STATUS", next: "ok" },
  {
    fault: "500 with a JSON-RPC error",
    flags: { fault: ["status:500@call:1"] },
    call: "TOOL_CALL_REJECTED",
    next: "ok"
  },
  {
    fault: "401",
    flags: { fault: ["status:401@call:1"], wwwAuthenticate: "Bearer" },
    call: "SERVER_AUTHORIZATION_REQUIRED",
    next: "ok"
  },
  { fault: "a web page", flags: { fault: ["html@call:1"] }, call: unknown, next: "ok" },
  {
    fault: "a redirect elsewhere",
    flags: { fault: ["redirect:http://127.0.0.2:9/mcp@call:1"] },
    call: "SERVER_REDIRECT_REFUSED",
    next: "ok"
  },
  { fault: "202 without an answer", flags: { fault: ["accepted@call:1"] }, call: unknown, next: "ok" },
  {
    fault: "a socket destroyed before the tool runs",
    flags: { fault: ["reset-early@call:1"] },
    call: unknown,
    next: "ok"
  },
  { fault: "a socket destroyed after the tool ran", flags: { fault: ["reset@call:1"] }, call: unknown, next: "ok" },
  { fault: "broken JSON", flags: { fault: ["broken-json@call:1"] }, call: unknown, next: "ok" },
  { fault: "half a body", flags: { fault: ["half-body@call:1"] }, call: unknown, next: "ok" },
  { fault: "an event stream that ends", flags: { fault: ["sse-ends@call:1"] }, call: unknown, next: "ok" },
  { fault: "an event stream that breaks", flags: { fault: ["sse-breaks@call:1"] }, call: unknown, next: "ok" },
  { fault: "a silent event stream", flags: { fault: ["sse-silent@call:1"] }, call: "TOOL_CALL_TIMEOUT", next: "ok" },
  { fault: "silence", flags: { fault: ["accept-silent@call:1"] }, call: "TOOL_CALL_TIMEOUT", next: "ok" },
  { fault: "an answer of 12 MB", flags: { fault: ["huge:12000000@call:1"] }, call: "ok", next: "ok" },
  {
    fault: "an answer above the limit",
    flags: { fault: ["huge:60000000@call:1"] },
    call: "RESPONSE_TOO_LARGE",
    next: "ok"
  },
  {
    fault: "an answer above the limit, as JSON",
    flags: { answers: "json", fault: ["huge:60000000@call:1"] },
    call: "RESPONSE_TOO_LARGE",
    next: "ok"
  },
  {
    fault: "a JSON body with the answer of another",
    flags: { answers: "json", fault: ["unknown-id@call:1"] },
    call: unknown,
    next: "ok"
  },
  {
    fault: "an event stream with the answer of another",
    flags: { fault: ["unknown-id@call:1"] },
    call: unknown,
    next: "ok"
  }
]

const sessions: ReadonlyArray<Row> = [
  {
    fault: "a session that has expired",
    flags: { fault: ["session-expired@call:1"] },
    call: "SERVER_SESSION_EXPIRED",
    next: closed
  },
  {
    fault: "400 in place of an expired session",
    flags: { fault: ["no-session@call:1"] },
    call: "SERVER_SESSION_EXPIRED",
    next: closed
  }
]

const check = (row: Row, server: Parameters<typeof using>[0], expected: string) =>
  using(server, (client) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* verdict(client.callTool(echo)), expected)
      assert.strictEqual(yield* verdict(client.callTool(echo)), row.next)
    })
  )

const hangs = (row: Row) => (row.call === "TOOL_CALL_TIMEOUT" ? short : {})

describe("a call over stdio", () => {
  for (const row of [...answers, ...stdio]) {
    it.live(`${row.fault}: ${row.call}, then ${row.next}`, () =>
      onNode(check(row, fx(row.flags, hangs(row)), row.call))
    )
  }
  for (const row of answers) {
    it.live(`in 2026: ${row.fault}: ${row.call}, then ${row.next}`, () =>
      onNode(check(row, fx({ ...row.flags, era: "2026" }, { ...hangs(row), protocol: "2026-07-28" }), row.call))
    )
  }
})

const over = (row: Row, flags: FxMcpFlags, expected = row.call) =>
  onNode(
    Effect.gen(function* () {
      const { url } = yield* fxHttp({ ...flags, ...row.flags })
      yield* check(row, httpServer(url, hangs(row)), expected)
    })
  )

describe("a call over HTTP", () => {
  for (const row of [...answers, ...http, ...sessions]) {
    it.live(`in 2025: ${row.fault}: ${row.call}, then ${row.next}`, () => over(row, { era: "2025" }))
  }
  for (const row of [...answers, ...http]) {
    it.live(`in 2026: ${row.fault}: ${row.call}, then ${row.next}`, () => over(row, { era: "2026" }))
  }
  for (const row of answers) {
    it.live(`as JSON: ${row.fault}, then ${row.next}`, () =>
      over(row, { era: "2025", answers: "json" })
    )
  }
})
