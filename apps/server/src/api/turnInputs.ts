/**
 * The events of a turn as what the encoder of the wire has to know. One thing differs from what the loop says:
 * nothing answers a call of the caller's tools but the caller.
 */
import { type FinishReason, type TurnEvent, toolResultBlock } from "@signalbox/conversation"
import { ApprovalRequired, eventsOf, noUsage, type ServedEvent } from "@signalbox/model"
import { Stream } from "effect"
import type { Dialect } from "./Dialect.ts"

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

/** Ends that no model has a word for: the host said in the answer why it ended. */
const endsByHost = new Set<FinishReason>(["tool_limit_reached", "repeated_calls", "approval_required"])

const resultOf = ({ callId, outcome }: Extract<TurnEvent, { type: "tool_end" }>): ServedEvent => ({
  type: "result",
  result: toolResultBlock(callId, outcome.result),
  ...(outcome.status === "awaiting_approval" ? { isWaiting: true } : {})
})

const inputsOf = (isCallOpen: IsCallOpen, event: TurnEvent, showsApprovals: boolean): Step => {
  switch (event.type) {
    case "model":
      return [isCallOpen, [{ type: "model", event: event.event }]]
    case "tool_end":
      return event.outcome.call.runBy?._tag === "Caller" ? [true, []] : [isCallOpen, [resultOf(event)]]
    case "notice":
      if (showsApprovals && event.code === ApprovalRequired.definition.code) return [isCallOpen, []]
      // The result of a call must follow it at once; a sentence between the two would spoil the history.
      return [isCallOpen, isCallOpen ? [] : said(event.text)]
    case "turn_end":
      // The APIs have a word for an answer that was cut off, and none for why.
      if (event.result.finishReason === "budget_exceeded")
        return [isCallOpen, [{ type: "end", stopReason: "max_tokens" }]]
      if (!endsByHost.has(event.result.finishReason)) return [isCallOpen, [{ type: "end" }]]
      return [isCallOpen, [{ type: "end", stopReason: isCallOpen ? "tool_use" : "end_turn" }]]
    default:
      return [isCallOpen, []]
  }
}

/** What happens in a turn, in the encoder's words. */
export const turnInputs = <E>(
  events: Stream.Stream<TurnEvent, E>,
  { showsApprovals = false }: Pick<Dialect, "showsApprovals"> = {}
): Stream.Stream<ServedEvent, E> =>
  Stream.mapAccum(
    events,
    (): IsCallOpen => false,
    (isCallOpen, event) => inputsOf(isCallOpen, event, showsApprovals)
  )
