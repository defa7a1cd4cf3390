/**
 * What really reached fx-mcp. Each event is one appended line, written synchronously, so that it survives kill -9; several
 * processes may share a file. `at` grows strictly within a process.
 */
import { openSync, readFileSync, writeSync } from "node:fs"

/**
 * The kinds of events. `call_start` and `call_end` enclose the run of a tool; `cancelled` names the request given up. `oauth`
 * has the endpoint or grant as `method`, and what came of it as `outcome`.
 */
export type FxMcpEventName =
  | "start"
  | "initialize"
  | "session"
  | "request"
  | "notification"
  | "response"
  | "cancelled"
  | "disconnected"
  | "stdin_end"
  | "signal"
  | "grandchild"
  | "exit"
  | "call_start"
  | "call_end"
  | "oauth"
  | "task"

/** One line of the log. */
export interface FxMcpEvent {
  /** Milliseconds since the epoch, with fractions. */
  readonly at: number
  readonly pid: number
  readonly event: FxMcpEventName
  readonly method?: string
  readonly id?: string | number | null
  readonly tool?: string
  readonly arguments?: unknown
  /** The request's `_meta`. */
  readonly meta?: unknown
  readonly headers?: Readonly<Record<string, unknown>>
  readonly session?: string
  /** Protocol version that initialize asked for. */
  readonly version?: string
  /** What the client said in the handshake that it can do. */
  readonly capabilities?: unknown
  readonly signal?: string
  readonly code?: number
  /** Process id of the grandchild. */
  readonly child?: number
  /** Calls running at this moment, this one included. */
  readonly active?: number
  /** The task that a call became. */
  readonly taskId?: string
  /** How a call ended: answered, failed, cancelled. */
  readonly outcome?: string
}

/** Fields of an event besides the stamp. */
type FxMcpEventFields = Omit<FxMcpEvent, "at" | "pid" | "event">

/** Appends one event. */
export type AppendEvent = (event: FxMcpEventName, fields?: FxMcpEventFields) => void

/** Opens the log for appending; without a file nothing is written. */
export const openLog = (file: string | undefined): AppendEvent => {
  if (file === undefined) return () => {}
  // Mode "a": lines of several processes are appended whole, never over each other.
  const descriptor = openSync(file, "a")
  let last = 0
  return (event, fields = {}) => {
    last = Math.max(performance.timeOrigin + performance.now(), last + 0.001)
    writeSync(descriptor, `${JSON.stringify({ at: last, pid: process.pid, event, ...fields })}\n`)
  }
}

/** Reads a log; a file that does not exist yet is empty, and a line still being written is left out. */
export const readFxMcpLog = (file: string): ReadonlyArray<FxMcpEvent> => {
  const lines = readText(file).split("\n")
  // What follows the last line end is a line that is not finished.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as FxMcpEvent) // written by `openLog`
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return ""
    throw cause
  }
}
