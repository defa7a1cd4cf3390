/**
 * What a turn was: its steps, its cost, why it ended, and what to append to the history.
 */
import { Message, ToolUseBlock, Usage } from "@signalbox/model"
import { Schema } from "effect"
import { ToolOutcome } from "./ToolOutcome.ts"

/**
 * Why a turn ended: `tool_use` means that calls of the caller's tools are pending, `tool_limit_reached` that
 * the limit of tool rounds stopped it, `repeated_calls` that the same call was made again and again, `budget_exceeded` that its budget did, `approval_required` that a call waits for
 * somebody who can approve it; the others are the model's own stop reasons, handed on.
 */
export type FinishReason =
  | "end_turn"
  | "tool_use"
  | "tool_limit_reached"
  | "repeated_calls"
  | "budget_exceeded"
  | "approval_required"
  | "max_tokens"
  | "stop_sequence"
  | "pause_turn"
  | "refusal"
  | "model_context_window_exceeded"
  | (string & {})

/** One model call and the host's tool calls that it led to. */
export const TurnStep = Schema.Struct({
  /** From 1. */
  step: Schema.Int,
  provider: Schema.String,
  /** The model that answered, in its own words. */
  model: Schema.String,
  text: Schema.String,
  /** All calls of the step, those of the caller's tools included. */
  calls: Schema.Array(ToolUseBlock),
  /** Outcomes of the host's calls, in call order. */
  outcomes: Schema.Array(ToolOutcome),
  /** The model's stop reason. */
  finishReason: Schema.String,
  usage: Usage,
  startedAt: Schema.DateTimeUtcFromString,
  duration: Schema.DurationFromMillis
})
export interface TurnStep extends Schema.Schema.Type<typeof TurnStep> {}

/**
 * The result of a turn.
 *
 * `messages` is everything to append to the history after the user's message. Every `tool_use` in it has its
 * `tool_result` in the message right after, except the pending calls: when the last assistant message calls
 * tools of the host and of the caller, the user message after it holds the host's results only, and the
 * caller's belong into that same message. `resumeWith` puts them there, in call order.
 */
export const TurnResult = Schema.Struct({
  finishReason: Schema.String,
  /** The sum over all steps. */
  usage: Usage,
  steps: Schema.Array(TurnStep),
  messages: Schema.Array(Message),
  /** Calls of the caller's tools that wait for their results. */
  pendingCalls: Schema.Array(ToolUseBlock),
  /** The final response: the text of the last step, and the sentence of the tool limit where it was reached. */
  text: Schema.String
})
export interface TurnResult extends Schema.Schema.Type<typeof TurnResult> {
  readonly finishReason: FinishReason
}

/** Whether calls of the step have no outcome among its outcomes, compared by id. */
export const hasPendingCalls = (step: Pick<TurnStep, "calls" | "outcomes">): boolean => {
  const answered = new Set(step.outcomes.map(({ call }) => call.id))
  return step.calls.some(({ id, runBy }) => runBy?._tag !== "Provider" && !answered.has(id))
}

/** The share of outcomes that are `ok`; 1 where there are none. */
export const successRate = (outcomes: ReadonlyArray<ToolOutcome>): number =>
  outcomes.length === 0 ? 1 : outcomes.filter(({ status }) => status === "ok").length / outcomes.length
