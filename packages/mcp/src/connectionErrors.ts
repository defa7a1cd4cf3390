/**
 * What goes wrong on a connection as a whole: it is lost, or a request that is no tool call fails on it.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

const serverName = Schema.String

/** The child process has ended, or closed its output, which is the same to us. */
export class ServerExited extends defineError<ServerExited>()("ServerExited", {
  code: "SERVER_EXITED",
  status: statuses.unavailable,
  retryable: true,
  fields: {
    serverName,
    exitCode: Schema.UndefinedOr(Schema.Int),
    signal: Schema.UndefinedOr(Schema.String),
    /** The last lines that it wrote to standard error, at most 50. */
    stderrTail: Schema.Array(Schema.String)
  },
  message: ({ exitCode, serverName, signal, stderrTail }) => {
    const last = tellingLine(stderrTail)?.replace(/\.$/, "")
    // Whoever is killed did not choose to end: what it wrote before need not have to do with it.
    if (signal !== undefined) {
      const before = last === undefined ? "" : `; before that it wrote to standard error: ${last}`
      return `Server "${serverName}" was killed by ${signal}${before}.`
    }
    const how = exitCode === undefined ? "closed its output" : `exited with status ${exitCode}`
    return `Server "${serverName}" ${how}${last === undefined ? "" : `: ${last}`}.`
  },
  hint: ({ serverName, signal, stderrTail }) => {
    if (signal !== undefined) return originOf(signal)
    return stderrTail.length === 0
      ? "It wrote nothing to standard error. Run its command by hand to see why it ends."
      : `What it wrote to standard error says why: signalbox servers logs ${serverName}`
  }
}) {}

/** How programs begin the line that says what went wrong: `Error: …`, `ValueError: …`, `fatal: …`. */
const errorLine = /^\s*(?:[\w.]*(?:Error|Exception)\b[^:]*:|(?:error|fatal|panic)\b)/i

/** The line that says most: a runtime writes a stack and its own version below it. */
const tellingLine = (stderrTail: ReadonlyArray<string>): string | undefined =>
  stderrTail.findLast((line) => errorLine.test(line))?.trim() ?? stderrTail.findLast((line) => line.trim() !== "")

/** Signals that a process gets for a fault of its own (POSIX.1-2024, `<signal.h>`: "Erroneous …", "Invalid …", abort). */
const crashes = new Set(["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"])

const originOf = (signal: string): string => {
  if (crashes.has(signal)) return "It crashed. Run its command by hand, and tell its authors."
  return signal === "SIGKILL"
    ? "Somebody killed it, or the system did: that is what happens when memory runs out."
    : "Another process asked it to end."
}

/** The connection had already ended when this was asked of it; nothing was sent. */
export class ConnectionClosed extends defineError<ConnectionClosed>()("ConnectionClosed", {
  code: "SERVER_CONNECTION_CLOSED",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, reason: Schema.String },
  message: ({ reason, serverName }) => `The connection to server "${serverName}" is closed: ${reason}`,
  hint: () => "Connect again; nothing was sent."
}) {}

/** The stream on which all answers came is gone (transport `sse`). */
export class StreamLost extends defineError<StreamLost>()("StreamLost", {
  code: "SERVER_STREAM_LOST",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, reason: Schema.String },
  message: ({ reason, serverName }) => `The event stream of server "${serverName}" is lost: ${reason}.`,
  hint: () => "Connect again. A proxy that ends long answers is a usual cause."
}) {}

/** The server has forgotten the session (HTTP 404, MCP transports: "MUST start a new session"). Nothing was executed. */
export class SessionExpired extends defineError<SessionExpired>()("SessionExpired", {
  code: "SERVER_SESSION_EXPIRED",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName },
  message: ({ serverName }) => `The session with server "${serverName}" has expired.`,
  hint: () => "Connect again and repeat the request; it was not executed."
}) {}

/** Something in front of the server answered in its place, or its answer was cut: a login page, broken JSON, no answer. */
export class BadGateway extends defineError<BadGateway>()("BadGateway", {
  code: "SERVER_BAD_GATEWAY",
  status: statuses.badGateway,
  retryable: true,
  fields: { serverName, method: Schema.String, reason: Schema.String },
  message: ({ method, reason, serverName }) =>
    `The answer of server "${serverName}" to ${method} is unusable: ${reason}.`,
  hint: () => "Open the URL in a browser: a login page or a proxy may stand in front of the server."
}) {}

/** A request other than a tool call took too long. */
export class RequestTimeout extends defineError<RequestTimeout>()("RequestTimeout", {
  code: "SERVER_REQUEST_TIMEOUT",
  status: statuses.timeout,
  retryable: true,
  fields: { serverName, method: Schema.String, limit: Schema.DurationFromMillis },
  message: ({ limit, method, serverName }) =>
    `Server "${serverName}" did not answer ${method} within ${Duration.format(limit)}.`,
  hint: () => "The server may be busy or frozen; connect again if it stays silent."
}) {}

/** The server answered `tools/list` with an error. */
export class ListFailed extends defineError<ListFailed>()("ListFailed", {
  code: "SERVER_LIST_FAILED",
  status: statuses.badGateway,
  retryable: true,
  fields: { serverName, rpcCode: Schema.Finite, rpcMessage: Schema.String },
  message: ({ rpcCode, rpcMessage, serverName }) =>
    `Server "${serverName}" could not list its tools: ${rpcMessage} (${rpcCode}).`,
  hint: () => "Keep the last good list and try again."
}) {}

/** The server answered a request that is neither a tool call nor the list of tools with an error. */
export class RequestRejected extends defineError<RequestRejected>()("RequestRejected", {
  code: "SERVER_REQUEST_REJECTED",
  status: statuses.badGateway,
  fields: {
    serverName,
    method: Schema.String,
    rpcCode: Schema.Finite,
    rpcMessage: Schema.String,
    data: Schema.UndefinedOr(Schema.Unknown)
  },
  message: ({ method, rpcCode, rpcMessage, serverName }) =>
    `Server "${serverName}" rejected ${method}: ${rpcMessage} (${rpcCode}).`,
  hint: ({ rpcCode }) =>
    rpcCode === -32602
      ? "Check the name or address, and the arguments."
      : rpcCode === -32601
        ? "This server does not offer that."
        : undefined
}) {}

/** An answer is not what the protocol says it must be. The request was executed. */
export class InvalidResult extends defineError<InvalidResult>()("InvalidResult", {
  code: "SERVER_INVALID_RESULT",
  status: statuses.badGateway,
  fields: { serverName, method: Schema.String, reason: Schema.String },
  message: ({ method, reason, serverName }) => `Server "${serverName}" gave an invalid answer to ${method}: ${reason}.`,
  hint: ({ serverName }) => `This is a fault of "${serverName}"; report it to its authors.`
}) {}
