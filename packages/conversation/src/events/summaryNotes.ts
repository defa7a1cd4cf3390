/**
 * The notes that say what of a conversation a summary stands for: a later process shows the model the summary, and what was
 * said after it.
 */
import type { Message } from "@signalbox/model"
import { withSummary } from "../context/cuts.ts"
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import { noteText } from "./EventLog.ts"

const summaryKind = "context_summary"

/** A summary, and the place from which records are shown themselves. */
export interface SummaryNote {
  readonly summary: string
  readonly fromSeq: number
}

/** The newest summary. */
export const summaryOf = (events: ReadonlyArray<ChatEvent>): SummaryNote | undefined => {
  const note = events.findLast((event) => event.type === "meta" && event.kind === summaryKind)
  if (note?.type !== "meta") return undefined
  const fromSeq = note.data["from_seq"]
  const summary = noteText(note, "summary")
  return typeof fromSeq === "number" && summary !== undefined ? { fromSeq, summary } : undefined
}

/** The messages of what came after a summary, with it. */
export const afterSummary = (note: SummaryNote | undefined, messages: ReadonlyArray<Message>): ReadonlyArray<Message> =>
  note === undefined ? messages : withSummary(messages, note.summary)

const isSaid = (event: ChatEvent): boolean =>
  event.type === "user_message" && event.content.some(({ type }) => type !== "tool_result")

/** Says that of the records so far all are summarised but the newest turns, so many of them. */
export const summaryNote = (
  events: ReadonlyArray<ChatEvent>,
  { replaced, summary, turnsLeft }: { readonly summary: string; readonly replaced: number; readonly turnsLeft: number }
): NewEvent => {
  const kept = turnsLeft === 0 ? undefined : events.filter(isSaid).at(-turnsLeft)
  const fromSeq = kept?.seq ?? (events.at(-1)?.seq ?? 0) + 1
  return {
    type: "meta",
    role: "system",
    kind: summaryKind,
    data: { from_seq: fromSeq, summary, messages: replaced }
  }
}
