/**
 * The notes that say what of a conversation a summary stands for: a later process shows the model the summary, and what was
 * said after it.
 */
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import { noteText } from "./EventLog.ts"

/** The kind of these notes. */
export const summaryKind = "context_summary"

/** What a model is shown of records: the summary of the older ones, and the others. */
export interface SummarisedEvents {
  readonly summary: string | undefined
  readonly rest: ReadonlyArray<ChatEvent>
}

/**
 * Takes the newest summary. The place is named by an id, since records that are taken elsewhere are numbered anew; without
 * one, all that was there is summarised.
 */
export const afterSummary = (events: ReadonlyArray<ChatEvent>): SummarisedEvents => {
  const at = events.findLastIndex((event) => event.type === "meta" && event.kind === summaryKind)
  const note = events[at]
  const summary = note?.type === "meta" ? noteText(note, "summary") : undefined
  if (note?.type !== "meta" || summary === undefined) return { summary: undefined, rest: events }
  const fromId = noteText(note, "from_id")
  const from = events.findIndex(({ id }) => id === fromId)
  return { summary, rest: events.slice(from === -1 ? at + 1 : from) }
}

const isSaid = (event: ChatEvent): boolean =>
  event.type === "user_message" && event.content.some(({ type }) => type !== "tool_result")

/** Says that of the records so far all are summarised but the newest turns, so many of them. */
export const summaryNote = (
  events: ReadonlyArray<ChatEvent>,
  { replaced, summary, turnsLeft }: { readonly summary: string; readonly replaced: number; readonly turnsLeft: number }
): NewEvent => {
  const kept = turnsLeft === 0 ? undefined : events.filter(isSaid).at(-turnsLeft)
  return {
    type: "meta",
    role: "system",
    kind: summaryKind,
    data: { ...(kept === undefined ? {} : { from_id: kept.id }), summary, messages: replaced }
  }
}
