/**
 * What is known of one server at a moment, and what can happen to it. `ServerInfo` is for programs;
 * `serverInfoJson` is the form in which it is printed, with the error as data.
 */
import { type ErrorJson, type SignalboxError, toJson } from "@signalbox/errors"
import { CircuitPhase } from "@signalbox/resilience"
import { DateTime, Duration, Schema } from "effect"

/** `error` means that it is wanted but does not run; it is tried again at `nextRestartAt`. */
export const ServerState = Schema.Literals(["stopped", "starting", "running", "stopping", "error"])
export type ServerState = typeof ServerState.Type

/** `degraded` works, with a doubt; `unhealthy` does not; `unknown` is not meant to run, or has not been seen yet. */
export const HealthStatus = Schema.Literals(["healthy", "degraded", "unhealthy", "unknown"])
export type HealthStatus = typeof HealthStatus.Type

/** Whether a server is of use, and why not. */
export interface ServerHealth {
  readonly status: HealthStatus
  readonly reason: string | undefined
}

/** Whether a server may be called. */
export interface ServerCircuit {
  /** `open` refuses every call and hides the tools, `half-open` lets a few calls find out whether the server works again. */
  readonly phase: CircuitPhase
  /** Until when it is open; nothing where that is until somebody closes it. */
  readonly openUntil: DateTime.Utc | undefined
  /** The last failure that counted, or that it was opened by hand. */
  readonly reason: string | undefined
}

/** A server at a moment. */
export interface ServerInfo {
  readonly name: string
  readonly state: ServerState
  readonly transport: "stdio" | "http" | "sse" | "in-process"
  /** Of an HTTP server. */
  readonly url: string | undefined
  /** Of a running stdio server. */
  readonly pid: number | undefined
  /** Who answered the handshake, while it runs. */
  readonly identity:
    | {
        readonly name: string
        readonly version: string
        readonly protocolVersion: string
        readonly era: "legacy" | "modern"
        /** What the server tells a model about itself. Foreign text. */
        readonly instructions: string | undefined
      }
    | undefined
  readonly health: ServerHealth
  /** Whether the program is of no use without it. */
  readonly isRequired: boolean
  /** Why it is in state `error`. */
  readonly reason: SignalboxError | undefined
  /** The last failure of all, also after it has come back. */
  readonly lastError: SignalboxError | undefined
  /** How often it failed to start or was lost. */
  readonly errorCount: number
  /**
   * When the next attempt begins, in state `error`. A call that needs the server may bring it forward. Nothing where
   * its restart policy leaves that to whoever starts it.
   */
  readonly nextRestartAt: DateTime.Utc | undefined
  /** Since when it runs. */
  readonly startedAt: DateTime.Utc | undefined
  /** How long the last attempt to start it took, whichever way it ended. */
  readonly startDuration: Duration.Duration | undefined
  /** How often it came back by itself. */
  readonly restartCount: number
  /** How its process ended the last time, as far as the system said. */
  readonly exit: { readonly code: number | undefined; readonly signal: string | undefined } | undefined
  /** Original names of the tools that may be called, in its own order. Kept while it restarts. */
  readonly tools: ReadonlyArray<string>
  /** Whether these are the tools of an earlier run, because it has not listed them in this one yet. */
  readonly areToolsRemembered: boolean
  /** Its circuit, unless that is closed. */
  readonly circuit: ServerCircuit | undefined
  /** Those of its tools that are not listed now, because its circuit is open. */
  readonly hiddenTools: ReadonlyArray<string>
}

/** A line that a server has written to standard error. Foreign text. */
export interface LogLine {
  readonly serverName: string
  readonly text: string
}

/** Something that happened to a server. */
export type ServerEvent =
  /** With `error`, `info.reason` says why and `info.nextRestartAt` when it is tried again. */
  | { readonly _tag: "StateChanged"; readonly previous: ServerState; readonly info: ServerInfo }
  /** Its list of tools is another one than before, or than in an earlier run. Names are its own. */
  | {
      readonly _tag: "ToolsChanged"
      readonly serverName: string
      readonly added: ReadonlyArray<string>
      readonly removed: ReadonlyArray<string>
      /** Tools of the same name whose definition is another one. */
      readonly changed: ReadonlyArray<string>
    }
  /** A server that runs answers worse or better than before. */
  | { readonly _tag: "HealthChanged"; readonly serverName: string; readonly health: ServerHealth }
  /** Its circuit is in another phase, or the time is over for which it was open. */
  | {
      readonly _tag: "CircuitChanged"
      readonly serverName: string
      readonly circuit: ServerCircuit
      /** The tools that are not listed now. Names are its own. */
      readonly hiddenTools: ReadonlyArray<string>
    }

const Timestamp = Schema.NullOr(Schema.String)

/** A server as it is printed. Timestamps are UTC in ISO 8601; what is not known is null. */
export const ServerInfoJson = Schema.Struct({
  name: Schema.String,
  state: ServerState,
  transport: Schema.Literals(["stdio", "http", "sse", "in-process"]),
  url: Schema.NullOr(Schema.String),
  pid: Schema.NullOr(Schema.Int),
  server_name: Schema.NullOr(Schema.String),
  server_version: Schema.NullOr(Schema.String),
  protocol_version: Schema.NullOr(Schema.String),
  era: Schema.NullOr(Schema.Literals(["legacy", "modern"])),
  required: Schema.Boolean,
  health: HealthStatus,
  health_reason: Schema.NullOr(Schema.String),
  /** The envelope of `@signalbox/errors`. */
  error: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  /** The last failure of all, also while it is tried again and after it has come back. */
  last_error: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  error_count: Schema.Int,
  next_restart_at: Timestamp,
  started_at: Timestamp,
  uptime_ms: Schema.NullOr(Schema.Finite),
  start_duration_ms: Schema.NullOr(Schema.Finite),
  restart_count: Schema.Int,
  exit_code: Schema.NullOr(Schema.Int),
  exit_signal: Schema.NullOr(Schema.String),
  tool_count: Schema.Int,
  tools: Schema.Array(Schema.String),
  tools_remembered: Schema.Boolean,
  circuit: CircuitPhase,
  circuit_open_until: Timestamp,
  hidden_tools: Schema.Array(Schema.String)
})
export interface ServerInfoJson extends Schema.Schema.Type<typeof ServerInfoJson> {}

/** The printed form, as of `now`. Secrets in errors are hidden. */
export const serverInfoJson = (info: ServerInfo, now: DateTime.Utc): ServerInfoJson => ({
  name: info.name,
  state: info.state,
  transport: info.transport,
  url: orNull(info.url),
  pid: orNull(info.pid),
  server_name: orNull(info.identity?.name),
  server_version: orNull(info.identity?.version),
  protocol_version: orNull(info.identity?.protocolVersion),
  era: orNull(info.identity?.era),
  required: info.isRequired,
  health: info.health.status,
  health_reason: orNull(info.health.reason),
  error: mapOrNull(info.reason, (reason) => errorRecord(toJson(reason))),
  last_error: mapOrNull(info.lastError, (error) => errorRecord(toJson(error))),
  error_count: info.errorCount,
  next_restart_at: mapOrNull(info.nextRestartAt, DateTime.formatIso),
  started_at: mapOrNull(info.startedAt, DateTime.formatIso),
  uptime_ms: mapOrNull(info.startedAt, (since) => DateTime.toEpochMillis(now) - DateTime.toEpochMillis(since)),
  start_duration_ms: mapOrNull(info.startDuration, Duration.toMillis),
  restart_count: info.restartCount,
  exit_code: orNull(info.exit?.code),
  exit_signal: orNull(info.exit?.signal),
  tool_count: info.tools.length,
  tools: info.tools,
  tools_remembered: info.areToolsRemembered,
  circuit: info.circuit?.phase ?? "closed",
  circuit_open_until: mapOrNull(info.circuit?.openUntil, DateTime.formatIso),
  hidden_tools: info.hiddenTools
})

const orNull = <A>(value: A | undefined): A | null => value ?? null

const mapOrNull = <A, B>(value: A | undefined, print: (value: A) => B): B | null =>
  value === undefined ? null : print(value)

const errorRecord = (error: ErrorJson): Record<string, unknown> => ({ ...error })
