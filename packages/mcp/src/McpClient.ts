/**
 * One connection to one MCP server, of any transport and protocol era. `connect` makes it, its scope
 * ends it. It never reconnects by itself: after `closed` has spoken, make a new one.
 */
import type { Duration, Effect, Stream } from "effect"
import type { CallError, ServerError } from "./errors.ts"
import type { Completion, CompletionRequest, LogLevel, Prompts, Resources } from "./McpPrompt.ts"
import type { JsonObject, ToolList } from "./McpTool.ts"
import type { Respondent } from "./Questions.ts"

/** Who answered the handshake. */
export interface ServerIdentity {
  readonly name: string
  readonly version: string
  readonly title?: string
  /** The negotiated revision, such as `2025-11-25`. */
  readonly protocolVersion: string
  /** `modern` is 2026-07-28 and later: no session, every request stands alone. */
  readonly era: "legacy" | "modern"
  readonly capabilities: JsonObject
  /** What the server tells a model about itself. Foreign text. */
  readonly instructions?: string
  /** The process id of a stdio server. */
  readonly pid: number | undefined
}

/** How far a running call has come. */
export interface CallProgress {
  readonly progress: number
  readonly total?: number
  readonly message?: string
}

/** Something that the server wants to be known. Foreign text. */
export interface LogMessage {
  /** A severity of RFC 5424, from `debug` to `emergency`. */
  readonly level: string
  readonly logger?: string
  /** Any JSON value. */
  readonly data: unknown
}

/** One tool call. */
export interface ToolCall {
  readonly name: string
  readonly input: JsonObject
  /** Instead of the `callTimeout` of the server; the `idleTimeout` stays. */
  readonly timeout?: Duration.Duration
  /** Runs for each progress notification, in order, one at a time; all have run when the call ends. */
  readonly onProgress?: (progress: CallProgress) => Effect.Effect<void>
  /** Answers what the server asks back during the call; without one, everything is declined. */
  readonly respondent?: Respondent
}

/** What a tool answered. `isError` is the tool's own verdict and not a failure of the call. */
export interface CallResult {
  /** Every block as it came, unknown kinds included; empty when the server sent none. */
  readonly content: ReadonlyArray<JsonObject & { readonly type: string }>
  /** Any JSON value; test it against `undefined`. */
  readonly structuredContent?: unknown
  readonly isError: boolean
  /** What is odd about the answer, such as a value that breaks the tool's own output schema. */
  readonly warnings: ReadonlyArray<string>
  readonly _meta?: JsonObject
}

/** A live connection to one MCP server. */
export interface McpClient {
  readonly serverName: string
  readonly identity: ServerIdentity
  /** Walks all pages. Bounded by `connectTimeout`. Asks again only when the last list is not fresh any more. */
  readonly listTools: Effect.Effect<ToolList, ServerError>
  /** Interrupting it tells the server to stop the call. */
  readonly callTool: (call: ToolCall) => Effect.Effect<CallResult, CallError>
  readonly prompts: Prompts
  readonly resources: Resources
  /** Values that fit what has been typed of an argument. */
  readonly complete: (request: CompletionRequest) => Effect.Effect<Completion, ServerError>
  /** What `logMessages` shall carry; until then the server decides, and in the modern era nothing comes. */
  readonly setLogLevel: (level: LogLevel) => Effect.Effect<void, ServerError>
  /** Waits until no call is under way, for whoever wants to end the connection without cutting one off. */
  readonly drained: Effect.Effect<void>
  /** Whether the server still answers: `ping`, or `server/discover` in the modern era. An error answer is an answer. */
  readonly ping: Effect.Effect<void, ServerError>
  /** One element for each time that the server says its tools have changed. Ends with the connection. */
  readonly toolsChanged: Stream.Stream<void>
  /** Messages of the server so far, and requests that wait for an answer: signs of life that cost nothing to look at. */
  readonly activity: () => { readonly received: number; readonly pending: number }
  /** What the server logs. A reader that is slow loses the oldest ones. Ends with the connection. */
  readonly logMessages: Stream.Stream<LogMessage>
  /** Waits until the connection is lost and says why. Never completes on a healthy one, nor when its scope closes. */
  readonly closed: Effect.Effect<ServerError>
  /** The last lines that the process wrote to standard error, at most 50; empty over HTTP. */
  readonly stderrTail: Effect.Effect<ReadonlyArray<string>>
}
