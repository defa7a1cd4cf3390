/**
 * Failures of looking after servers. What a server itself does wrong are the errors of `@signalbox/mcp`;
 * they appear here as `cause` or are passed on unchanged.
 */
import { defineError, statuses } from "@signalbox/errors"
import { DateTime, Duration, Schema } from "effect"
import { offerErrors } from "./offers/errors.ts"
import { ServerState } from "./ServerInfo.ts"

const serverName = Schema.String

/** No server of this name is configured. */
export class ServerNotFound extends defineError<ServerNotFound>()("ServerNotFound", {
  code: "SERVER_NOT_FOUND",
  status: statuses.notFound,
  fields: { serverName, nearest: Schema.UndefinedOr(Schema.String), available: Schema.Array(Schema.String) },
  message: ({ available, nearest, serverName }) =>
    `There is no server "${serverName}".${nearest === undefined ? "" : ` Did you mean "${nearest}"?`} ${
      available.length === 0 ? "No servers are configured." : `Configured: ${available.join(", ")}.`
    }`,
  hint: () => "See which there are: signalbox servers list"
}) {}

/** The server runs already, or is being started by somebody else. */
export class ServerAlreadyRunning extends defineError<ServerAlreadyRunning>()("ServerAlreadyRunning", {
  code: "SERVER_ALREADY_RUNNING",
  status: statuses.conflict,
  fields: { serverName, state: Schema.Literals(["starting", "running"]) },
  message: ({ serverName, state }) =>
    state === "running"
      ? `Server "${serverName}" is already running.`
      : `Server "${serverName}" is already being started.`,
  hint: () => "See how it is: signalbox servers status"
}) {}

/** There is nothing to stop. */
export class ServerNotRunning extends defineError<ServerNotRunning>()("ServerNotRunning", {
  code: "SERVER_NOT_RUNNING",
  status: statuses.conflict,
  fields: { serverName },
  message: ({ serverName }) => `Server "${serverName}" is not running.`,
  hint: () => "See how it is: signalbox servers status"
}) {}

/** A call met a server that does not run and did not come back in time. Nothing was sent to it. */
export class ServerUnavailable extends defineError<ServerUnavailable>()("ServerUnavailable", {
  code: "SERVER_UNAVAILABLE",
  status: statuses.unavailable,
  fields: {
    serverName,
    state: ServerState,
    /** Why it does not run, in the words of the last failure. */
    reason: Schema.String,
    nextRestartAt: Schema.UndefinedOr(Schema.DateTimeUtcFromString)
  },
  message: ({ reason, serverName, state }) => `Server "${serverName}" is not available (${state}): ${reason}`,
  hint: ({ nextRestartAt, state }) => {
    if (state === "stopped") return "It was stopped on purpose; start it again first."
    if (nextRestartAt !== undefined) return `It is tried again at ${DateTime.formatIso(nextRestartAt)}.`
    return state === "error" ? "It is not started again by itself: start it, or change its restart policy." : undefined
  }
}) {}

/** No slot for the call became free before its deadline. Nothing was sent to the server. */
export class ServerBusy extends defineError<ServerBusy>()("ServerBusy", {
  code: "SERVER_BUSY",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, toolName: Schema.String, waited: Schema.DurationFromMillis },
  message: ({ serverName, toolName, waited }) =>
    `The call of "${toolName}" waited ${Duration.format(waited)} for its turn on server "${serverName}" and was not sent.`,
  hint: ({ serverName }) => `Give "${serverName}" more maxConcurrent, or calls a later deadline.`
}) {}

/** The server failed too often: its circuit is open, and nothing was sent to it. `retryAfter` says when a call is let through. */
export class ServerCircuitOpen extends defineError<ServerCircuitOpen>()("ServerCircuitOpen", {
  code: "SERVER_CIRCUIT_OPEN",
  status: statuses.unavailable,
  fields: {
    serverName,
    /** The tool, or the method of a request that calls none. */
    toolName: Schema.String,
    /** The last failure that counted, or who opened it. */
    reason: Schema.String,
    /** UTC in ISO 8601; nothing where it stays open until somebody closes it. */
    openUntil: Schema.UndefinedOr(Schema.String)
  },
  message: ({ openUntil, reason, serverName, toolName }) =>
    `"${toolName}" was not called: the circuit of server "${serverName}" is open` +
    `${openUntil === undefined ? "" : ` until ${openUntil}`}: ${reason.replace(/\.$/, "")}.`,
  hint: ({ openUntil, serverName }) =>
    openUntil === undefined
      ? `Close it: signalbox breaker close ${serverName}`
      : `It is tried again then. To try it now: signalbox breaker close ${serverName}`
}) {}

/** A call needs a session of its own with the server, and there are as many as may be. Nothing was sent. */
export class SessionsExhausted extends defineError<SessionsExhausted>()("SessionsExhausted", {
  code: "SERVER_SESSIONS_EXHAUSTED",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, max: Schema.Int, waited: Schema.DurationFromMillis },
  message: ({ max, serverName, waited }) =>
    `No session with server "${serverName}" became free within ${Duration.format(waited)}; it may have ${max} at most.`,
  hint: ({ serverName }) =>
    `Raise sessions.max of "${serverName}", or sessions.acquireTimeout, or let idle conversations keep theirs for less time (sessions.idleTimeToLive). A limit over all servers counts too (runtime.maxTotalConnections).`
}) {}

/** As many connections are in use as all servers may have together. Nothing was started. */
export class ConnectionsExhausted extends defineError<ConnectionsExhausted>()("ConnectionsExhausted", {
  code: "CONNECTIONS_EXHAUSTED",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, max: Schema.Int, waited: Schema.DurationFromMillis },
  message: ({ max, serverName, waited }) =>
    `Server "${serverName}" got no connection within ${Duration.format(waited)}: all servers together may have ${max}.`,
  hint: () => "Raise runtime.maxTotalConnections, or stop a server."
}) {}

/** The server could not be started for a reason that has no class of its own. The cause says which. */
export class ServerStartupFailed extends defineError<ServerStartupFailed>()("ServerStartupFailed", {
  code: "SERVER_STARTUP_FAILED",
  status: statuses.internal,
  retryable: true,
  fields: { serverName, reason: Schema.String },
  message: ({ reason, serverName }) => `Server "${serverName}" could not be started: ${reason}.`
}) {}

/** A program that the server needs is not here in a version that will do. Nothing was started. */
export class RuntimeVersionMismatch extends defineError<RuntimeVersionMismatch>()("RuntimeVersionMismatch", {
  code: "RUNTIME_VERSION",
  status: statuses.configuration,
  fields: {
    serverName,
    program: Schema.String,
    wanted: Schema.String,
    /** Nothing where no such program answers `--version`. */
    found: Schema.UndefinedOr(Schema.String)
  },
  message: ({ found, program, serverName, wanted }) =>
    `Server "${serverName}" needs ${program} ${wanted}, and ${
      found === undefined ? `${program} does not answer` : `${program} ${found} is here`
    }.`,
  hint: ({ program, wanted }) =>
    `Install ${program} ${wanted}, give the full path of one as "command", or let a "runner" bring it.`
}) {}

/** The version manager that is to provide the runtime of the server is not here. Nothing was started. */
export class RunnerNotFound extends defineError<RunnerNotFound>()("RunnerNotFound", {
  code: "RUNNER_NOT_FOUND",
  status: statuses.configuration,
  fields: { serverName, runner: Schema.String, runtime: Schema.String, version: Schema.String },
  message: ({ runner, runtime, serverName, version }) =>
    `Server "${serverName}" is to get ${runtime} ${version} from ${runner}, and there is no ${runner}.`,
  hint: ({ runner, runtime, version }) =>
    `Install ${runner}, or leave out "runner" and have ${runtime} ${version} in the PATH of the server.`
}) {}

/** The file that the server consists of is not there. Nothing was started. */
export class ServerFileNotFound extends defineError<ServerFileNotFound>()("ServerFileNotFound", {
  code: "SERVER_FILE_NOT_FOUND",
  status: statuses.configuration,
  fields: { serverName, file: Schema.String },
  message: ({ file, serverName }) => `The file of server "${serverName}" is not there: ${file}`,
  hint: () => `Correct "file"; it starts from the folder of the configuration.`
}) {}

/** The configuration of the server refers to what is not there, such as a variable that is not set. Nothing was started. */
export class ServerIncomplete extends defineError<ServerIncomplete>()("ServerIncomplete", {
  code: "SERVER_INCOMPLETE",
  status: statuses.configuration,
  fields: { serverName, lacks: Schema.Array(Schema.String) },
  message: ({ lacks, serverName }) => `Server "${serverName}" was not started: ${lacks.join("; ")}.`,
  hint: () => "Set it in your shell or in a file .env and start again, or disable the server."
}) {}

/** A tool that has to be called when the server starts failed, so the server is not ready. */
export class StartCallFailed extends defineError<StartCallFailed>()("StartCallFailed", {
  code: "START_CALL_FAILED",
  status: statuses.badGateway,
  retryable: true,
  fields: { serverName, toolName: Schema.String, reason: Schema.String },
  message: ({ reason, serverName, toolName }) =>
    `The tool "${toolName}", which is called when server "${serverName}" starts, failed: ${reason}`,
  hint: () => "Check the tool and its args under onStart."
}) {}

/** A server that runs did not pass its health checks. Its connection was given up; a new one follows. */
export class ServerUnhealthy extends defineError<ServerUnhealthy>()("ServerUnhealthy", {
  code: "SERVER_UNHEALTHY",
  status: statuses.unavailable,
  retryable: true,
  fields: { serverName, checks: Schema.Int, reason: Schema.String },
  message: ({ checks, reason, serverName }) =>
    `Server "${serverName}" did not pass ${checks === 1 ? "a health check" : `${checks} health checks in a row`}: ${reason}.`,
  hint: () => "It is started anew. If it is only slow, give its health checks more time."
}) {}

/** Servers that the program cannot do without did not start. */
export class ConnectionFailed extends defineError<ConnectionFailed>()("ConnectionFailed", {
  code: "CONNECTION_FAILED",
  status: statuses.unavailable,
  retryable: true,
  fields: { failures: Schema.Array(Schema.Struct({ serverName, reason: Schema.String })) },
  message: ({ failures }) =>
    failures.length === 1
      ? `A required server is not available. ${failures[0]?.reason ?? ""}`
      : `${failures.length} required servers are not available. ${failures.map(({ reason }) => reason).join(" ")}`,
  hint: () =>
    "See what is wrong with it: signalbox servers status. A server that is not required does not stop the others."
}) {}

/** Two servers have the same name, so neither could be told from the other. */
export class DuplicateServerName extends defineError<DuplicateServerName>()("DuplicateServerName", {
  code: "SERVER_NAME_DUPLICATE",
  status: statuses.configuration,
  fields: { serverNames: Schema.Array(Schema.String) },
  message: ({ serverNames }) => `More than one server is named ${serverNames.map((name) => `"${name}"`).join(", ")}.`,
  hint: () => "Give each server a name of its own."
}) {}

/** None of the servers of a set could be started, so there is no such set and nothing of it runs. */
export class NoServerConnected extends defineError<NoServerConnected>()("NoServerConnected", {
  code: "NO_SERVER_CONNECTED",
  status: statuses.unavailable,
  retryable: true,
  fields: { setName: Schema.String, failures: Schema.Array(Schema.Struct({ serverName, reason: Schema.String })) },
  message: ({ failures, setName }) =>
    failures.length === 0
      ? `"${setName}" has no servers.`
      : `No server of "${setName}" could be started. ${failures.map(({ reason }) => reason).join(" ")}`,
  hint: ({ failures }) =>
    failures.length === 0
      ? "Give it at least one server that is enabled."
      : "See what is wrong with them: signalbox doctor"
}) {}

/** A set was connected, and what was to be done before it could be used has failed. Nothing of it runs. */
export class ServerSetNotPrepared extends defineError<ServerSetNotPrepared>()("ServerSetNotPrepared", {
  code: "SERVER_SET_NOT_PREPARED",
  status: statuses.unavailable,
  fields: { setName: Schema.String, reason: Schema.String },
  message: ({ reason, setName }) => `"${setName}" is not ready for use: ${reason}`
}) {}

/** A set of this name is there, with other servers. It was left as it is. */
export class ServerSetExists extends defineError<ServerSetExists>()("ServerSetExists", {
  code: "SERVER_SET_EXISTS",
  status: statuses.conflict,
  fields: { setName: Schema.String },
  message: ({ setName }) => `"${setName}" is there already, with other servers.`,
  hint: () => "Remove it first, or choose another name."
}) {}

/** No set of servers has this name. */
export class ServerSetNotFound extends defineError<ServerSetNotFound>()("ServerSetNotFound", {
  code: "SERVER_SET_NOT_FOUND",
  status: statuses.notFound,
  fields: {
    setName: Schema.String,
    nearest: Schema.UndefinedOr(Schema.String),
    available: Schema.Array(Schema.String)
  },
  message: ({ available, nearest, setName }) =>
    `There is no set of servers "${setName}".${nearest === undefined ? "" : ` Did you mean "${nearest}"?`} ${
      available.length === 0 ? "There is none." : `There are: ${available.join(", ")}.`
    }`,
  hint: () => "Add it first."
}) {}

/** Every error class of this package, for the table of codes. */
export const orchestratorErrors = [
  ...offerErrors,
  RunnerNotFound,
  RuntimeVersionMismatch,
  ServerFileNotFound,
  StartCallFailed,
  ConnectionFailed,
  ConnectionsExhausted,
  DuplicateServerName,
  NoServerConnected,
  ServerAlreadyRunning,
  ServerBusy,
  ServerCircuitOpen,
  ServerIncomplete,
  ServerNotFound,
  ServerNotRunning,
  ServerSetExists,
  ServerSetNotFound,
  ServerSetNotPrepared,
  ServerStartupFailed,
  ServerUnavailable,
  ServerUnhealthy,
  SessionsExhausted
] as const
