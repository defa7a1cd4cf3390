/**
 * A turn as one response, however many times the model was called: a pure state machine from what happens to
 * events. The response that its last event carries is the whole answer, streamed or not. Items of the host's tools
 * stay open while the tools run, so that other items begin before they are done.
 */
import type { ServedEvent, ToolUseBlock } from "@signalbox/model"
import { servedEvents, type TurnPart, turnParts } from "../turnParts.ts"
import { responseOf } from "./responseOf.ts"
import { type ResponsesReply, type ResponsesState, startResponsesStream } from "./ResponsesState.ts"
import { type Draft, emit } from "./Draft.ts"
import { tellEnd, tellFailure, tellPart } from "./tellPart.ts"
import type { ResponsesEvent, ResponseWire } from "./wire.ts"

/** Some clients end a stream after minutes without an event, whatever comments say. */
const pingsPerKeepalive = 6

const ping = (draft: Draft): void => {
  const silentPings = draft.state.silentPings + 1
  draft.state = { ...draft.state, silentPings }
  if (draft.state.turn.phase === "open" && silentPings % pingsPerKeepalive === 0) emit(draft, "keepalive", {})
  else draft.events.push({ type: "ping" })
}

const encodePart = (draft: Draft, part: TurnPart, step: number): void => {
  switch (part.type) {
    case "ping":
      return ping(draft)
    case "opened":
      emit(draft, "response.created", { response: responseOf(draft.state, "in_progress") })
      return emit(draft, "response.in_progress", { response: responseOf(draft.state, "in_progress") })
    case "ended":
      return tellEnd(draft, part.end, step)
    case "failed":
      return tellFailure(draft, part.error)
    default:
      return tellPart(draft, part, step)
  }
}

/** The next state, and the events to send. After the end, and after a failure, there are none. */
export const encodeResponsesStream = (
  state: ResponsesState,
  event: ServedEvent
): readonly [ResponsesState, ReadonlyArray<ResponsesEvent>] => {
  const [turn, parts] = turnParts(state.turn, event)
  const draft: Draft = { state: { ...state, turn }, events: [] }
  for (const part of parts) encodePart(draft, part, state.turn.step)
  return [draft.state, draft.events]
}

/** One event as it goes over the wire. A ping is a comment: older clients stop at events that they do not know. */
export const renderResponsesEvent = (event: ResponsesEvent): string =>
  event.type === "ping" ? ": ping\n\n" : `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** The JSON body of a turn that was not streamed: the response that the stream would have ended with. */
export const encodeResponsesReply = ({ steps, stopReason, ...turn }: ResponsesReply): ResponseWire => {
  const happened = servedEvents({ steps, ...(stopReason === undefined ? {} : { stopReason }) })
  const waiting = new Set(steps.flatMap((step) => [...(step.waiting ?? [])]))
  const approvals = {
    requestOf: (callId: string) => turn.approvals?.requestOf(callId),
    mayWait: ({ id }: ToolUseBlock) => waiting.has(id)
  }
  const start = startResponsesStream({ ...turn, approvals, runBy: () => ({ _tag: "Caller" }) })
  const last = happened.reduce((state, event) => encodeResponsesStream(state, event)[0], start)
  return last.ended ?? responseOf(last, "completed")
}
