/** The notes that say where turns began and ended. */
import { isJsonObject, noUsage, Usage } from "@signalbox/model"
import { Option, Schema } from "effect"
import type { ChatEvent, MetaEvent, NewEvent } from "./ChatEvent.ts"
import { noteText } from "./EventLog.ts"
import type { EventCounts } from "./messages.ts"

/** The kinds of these notes. */
const turnKinds = { begun: "turn_begun", ended: "turn_ended" } as const

/** How a turn ended: by itself, stopped or failed, not at all as its program ended first, or cut by who went back within it. */
export type TurnEnd = "finished" | "stopped" | "lost" | "cut"

const turnEnds: ReadonlyArray<string | undefined> = [
  "finished",
  "stopped",
  "lost",
  "cut"
] satisfies ReadonlyArray<TurnEnd>

/** Whether a note says that a turn begins. */
export const isBeginNote = (event: ChatEvent): event is typeof MetaEvent.Type => isNote(event, turnKinds.begun)

/** How the turn ended, where the record is a note that says so. */
export const endIn = (event: ChatEvent): TurnEnd | undefined => {
  if (!isNote(event, turnKinds.ended)) return undefined
  const end = noteText(event, "end")
  // One of the list above.
  return turnEnds.includes(end) ? (end as TurnEnd) : undefined
}

/** A turn that has begun. A request whose turn was stopped may have another one. */
export interface TurnNote {
  readonly requestId: string
  readonly turnId: string
  /** Its place. */
  readonly seq: number
  /** The records of the request before it. */
  readonly counts: EventCounts
}

/** An answer that was given. */
export interface FinishedTurn {
  readonly requestId: string
  readonly finishReason: string
  readonly text: string
  readonly usage: Usage
}

const decodeUsage = Schema.decodeUnknownOption(Usage)

const isNote = (event: ChatEvent, kind: string): event is typeof MetaEvent.Type =>
  event.type === "meta" && event.kind === kind

/** How many records of a request there are of each type that messages are made of. */
export const countsOf = (events: ReadonlyArray<ChatEvent>, requestId: string): EventCounts => {
  const count = (type: ChatEvent["type"]) =>
    events.filter((event) => event.request_id === requestId && event.type === type).length
  return { assistant: count("assistant_message"), calls: count("tool_call"), results: count("tool_result") }
}

const countAt = (counts: unknown, key: keyof EventCounts): number => {
  const value = isJsonObject(counts) ? counts[key] : undefined
  return typeof value === "number" ? value : 0
}

/** Turns that have begun and not ended, oldest first. */
export const unfinishedTurns = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<TurnNote> => {
  const ended = new Set(events.flatMap((event) => (isNote(event, turnKinds.ended) ? [noteText(event, "turn_id")] : [])))
  return events.flatMap((event): ReadonlyArray<TurnNote> => {
    if (!isNote(event, turnKinds.begun)) return []
    const turnId = noteText(event, "turn_id")
    if (turnId === undefined || event.request_id === undefined || ended.has(turnId)) return []
    const counts = event.data["counts"]
    return [
      {
        requestId: event.request_id,
        turnId,
        seq: event.seq,
        counts: {
          assistant: countAt(counts, "assistant"),
          calls: countAt(counts, "calls"),
          results: countAt(counts, "results")
        }
      }
    ]
  })
}

/** The answer of a request, if it has been given. */
export const finishedTurn = (events: ReadonlyArray<ChatEvent>, requestId: string): FinishedTurn | undefined => {
  const note = events.find(
    (event): event is typeof MetaEvent.Type =>
      isNote(event, turnKinds.ended) && event.request_id === requestId && noteText(event, "end") === "finished"
  )
  if (note === undefined) return undefined
  return {
    requestId,
    finishReason: noteText(note, "finish_reason") ?? "end_turn",
    text: noteText(note, "text") ?? "",
    usage: Option.getOrElse(decodeUsage(note.data["usage"]), () => noUsage)
  }
}

/** How many turns a request has had. */
export const turnsOf = (events: ReadonlyArray<ChatEvent>, requestId: string): number =>
  events.filter((event) => isNote(event, turnKinds.begun) && event.request_id === requestId).length

/**
 * Where the notes of a turn begin to count, so that none is taken for one of an earlier turn of its request: each note takes a
 * place of the conversation too.
 */
export const firstIndex = (events: ReadonlyArray<ChatEvent>): number => events.at(-1)?.seq ?? 0

/** Says that a turn begins. */
export const beginNote = (requestId: string, turnId: string, index: number, counts: EventCounts): NewEvent => ({
  type: "meta",
  role: "system",
  kind: turnKinds.begun,
  data: { turn_id: turnId, counts },
  request_id: requestId,
  index
})

/** Says that a turn has ended. */
export const endNote = (
  { requestId, turnId }: Pick<TurnNote, "requestId" | "turnId">,
  index: number,
  end: TurnEnd,
  data: object = {}
): NewEvent => ({
  type: "meta",
  role: "system",
  kind: turnKinds.ended,
  data: { turn_id: turnId, end, ...data },
  request_id: requestId,
  index
})
