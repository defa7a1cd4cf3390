/**
 * The end of an answer that a budget has cut off: what had come is a whole answer then, for readers, history and
 * journal alike.
 */
import { type EventFold, foldEvent, type ModelEvent, type ModelReply, type Usage } from "@signalbox/model"

/** Why such an answer ended. */
export const budgetStop = "budget_exceeded"

/** The events that are missing at the end. `estimated` is what the answer will have cost, where somebody has counted. */
export const budgetEnd = (
  { usage }: ModelReply,
  estimated: Usage | undefined,
  openBlock: number | undefined
): ReadonlyArray<ModelEvent> => [
  ...(openBlock === undefined ? [] : [{ type: "content_block_stop" as const, index: openBlock }]),
  { type: "message_delta", delta: { stop_reason: budgetStop, stop_sequence: null }, usage: estimated ?? usage },
  { type: "message_stop" }
]

/** The block that has started and not ended after these events. */
export const openBlockAfter = (before: number | undefined, events: ReadonlyArray<ModelEvent>): number | undefined =>
  events.reduce<number | undefined>((open, event) => {
    if (event.type === "content_block_start") return event.index
    return event.type === "content_block_stop" ? undefined : open
  }, before)

/** A fold with further events. */
export const foldEvents = (fold: EventFold, events: ReadonlyArray<ModelEvent>): EventFold =>
  events.reduce(foldEvent, fold)
