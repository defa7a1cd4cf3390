/** What a list of conversations says of one: what it is about, how long it is, where it came from, and whether it broke off. */
import type { DateTime } from "effect"
import type { ChatEvent, MetaEvent } from "./ChatEvent.ts"
import { noteText } from "./EventLog.ts"
import { forkKind } from "./fork.ts"
import { type HistoryPoint, pointOf, placedTurns, type TurnPoint } from "./turnPoints.ts"

/** Where a conversation was forked from. */
export interface ForkOrigin extends HistoryPoint {
  readonly conversationId: string
  /** The model that it was to go on with, where one was named. */
  readonly model?: string
}

/** A conversation as lists show it. */
export interface ConversationOverview {
  /** The first words that were said. */
  readonly title: string
  readonly turns: ReadonlyArray<TurnPoint>
  /** What was said and answered. */
  readonly messages: number
  readonly lastUsed?: DateTime.Utc
  readonly forkedFrom?: ForkOrigin
  /** Whether the last turn did not come to its end: it was stopped, its program ended first, or it runs. */
  readonly isCutOff: boolean
}

const isWhole = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value)

const originIn = (note: typeof MetaEvent.Type): ForkOrigin | undefined => {
  const conversationId = noteText(note, "from")
  const { step, turn } = note.data
  const model = noteText(note, "model")
  if (conversationId === undefined || !isWhole(turn)) return undefined
  return { conversationId, turn, ...(isWhole(step) ? { step } : {}), ...(model === undefined ? {} : { model }) }
}

/** Where a conversation was forked from, and where that one was, by all of its records: the nearest first. */
export const forkOriginsOf = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<ForkOrigin> =>
  events
    .flatMap((event) => (event.type === "meta" && event.kind === forkKind ? (originIn(event) ?? []) : []))
    .toReversed()

/** Makes one from all records of the conversation (`include: "all"`). */
export const overviewOf = (events: ReadonlyArray<ChatEvent>): ConversationOverview => {
  const turns = placedTurns(events).map(pointOf)
  const last = events.at(-1)
  const [forkedFrom] = forkOriginsOf(events)
  const end = turns.at(-1)?.end
  return {
    title: turns.find(({ said }) => said !== "")?.said ?? "",
    turns,
    messages: events.filter(({ type }) => type === "user_message" || type === "assistant_message").length,
    ...(last === undefined ? {} : { lastUsed: last.timestamp }),
    ...(forkedFrom === undefined ? {} : { forkedFrom }),
    isCutOff: end === "stopped" || end === "lost" || end === "open"
  }
}
