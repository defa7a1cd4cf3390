/**
 * What can go wrong on a connection, and the code that it ends with: one row a fault, and the transports on which
 * it can happen. Rows without `over` happen on all of them and give the same code on each.
 */
import type { FxMcpFlags } from "@signalbox/testing"

/** How a server is reached: the transport, and the era or the form of its answers. */
export type Way = "stdio 2025" | "stdio 2026" | "http 2025" | "http 2026" | "http json" | "sse"

export const ways: ReadonlyArray<Way> = ["stdio 2025", "stdio 2026", "http 2025", "http 2026", "http json", "sse"]
const stdio: ReadonlyArray<Way> = ["stdio 2025", "stdio 2026"]
const http: ReadonlyArray<Way> = ["http 2025", "http 2026"]
/** Any server that keeps sessions. */
const sessions: ReadonlyArray<Way> = ["http 2025"]
const streams: ReadonlyArray<Way> = [...http, "sse"]

/** A fault of one request. */
export interface Row {
  readonly fault: string
  readonly flags: FxMcpFlags
  readonly over?: ReadonlyArray<Way>
  /** What the first request gives: `ok`, or a code. */
  readonly first: string
  /** What the next call gives. */
  readonly next: string
}

const closed = "SERVER_CONNECTION_CLOSED"
const unknown = "TOOL_OUTCOME_UNKNOWN"
const timeout = "TOOL_CALL_TIMEOUT"
const rejected = "TOOL_CALL_REJECTED"
const invalid = "SERVER_INVALID_RESULT"
const status = "SERVER_HTTP_STATUS"
const tooLarge = "RESPONSE_TOO_LARGE"

const onCall = (kind: NonNullable<FxMcpFlags["fault"]>[number]): FxMcpFlags => ({ fault: [kind] })

/** Faults under a tool call. */
export const callFaults: ReadonlyArray<Row> = [
  { fault: "no fault", flags: {}, first: "ok", next: "ok" },
  { fault: "no answer at all", flags: onCall("never@call:1"), first: timeout, next: "ok" },
  { fault: "a JSON-RPC error", flags: onCall("error:-32001@call:1"), first: rejected, next: "ok" },
  { fault: "a result with isError", flags: onCall("is-error@call:1"), first: "ok", next: "ok" },
  { fault: "an answer twice", flags: onCall("duplicate@call:1"), first: "ok", next: "ok" },
  { fault: "an error with id null", flags: onCall("null-id-error@call:1"), first: rejected, next: "ok" },
  { fault: "both result and error", flags: onCall("result-and-error@call:1"), first: invalid, next: "ok" },
  { fault: "an answer inside a batch", flags: onCall("batch@call:1"), first: "ok", next: "ok" },
  { fault: "the id echoed as a string", flags: onCall("string-id@call:1"), first: "ok", next: "ok" },
  { fault: "a result that is an array", flags: onCall("wrong-shape@call:1"), first: invalid, next: "ok" },
  { fault: "an unknown content block", flags: onCall("unknown-block@call:1"), first: "ok", next: "ok" },
  { fault: "a result without content", flags: onCall("no-content@call:1"), first: "ok", next: "ok" },
  { fault: "an answer of 12 MB", flags: onCall("huge:12000000@call:1"), first: "ok", next: "ok" },
  { fault: "an answer of 30 MB", flags: onCall("huge:30000000@call:1"), first: "ok", next: "ok" },
  { fault: "an answer above the limit", flags: onCall("huge:60000000@call:1"), first: tooLarge, next: "ok" },
  // An exchange over HTTP is over when its answer is; elsewhere the right answer may still come.
  {
    fault: "an answer to nobody",
    flags: onCall("unknown-id@call:1"),
    over: [...stdio, "sse"],
    first: timeout,
    next: "ok"
  },
  {
    fault: "an exchange with the answer of another",
    flags: onCall("unknown-id@call:1"),
    over: [...http, "http json"],
    first: unknown,
    next: "ok"
  },

  // Processes and their output.
  { fault: "a line that is no JSON", flags: onCall("junk@call:1"), over: stdio, first: "ok", next: "ok" },
  { fault: "junk before the first message", flags: { junkLines: 3 }, over: stdio, first: "ok", next: "ok" },
  { fault: "a byte order mark", flags: { bom: true }, over: stdio, first: "ok", next: "ok" },
  {
    fault: "text without a line end before the first message",
    flags: { textBefore: "Starting… " },
    over: stdio,
    first: "ok",
    next: "ok"
  },
  { fault: "characters cut in pieces", flags: { splitCharacters: true }, over: stdio, first: "ok", next: "ok" },
  { fault: "half an answer, then silence", flags: onCall("half-line@call:1"), over: stdio, first: timeout, next: "ok" },
  {
    fault: "half an answer, then an exit",
    flags: onCall("half-line-exit@call:1"),
    over: stdio,
    first: unknown,
    next: closed
  },
  {
    fault: "output closed under a living process",
    flags: onCall("close-stdout@call:1"),
    over: stdio,
    first: unknown,
    next: closed
  },
  { fault: "an exit during the call", flags: onCall("exit:3@call:1"), over: stdio, first: unknown, next: closed },
  { fault: "a death by SIGKILL", flags: onCall("kill@call:1"), over: stdio, first: unknown, next: closed },
  {
    fault: "a death while a grandchild holds the output",
    flags: { grandchild: true, fault: ["kill@call:1"] },
    over: stdio,
    first: unknown,
    next: closed
  },
  { fault: "a frozen process", flags: onCall("kill:SIGSTOP@call:1"), over: stdio, first: timeout, next: timeout },
  {
    fault: "much noise on standard error",
    flags: onCall("stderr:9000000@call:1"),
    over: stdio,
    first: "ok",
    next: "ok"
  },
  {
    fault: "a server that ignores the end of input",
    flags: { ignoreEof: true },
    over: stdio,
    first: "ok",
    next: "ok"
  },

  // HTTP statuses. A server that died and came back is a refused connection, then an unknown session.
  { fault: "400 with a JSON-RPC error", flags: onCall("status:400@call:1"), over: http, first: rejected, next: "ok" },
  {
    fault: "401",
    flags: { fault: ["status:401@call:1"], wwwAuthenticate: "Bearer" },
    over: streams,
    first: "SERVER_AUTHORIZATION_REQUIRED",
    next: "ok"
  },
  { fault: "403", flags: onCall("status:403@call:1"), over: streams, first: status, next: "ok" },
  { fault: "405", flags: onCall("status:405@call:1"), over: streams, first: status, next: "ok" },
  { fault: "429", flags: onCall("status:429@call:1"), over: streams, first: status, next: "ok" },
  {
    fault: "500 with a JSON-RPC error",
    flags: onCall("status:500@call:1"),
    over: streams,
    first: rejected,
    next: "ok"
  },
  {
    fault: "503",
    flags: { fault: ["status:503@call:1"], retryAfter: "7" },
    over: streams,
    first: status,
    next: "ok"
  },
  {
    fault: "a session that has expired",
    flags: onCall("session-expired@call:1"),
    over: sessions,
    first: "SERVER_SESSION_EXPIRED",
    next: closed
  },
  {
    fault: "400 in place of an expired session",
    flags: onCall("no-session@call:1"),
    over: sessions,
    first: "SERVER_SESSION_EXPIRED",
    next: closed
  },
  {
    fault: "404 to a message",
    flags: onCall("status:404@call:1"),
    over: ["sse"],
    first: "SERVER_SESSION_EXPIRED",
    next: closed
  },

  // Bodies, sockets and streams.
  { fault: "a web page", flags: onCall("html@call:1"), over: http, first: unknown, next: "ok" },
  {
    fault: "a redirect elsewhere",
    flags: onCall("redirect:http://127.0.0.2:9/mcp@call:1"),
    over: http,
    first: "SERVER_REDIRECT_REFUSED",
    next: "ok"
  },
  { fault: "202 without an answer", flags: onCall("accepted@call:1"), over: http, first: unknown, next: "ok" },
  { fault: "a socket destroyed at once", flags: onCall("reset-early@call:1"), over: http, first: unknown, next: "ok" },
  {
    fault: "a socket destroyed after the tool ran",
    flags: onCall("reset@call:1"),
    over: http,
    first: unknown,
    next: "ok"
  },
  { fault: "broken JSON", flags: onCall("broken-json@call:1"), over: http, first: unknown, next: "ok" },
  { fault: "half a body", flags: onCall("half-body@call:1"), over: http, first: unknown, next: "ok" },
  { fault: "an event stream that ends", flags: onCall("sse-ends@call:1"), over: http, first: unknown, next: "ok" },
  { fault: "an event stream that breaks", flags: onCall("sse-breaks@call:1"), over: http, first: unknown, next: "ok" },
  {
    fault: "an event stream that ends, and can be resumed",
    flags: onCall("sse-resumes@call:1"),
    over: sessions,
    first: "ok",
    next: "ok"
  },
  { fault: "the only stream ends", flags: onCall("sse-ends@call:1"), over: ["sse"], first: unknown, next: closed },
  { fault: "the only stream breaks", flags: onCall("sse-breaks@call:1"), over: ["sse"], first: unknown, next: closed },
  { fault: "a silent event stream", flags: onCall("sse-silent@call:1"), over: http, first: timeout, next: "ok" },
  { fault: "silence", flags: onCall("accept-silent@call:1"), over: http, first: timeout, next: "ok" },
  { fault: "500 for the stream of the session", flags: { getStream: "500" }, over: sessions, first: "ok", next: "ok" },
  {
    fault: "a stream of the session that breaks each time",
    flags: { getStream: "breaks" },
    over: sessions,
    first: "ok",
    next: "ok"
  }
]

const page = "http://127.0.0.2:9/mcp"

/** Faults of the handshake. `next` is the first call where the handshake is `ok`. */
export const handshakeFaults: ReadonlyArray<Row> = [
  { fault: "an error", flags: { failInit: "always" }, first: "SERVER_HANDSHAKE_REJECTED", next: "-" },
  { fault: "silence", flags: { hangInit: true }, first: "SERVER_HANDSHAKE_TIMEOUT", next: "-" },
  {
    fault: "an unknown version",
    flags: { protocolVersion: "1999-01-01" },
    first: "SERVER_PROTOCOL_MISMATCH",
    next: "-"
  },
  { fault: "a version from 2024", flags: { protocolVersion: "2024-11-05" }, first: "ok", next: "ok" },
  { fault: "a version from March 2025", flags: { protocolVersion: "2025-03-26" }, first: "ok", next: "ok" },
  { fault: "a result of the wrong shape", flags: onCall("wrong-shape@initialize"), first: invalid, next: "-" },
  { fault: "a slow start", flags: { startupDelay: 300, initDelay: 300 }, first: "ok", next: "ok" },

  { fault: "an exit at the start", flags: { exitAtStart: 3 }, over: stdio, first: "SERVER_EXITED", next: "-" },
  {
    fault: "an exit as the answer",
    flags: { failInit: "always", failInitBy: "exit" },
    over: stdio,
    first: "SERVER_EXITED",
    next: "-"
  },
  { fault: "a death by a signal", flags: onCall("kill@initialize"), over: stdio, first: "SERVER_EXITED", next: "-" },
  { fault: "output closed", flags: onCall("close-stdout@initialize"), over: stdio, first: "SERVER_EXITED", next: "-" },
  { fault: "a grandchild that holds the output", flags: { grandchild: true }, over: stdio, first: "ok", next: "ok" },
  {
    fault: "a server that ignores the end of input and SIGTERM",
    flags: { ignoreEof: true, ignoreTerm: true },
    over: stdio,
    first: "ok",
    next: "ok"
  },

  {
    fault: "401",
    flags: onCall("status:401@initialize"),
    over: streams,
    first: "SERVER_AUTHORIZATION_REQUIRED",
    next: "-"
  },
  // Neither is there an older transport to fall back to.
  ...[400, 403, 404, 405, 429, 500, 503].map((code): Row => {
    const hasError = code === 400 || code === 404
    return {
      fault: String(code),
      flags: onCall(`status:${code}@initialize`),
      over: http,
      first: hasError ? "SERVER_HANDSHAKE_REJECTED" : status,
      next: "-"
    }
  }),
  { fault: "a web page", flags: onCall("html@initialize"), over: http, first: "SERVER_BAD_GATEWAY", next: "-" },
  { fault: "broken JSON", flags: onCall("broken-json@initialize"), over: http, first: "SERVER_BAD_GATEWAY", next: "-" },
  {
    fault: "a redirect elsewhere",
    flags: onCall(`redirect:${page}@initialize`),
    over: http,
    first: "SERVER_REDIRECT_REFUSED",
    next: "-"
  },
  { fault: "202", flags: onCall("accepted@initialize"), over: http, first: "SERVER_BAD_GATEWAY", next: "-" },
  {
    fault: "an event stream that ends",
    flags: onCall("sse-ends@initialize"),
    over: http,
    first: "SERVER_BAD_GATEWAY",
    next: "-"
  },
  {
    fault: "the only stream ends",
    flags: onCall("sse-ends@initialize"),
    over: ["sse"],
    first: "SERVER_STREAM_LOST",
    next: "-"
  },
  { fault: "a destroyed socket", flags: onCall("reset@initialize"), over: http, first: "SERVER_BAD_GATEWAY", next: "-" }
]

/** Faults of the list of tools. */
export const listFaults: ReadonlyArray<Row> = [
  { fault: "an error", flags: onCall("error@list"), first: "SERVER_LIST_FAILED", next: "ok" },
  { fault: "a result of the wrong shape", flags: onCall("wrong-shape@list"), first: invalid, next: "ok" },
  { fault: "silence", flags: onCall("never@list"), first: "SERVER_REQUEST_TIMEOUT", next: "ok" },
  { fault: "an exit", flags: onCall("exit:1@list"), over: stdio, first: "SERVER_EXITED", next: closed },
  { fault: "output closed", flags: onCall("close-stdout@list"), over: stdio, first: "SERVER_EXITED", next: closed },
  { fault: "503", flags: onCall("status:503@list"), over: streams, first: status, next: "ok" },
  {
    fault: "an event stream that ends",
    flags: onCall("sse-ends@list"),
    over: http,
    first: "SERVER_BAD_GATEWAY",
    next: "ok"
  },
  {
    fault: "the only stream ends",
    flags: onCall("sse-ends@list"),
    over: ["sse"],
    first: "SERVER_STREAM_LOST",
    next: closed
  },
  { fault: "a tool without input schema", flags: { noInputSchema: true }, first: "ok", next: "ok" },
  { fault: "a tool with a broken output schema", flags: { brokenOutputSchema: true }, first: "ok", next: "ok" },
  { fault: "two tools of one name", flags: { duplicateTools: true }, first: "ok", next: "ok" },
  { fault: "one cursor for ever", flags: { pageSize: 5, sameCursor: true }, first: "ok", next: "ok" },
  { fault: "new cursors for ever", flags: { pageSize: 5, endlessCursors: true }, first: "ok", next: "ok" }
]
