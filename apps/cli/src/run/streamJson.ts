/**
 * A turn as it happens, one JSON object a line: for programs that show it to somebody else.
 */
import type { TurnEvent } from "@signalbox/conversation"
import { resultText, type ToolUseBlock } from "@signalbox/model"
import { Duration } from "effect"
import { turnJson } from "../chat/turnJson.ts"

const sourceOf = ({ runBy }: ToolUseBlock): string | null => (runBy?._tag === "Host" ? runBy.source : null)

/** What is told of an event; nothing of those that say nothing new. */
export const eventJson = (event: TurnEvent): object | undefined => {
  switch (event.type) {
    case "step_start":
      return { type: "step_start", step: event.step, provider: event.provider, model: event.model }
    case "model":
      return event.event.type === "content_block_delta" && event.event.delta.type === "text_delta"
        ? { type: "text", step: event.step, text: event.event.delta.text }
        : undefined
    case "tool_asked":
      return { type: "tool_asked", step: event.step, id: event.call.id, tool: event.call.name, reason: event.reason }
    case "tool_start": {
      const { id, input, name: tool } = event.call
      return { type: "tool_start", step: event.step, id, server: sourceOf(event.call), tool, input }
    }
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
      return { type: "result", ...turnJson(event.result) }
    default:
      return undefined
  }
}
