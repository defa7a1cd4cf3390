/**
 * A turn that is served over a model API, whichever it is: what its encoders are told. Each provider's
 * `./serve` turns these into the words of its vendor; none of them knows the turn loop.
 */
import type { RunBy, ToolResultBlock } from "./ContentBlock.ts"
import type { ModelReply, ModelRequest } from "./Message.ts"
import type { ModelEvent } from "./ModelEvent.ts"

/** A request as the turn loop takes it, and what only the answer needs. */
export interface ServedRequest {
  /** The caller's tools are `Caller`'s, those that only the vendor runs are `Provider`'s. */
  readonly request: ModelRequest
  readonly stream: boolean
  /** The name that the client asked for, to be echoed in the answer. */
  readonly model: string
}

/** What an encoder must know of a turn before it begins. */
export interface ServedStream {
  /** In the form of the vendor's ids, such as `msg_` and 24 characters. */
  readonly id: string
  /** The name that the client asked for. */
  readonly model: string
  /** Who runs a tool, asked when a call begins without saying so. A name that nobody knows is the host's, who answers it. */
  readonly runBy: (toolName: string) => RunBy
}

/** What happens in a turn, for an encoder of streams. */
export type ServedEvent =
  /** Opens the message before the model has answered, so that pings can follow; `inputTokens` is an estimate. */
  | { readonly type: "start"; readonly inputTokens: number }
  /** An event of the model call that is running. */
  | { readonly type: "model"; readonly event: ModelEvent }
  /** A tool of the host has answered. */
  | { readonly type: "result"; readonly result: ToolResultBlock }
  /** Silence that the client should not take for death. */
  | { readonly type: "ping" }
  /** The turn is over; `stopReason` where it is not that of the last step. */
  | { readonly type: "end"; readonly stopReason?: string }
  /** The turn has failed. Nothing follows. */
  | { readonly type: "failed"; readonly error: unknown; readonly requestId: string }

/** One model call of a turn, and the results of the tools that the host ran for it. */
export interface ServedStep {
  readonly reply: ModelReply
  readonly results: ReadonlyArray<ToolResultBlock>
}

/** A turn that is over, for an encoder of whole answers. */
export interface ServedReply {
  /** In the form of the vendor's ids, such as `msg_` and 24 characters. */
  readonly id: string
  /** The name that the client asked for. */
  readonly model: string
  readonly steps: ReadonlyArray<ServedStep>
  /** Says why the turn ended where that is not why its last step did. */
  readonly stopReason?: string
}
