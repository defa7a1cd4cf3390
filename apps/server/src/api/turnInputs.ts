/**
 * The events of a turn as what the encoder of the wire has to know. One thing differs from what the loop says:
 * nothing answers a call of the caller's tools but the caller.
 */
import { type TurnEvent, toolResultBlock } from "@signalbox/conversation"
import { eventsOf, noUsage, type ServedEvent } from "@signalbox/model"
import { Stream } from "effect"

/** Whether the loop gave up while a call of the caller's tools was open. */
type IsCallOpen = boolean

type Step = readonly [IsCallOpen, ReadonlyArray<ServedEvent>]

/** A sentence of the host as a step of its own: clients show it as text of the message. */
const said = (text: string): ReadonlyArray<ServedEvent> =>
  eventsOf({
    id: "notice",
    model: "signalbox",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: noUsage
  }).map((event) => ({ type: "model", event }))

const inputsOf = (isCallOpen: IsCallOpen, event: TurnEvent): Step => {
  switch (event.type) {
    case "model":
      return [isCallOpen, [{ type: "model", event: event.event }]]
    case "tool_end":
      return event.outcome.call.runBy?._tag === "Caller"
        ? [true, []]
        : [isCallOpen, [{ type: "result", result: toolResultBlock(event.callId, event.outcome.result) }]]
    case "notice":
      // The result of a call must follow it at once; a sentence between the two would spoil the history.
      return [isCallOpen, isCallOpen ? [] : said(event.text)]
    case "turn_end":
      // The APIs have a word for an answer that was cut off, and none for why.
      if (event.result.finishReason === "budget_exceeded")
        return [isCallOpen, [{ type: "end", stopReason: "max_tokens" }]]
      if (event.result.finishReason !== "tool_limit_reached") return [isCallOpen, [{ type: "end" }]]
      return [isCallOpen, [{ type: "end", stopReason: isCallOpen ? "tool_use" : "end_turn" }]]
    default:
      return [isCallOpen, []]
  }
}

/** What happens in a turn, in the encoder's words. */
export const turnInputs = <E>(events: Stream.Stream<TurnEvent, E>): Stream.Stream<ServedEvent, E> =>
  Stream.mapAccum(events, (): IsCallOpen => false, inputsOf)
