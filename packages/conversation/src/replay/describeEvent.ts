/**
 * Events of a turn as they are recorded and compared: what happened, without how long it took.
 */
import type { TurnEvent } from "../TurnEvent.ts"

const callOf = ({ id, input, name }: { readonly id: string; readonly name: string; readonly input: unknown }) => ({
  id,
  name,
  input
})

/** JSON of an event. Pieces of text of a model are left as they came. */
export const describeEvent = (event: TurnEvent): unknown => {
  switch (event.type) {
    case "tool_asked":
      return { type: event.type, step: event.step, call: callOf(event.call), reason: event.reason }
    case "tool_start":
      return { type: event.type, step: event.step, call: callOf(event.call), source: event.call.runBy ?? null }
    case "tool_end": {
      const { code, result, status } = event.outcome
      const { callId, step, type } = event
      return { type, step, callId, status, ...(code === undefined ? {} : { code }), result }
    }
    case "step_end": {
      const { finishReason, model, provider, step, text, usage } = event.summary
      return { type: event.type, step, provider, model, text, finishReason, usage }
    }
    case "turn_end": {
      const { finishReason, messages, pendingCalls, text, usage } = event.result
      return { type: event.type, finishReason, text, usage, messages, pendingCalls: pendingCalls.map(callOf) }
    }
    default:
      return event
  }
}
