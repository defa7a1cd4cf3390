/**
 * A turn as it happens, one JSON object a line: for programs that show it to somebody else.
 */
import type { TurnEvent, TurnResult } from "@signalbox/conversation"
import { type SignalboxError, toJson } from "@signalbox/errors"
import { resultText, type ToolUseBlock } from "@signalbox/model"
import { Duration } from "effect"
import { turnJson } from "../chat/turnJson.ts"

const sourceOf = ({ runBy }: ToolUseBlock): string | null => (runBy?._tag === "Host" ? runBy.source : null)

const callJson = (call: ToolUseBlock) => ({
  id: call.id,
  server: sourceOf(call),
  tool: call.name,
  input: call.input
})

/** How the run ends, as the envelope of `--json` says it. */
const endJson = (short: SignalboxError | undefined) =>
  short === undefined
    ? { status: "success", error: null, error_code: null }
    : { status: "failed", error: toJson(short), error_code: short.code }

/** What is told of an event; nothing of those that say nothing new. The last one says what is wrong with the answer. */
export const eventJson = (
  event: TurnEvent,
  shortfall: (result: TurnResult) => SignalboxError | undefined
): object | undefined => {
  switch (event.type) {
    case "step_start":
      return { type: "step_start", step: event.step, provider: event.provider, model: event.model }
    case "model":
      return event.event.type === "content_block_delta" && event.event.delta.type === "text_delta"
        ? { type: "text", step: event.step, text: event.event.delta.text }
        : undefined
    case "tool_asked":
      return { type: "tool_asked", step: event.step, ...callJson(event.call), reason: event.reason }
    case "tool_start":
      return { type: "tool_start", step: event.step, ...callJson(event.call) }
    case "tool_progress": {
      const { message = null, progress, total = null } = event.progress
      return { type: "tool_progress", step: event.step, id: event.callId, progress, total, message }
    }
    case "tool_end": {
      const { call, code, duration, result, status } = event.outcome
      return {
        type: "tool_end",
        step: event.step,
        id: call.id,
        server: sourceOf(call),
        tool: call.name,
        status,
        error_code: code ?? null,
        duration_ms: Duration.toMillis(duration),
        result: resultText(result)
      }
    }
    case "step_end":
      return { type: "step_end", step: event.step, usage: event.summary.usage }
    case "notice":
      return { type: "notice", code: event.code, text: event.text }
    case "turn_end":
      return { type: "result", ...turnJson(event.result), ...endJson(shortfall(event.result)) }
    default:
      return undefined
  }
}
