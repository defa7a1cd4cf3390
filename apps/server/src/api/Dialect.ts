/**
 * What differs between the model APIs that are served: how a request is read and an answer is written. All else, who
 * may ask, which model, which tools, and the turn itself, is the same for all of them.
 */
import type {
  ApprovalAnswer,
  ServedEvent,
  ServedReply,
  ServedRequest,
  ServedStream,
  ToolDefinition
} from "@signalbox/model"
import type { SignalboxError } from "@signalbox/errors"
import type { HostOptions } from "@signalbox/host"
import type { Effect, Redacted, Stream } from "effect"

export type RequestHeaders = Readonly<Record<string, string | undefined>>

/** An error as an API says it. */
export interface EncodedFailure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** A server that a request wants to use: one of the configuration, or else one that it brings. */
export interface NamedServer {
  readonly name: string
  /** Where it is reached if the configuration has none of this name. */
  readonly url?: string
  /** What lets the client in there. */
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  /** Whether the request wants a tool of it. */
  readonly wants: (tool: ToolDefinition) => boolean
  /** Whether the client wants to approve calls of a tool itself; `undefined` leaves it to the host. */
  readonly approval?: (tool: ToolDefinition) => "always" | "never" | undefined
}

/** A request that was read. */
export interface DialectRequest extends ServedRequest {
  /** Absent where the request says nothing of servers. */
  readonly servers?: ReadonlyArray<NamedServer>
  /** What it says of calls that were waiting for approval. */
  readonly approvals?: ReadonlyArray<ApprovalAnswer>
}

/** What an answer is to. */
export interface Answered<Request> {
  readonly request: Request
  /** When it began, in seconds since 1970. */
  readonly created: number
}

/** What the configuration says of requests that are not as they should be. */
export type ReadingRules = Pick<HostOptions["server"], "whenToolFlowBroken">

/** One model API. */
export interface Dialect<Request extends DialectRequest = DialectRequest> {
  readonly decode: (
    body: unknown,
    headers: RequestHeaders,
    rules: ReadingRules
  ) => Effect.Effect<Request, SignalboxError>
  /** The id of the message that answers, from 24 hexadecimal digits. */
  readonly idOf: (digits: string) => string
  readonly reply: (reply: ServedReply, answered: Answered<Request>) => object
  /** Server-sent events as text, from what happens in the turn. */
  readonly stream: (
    served: ServedStream,
    answered: Answered<Request>
  ) => <E, R>(events: Stream.Stream<ServedEvent, E, R>) => Stream.Stream<string, E, R>
  /** Whether it has items of its own for calls that wait for approval; else they are told as calls that failed. */
  readonly showsApprovals?: boolean
  readonly failure: (error: unknown, requestId: string) => EncodedFailure
}
