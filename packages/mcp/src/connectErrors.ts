/**
 * Why a connection to a server could not be made. After any of these nothing was executed.
 * `ServerHttpStatus` and its neighbours also answer later requests; then they prove that the request was refused.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

const serverName = Schema.String
const optionalText = Schema.UndefinedOr(Schema.String)

/** The child process could not be started: no such command or directory, not executable, no resources. */
export class SpawnFailed extends defineError<SpawnFailed>()("SpawnFailed", {
  code: "SERVER_SPAWN_FAILED",
  status: statuses.configuration,
  fields: {
    serverName,
    command: Schema.String,
    reason: Schema.Literals(["CommandNotFound", "DirectoryNotFound", "NotExecutable", "BatchFile", "SystemRefused"]),
    /** The directories searched, in the form of `PATH`; `undefined` when the command is a path. */
    searchedPath: optionalText,
    cwd: optionalText
  },
  message: (error) => {
    const start = `Server "${error.serverName}" could not be started`
    switch (error.reason) {
      case "CommandNotFound":
        return error.searchedPath === undefined
          ? `${start}: there is no file "${error.command}".`
          : `${start}: command "${error.command}" was not found ${placesIn(error.searchedPath)}.`
      case "DirectoryNotFound":
        return `${start}: its working directory "${error.cwd}" does not exist.`
      case "NotExecutable":
        return `${start}: "${error.command}" is not executable.`
      case "BatchFile":
        return `${start}: "${error.command}" is a batch file, which only a shell can run.`
      case "SystemRefused":
        return `${start}: the system refused to start "${error.command}".`
    }
  },
  hint: (error) => {
    switch (error.reason) {
      case "CommandNotFound":
        return error.searchedPath === undefined
          ? `Correct the command of "${error.serverName}".`
          : `Install ${originOf(error.command)}, or give its full path as the command of "${error.serverName}".`
      case "DirectoryNotFound":
        return `Create the directory, or change "cwd" of "${error.serverName}".`
      case "NotExecutable":
        return `Make "${error.command}" executable, or start it through its interpreter.`
      case "BatchFile":
        return `Make the program that it starts the command of "${error.serverName}".`
      case "SystemRefused":
        return "The cause says why. Too many processes or too little memory is usual."
    }
  }
}) {}

/** How many directories a `PATH` names. The list itself is long, and stands in `searchedPath`. */
const placesIn = (searchedPath: string): string => {
  // Windows separates them by semicolons, because its paths have a colon.
  const separator = /(^|;)[A-Za-z]:[\\/]/.test(searchedPath) ? ";" : ":"
  const count = searchedPath.split(separator).filter((directory) => directory !== "").length
  if (count === 0) return "because PATH is empty"
  return count === 1 ? "in the one directory of PATH" : `in the ${count} directories of PATH`
}

/** What brings the commands that MCP servers are usually started with. */
const origins: ReadonlyMap<string, string> = new Map([
  ["node", "Node.js"],
  ["npm", "Node.js"],
  ["npx", "Node.js"],
  ["bunx", "Bun"],
  ["uv", "uv"],
  ["uvx", "uv"],
  ["python3", "Python"],
  ["docker", "Docker"]
])

const originOf = (command: string): string => {
  const origin = origins.get(command)
  return origin === undefined ? `"${command}"` : `${origin}, which brings "${command}"`
}

/** The function that connects a server of this program failed. */
export class ServeFailed extends defineError<ServeFailed>()("ServeFailed", {
  code: "SERVER_SERVE_FAILED",
  status: statuses.internal,
  fields: { serverName, reason: Schema.String },
  message: ({ reason, serverName }) => `Server "${serverName}" of this program could not be connected: ${reason}.`,
  hint: () => `"serve" has to connect a server to the transport that it is given, a new server each time.`
}) {}

/** The server did not finish its handshake in time. A child process has been stopped. */
export class HandshakeTimeout extends defineError<HandshakeTimeout>()("HandshakeTimeout", {
  code: "SERVER_HANDSHAKE_TIMEOUT",
  status: statuses.timeout,
  retryable: true,
  fields: { serverName, limit: Schema.DurationFromMillis, stderrTail: Schema.Array(Schema.String) },
  message: ({ limit, serverName }) =>
    `Connection timeout: server "${serverName}" did not complete the handshake within ${Duration.format(limit)}.`,
  hint: ({ stderrTail }) =>
    stderrTail.length === 0
      ? "Check that the command or URL is an MCP server, or raise connectTimeout."
      : `Raise connectTimeout if it is only slow. Its last words: ${stderrTail.at(-1)}`
}) {}

/** The server answered the handshake with a JSON-RPC error. */
export class HandshakeRejected extends defineError<HandshakeRejected>()("HandshakeRejected", {
  code: "SERVER_HANDSHAKE_REJECTED",
  status: statuses.badGateway,
  fields: { serverName, rpcCode: Schema.Finite, rpcMessage: Schema.String, data: Schema.UndefinedOr(Schema.Unknown) },
  message: ({ rpcCode, rpcMessage, serverName }) =>
    `Server "${serverName}" rejected the handshake: ${rpcMessage} (${rpcCode}).`,
  hint: () => "Look into the server's own log, and check the environment and arguments it needs."
}) {}

/** Client and server have no protocol revision in common. */
export class ProtocolMismatch extends defineError<ProtocolMismatch>()("ProtocolMismatch", {
  code: "SERVER_PROTOCOL_MISMATCH",
  status: statuses.badGateway,
  fields: { serverName, wanted: Schema.String, offered: Schema.Array(Schema.String) },
  message: ({ offered, serverName, wanted }) =>
    `Server "${serverName}" does not speak protocol ${wanted}; it offers ${offered.length === 0 ? "nothing known" : offered.join(", ")}.`,
  hint: ({ serverName, wanted }) =>
    wanted === "auto"
      ? `Update the server "${serverName}".`
      : `Set "protocol" of "${serverName}" to auto, or update the server.`
}) {}

/** No connection to the HTTP server: refused, unknown host, broken TLS. The request was not sent. */
export class ServerUnreachable extends defineError<ServerUnreachable>()("ServerUnreachable", {
  code: "SERVER_UNREACHABLE",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, url: Schema.String, reason: Schema.String },
  message: ({ reason, serverName, url }) => `Server "${serverName}" at ${url} is unreachable: ${reason}.`,
  hint: () => "Check that the server runs, and that host and port are right."
}) {}

/** The HTTP server answered with a status that is not a success. */
export class ServerHttpStatus extends defineError<ServerHttpStatus>()("ServerHttpStatus", {
  code: "SERVER_HTTP_STATUS",
  status: statuses.badGateway,
  fields: {
    serverName,
    method: Schema.String,
    httpStatus: Schema.Int,
    /** `WWW-Authenticate`, where the server sent it. */
    challenge: optionalText,
    /** The beginning of the answer. */
    excerpt: Schema.String
  },
  message: ({ excerpt, httpStatus, method, serverName }) =>
    `Server "${serverName}" answered ${method} with HTTP ${httpStatus}${excerpt === "" ? "" : `: ${excerpt}`}.`,
  hint: ({ httpStatus }) =>
    httpStatus === 404 || httpStatus === 405
      ? "Check the path of the URL: this one is not a Streamable HTTP endpoint."
      : httpStatus === 403
        ? "The credentials are valid but lack permission; a server may also refuse the Host or Origin."
        : httpStatus >= 500 || httpStatus === 429
          ? "Try again later."
          : undefined
}) {}

/**
 * The server wants credentials, or refuses those given: HTTP 401, or 403 with `insufficient_scope` (RFC 6750, 3.1).
 * Nothing opens a browser by itself; see `authorize`.
 */
export class AuthorizationRequired extends defineError<AuthorizationRequired>()("AuthorizationRequired", {
  code: "SERVER_AUTHORIZATION_REQUIRED",
  status: statuses.unauthenticated,
  fields: {
    serverName,
    challenge: optionalText,
    /** Why there are none, or none that do; left out where nothing was tried. */
    denial: Schema.optionalKey(
      Schema.Literals(["NoLogin", "LoginRefused", "RenewalFailed", "ScopeMissing", "ClientRefused", "HeaderRefused"])
    ),
    /** The scope that is missing, or what made the renewal fail; no secret. */
    detail: Schema.optionalKey(Schema.String)
  },
  message: ({ denial, detail, serverName }) => {
    const more = detail === undefined || detail === "" ? "" : `: ${detail}`
    switch (denial) {
      case "NoLogin":
        return `Server "${serverName}" needs a login${more}.`
      case "LoginRefused":
        return `Server "${serverName}" no longer accepts the login that it was given.`
      case "RenewalFailed":
        return `The login of server "${serverName}" has ended and cannot be renewed now${more}.`
      case "ScopeMissing":
        return `The login of server "${serverName}" does not allow enough${more}.`
      case "ClientRefused":
        return `The authorization server of "${serverName}" gives this client no token${more}.`
      case "HeaderRefused":
        return `Server "${serverName}" refuses the Authorization header that it was given.`
      default:
        return `Server "${serverName}" requires authorization${more}.`
    }
  },
  hint: ({ denial, serverName }) => {
    const login = `signalbox servers login ${serverName}`
    switch (denial) {
      case "ScopeMissing":
      case "LoginRefused":
        return `Log in again: ${login}`
      case "RenewalFailed":
        return `It is tried again by itself. If it stays so, log in again: ${login}`
      case "ClientRefused":
        return `Check the client under "auth" of "${serverName}": its id, its secret, and what it may ask for.`
      case "HeaderRefused":
        return `Correct the Authorization header of "${serverName}".`
      case "NoLogin":
        return `Log in: ${login}. Where it knows no OAuth, set an Authorization header for "${serverName}".`
      default:
        return `Set an Authorization header for "${serverName}".`
    }
  }
}) {}

/** The server redirected to another origin. Its headers may be secrets, so they were not sent there. */
export class RedirectRefused extends defineError<RedirectRefused>()("RedirectRefused", {
  code: "SERVER_REDIRECT_REFUSED",
  status: statuses.badGateway,
  fields: { serverName, location: Schema.String },
  message: ({ location, serverName }) => `Server "${serverName}" redirects to another origin: ${location}.`,
  hint: ({ serverName }) => `If you trust that address, make it the URL of "${serverName}".`
}) {}
