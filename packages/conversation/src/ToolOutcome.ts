/**
 * How one tool call of the host ended, and what the model is told of it.
 * Every call has an outcome, whatever happened: a call without one would make the history invalid.
 */
import { type ToolResultBlock, ToolResult, resultText, ToolUseBlock } from "@signalbox/model"
import { Schema } from "effect"

/**
 * - `ok`, `tool_error`: the tool answered, the second with `isError`.
 * - `not_found`, `invalid`: there is no such tool, or the arguments do not fit it; nothing was run.
 * - `timeout`: the tool did not answer in time. `failed`: there is no answer, for the reason that `code` names.
 * - `not_run`: the turn ended before it: tool limit, or an answer of the model that broke off.
 * - `refused`: it was not allowed; nothing was run. `awaiting_approval`: likewise, and the turn ended so that somebody can.
 * - `interrupted`: the turn was stopped before the call finished.
 */
export const ToolStatus = Schema.Literals([
  "ok",
  "tool_error",
  "not_found",
  "invalid",
  "timeout",
  "failed",
  "not_run",
  "refused",
  "awaiting_approval",
  "interrupted"
])
export type ToolStatus = typeof ToolStatus.Type

/** What is known of a call when it is over; this is what a journal keeps. */
export const ToolSettlement = Schema.Struct({
  status: ToolStatus,
  /** The error code behind a status other than `ok` and `tool_error`. */
  code: Schema.optional(Schema.String),
  /** What the model is told. */
  result: ToolResult
})
export interface ToolSettlement extends Schema.Schema.Type<typeof ToolSettlement> {}

/** What became of one tool call: the settlement that a journal keeps, with the call and its duration. */
export const ToolOutcome = Schema.Struct({
  ...ToolSettlement.fields,
  /** The call as the model made it, with `runBy` set. */
  call: ToolUseBlock,
  /** From the start of the call to its outcome, hooks included, and without the time in which somebody was asked. */
  duration: Schema.DurationFromMillis
})
export interface ToolOutcome extends Schema.Schema.Type<typeof ToolOutcome> {}

const contentOf = (result: ToolResult): NonNullable<ToolResultBlock["content"]> => {
  if (result.content.length === 0) return resultText(result)
  const hasText = result.content.some((block) => block.type === "text")
  if (hasText || result.structuredContent === undefined) return result.content
  return [...result.content, { type: "text", text: JSON.stringify(result.structuredContent) }]
}

/** The block that tells the model. Structured content goes along as JSON where the result has no text of its own. */
export const toolResultBlock = (callId: string, result: ToolResult): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: callId,
  content: contentOf(result),
  ...(result.isError ? { is_error: true } : {})
})
