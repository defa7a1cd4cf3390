/**
 * A turn that is served over a model API, whichever it is: what its encoders are told. Each provider's
 * `./serve` turns these into the words of its vendor; none of them knows the turn loop.
 */
import type { RunBy, ToolResultBlock, ToolUseBlock } from "./ContentBlock.ts"
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
  /** What an encoder can show of approvals; absent where none can be needed. */
  readonly approvals?: ServedApprovals
}

/** Calls of the host's that may wait for somebody's approval, or were waiting before this turn. */
export interface ServedApprovals {
  /** Whether it is open until its result comes if the call has been run. */
  readonly mayWait: (call: ToolUseBlock) => boolean
  /** The id of the request with which the call was waiting, where an earlier turn has shown one. */
  readonly requestOf: (callId: string) => string | undefined
}

/** An answer of a client to a call that was waiting: which response showed it, and the model's id for it. */
export interface ApprovalAnswer {
  /** The id under which it was shown. */
  readonly requestId: string
  readonly responseId: string
  readonly callId: string
  readonly isApproved: boolean
  /** Why not, in the client's words. */
  readonly reason: string
}

/** What happens in a turn, for an encoder of streams. */
export type ServedEvent =
  /** Opens the message before the model has answered, so that pings can follow; `inputTokens` is an estimate. */
  | { readonly type: "start"; readonly inputTokens: number }
  /** An event of the model call that is running. */
  | { readonly type: "model"; readonly event: ModelEvent }
  /** A tool of the host has answered; or, where it `isWaiting`, the result says that it was not run without approval. */
  | { readonly type: "result"; readonly result: ToolResultBlock; readonly isWaiting?: boolean }
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
  /** The ids of calls among them that wait for approval. */
  readonly waiting?: ReadonlySet<string>
}

/** A turn that is over, for an encoder of whole answers. */
export interface ServedReply {
  /** In the form of the vendor's ids, such as `msg_` and 24 characters. */
  readonly id: string
  /** The name that the client asked for. */
  readonly model: string
  readonly steps: ReadonlyArray<ServedStep>
  readonly approvals?: ServedApprovals
  /** Says why the turn ended where that is not why its last step did. */
  readonly stopReason?: string
}
