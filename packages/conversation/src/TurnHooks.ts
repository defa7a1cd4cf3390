/**
 * Where a host puts its own rules into the loop: before and after each model call and each tool call.
 * Hooks run outside the journal's steps: when a recorded turn is played again, they run again.
 */
import type { ModelError, ModelReply, ModelRequest, ToolDefinition, ToolResult, ToolUseBlock } from "@signalbox/model"
import type { Effect } from "effect"
import type { ToolOutcome } from "./ToolOutcome.ts"

/** A call that is about to be run: its tool exists and its arguments fit. */
export interface PendingCall {
  readonly step: number
  readonly call: ToolUseBlock
  readonly tool: ToolDefinition
}

/** Where a program may look into a turn and change it: before and after each model call and each tool call. */
export interface TurnHooks {
  /** Answers with the request to send. A failure ends the turn. */
  readonly beforeModel?: (request: ModelRequest, step: number) => Effect.Effect<ModelRequest, ModelError>
  /** Answers with the reply to go on with; the events of the original have been emitted by then. */
  readonly afterModel?: (reply: ModelReply, step: number) => Effect.Effect<ModelReply, ModelError>
  /** Answers with the call to run, or with a result: then the tool is not run. */
  readonly beforeTool?: (pending: PendingCall) => Effect.Effect<ToolUseBlock | ToolResult>
  /** Answers with what the model is told. Sees every outcome, those of unknown tools included. */
  readonly afterTool?: (outcome: ToolOutcome, step: number) => Effect.Effect<ToolResult>
}

/** No rules. */
export const noHooks: TurnHooks = {}
