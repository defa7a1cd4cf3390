/**
 * Goes back to a point of a conversation that is kept. What came later is no part of it any more, and stays in its records for
 * who looks there. Only the conversation goes back: what tools have done stays done.
 */
import { Duration, Effect } from "effect"
import { noAfterHooks } from "../TurnHooks.ts"
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import { closeLostTurn } from "./closeLostTurn.ts"
import { PointNotFound, type StoreError } from "./errors.ts"
import { stepKinds } from "./eventJournal.ts"
import { compaction, rewindNote } from "./EventLog.ts"
import type { EventStore } from "./EventStore.ts"
import { summaryKind } from "./summaryNotes.ts"
import { endNote, firstIndex, isBeginNote, unfinishedTurns } from "./turnNotes.ts"
import { type HistoryPoint, type PlacedTurn, placedTurns, placeOf, type TurnPoint } from "./turnPoints.ts"

/** What going back takes out of a conversation. */
export interface Rewound {
  /** Where the conversation stands now. */
  readonly point: HistoryPoint
  /** Turns that are gone as a whole. */
  readonly turns: number
  /** What was said and answered, that is gone. */
  readonly messages: number
  /**
   * The tools whose calls are gone, by name, in the order of the calls: each was run, or nobody knows whether it was. What they
   * did is not taken back.
   */
  readonly calls: ReadonlyArray<string>
}

/** How one goes back. */
export interface RewindOptions {
  /** How long a turn is waited for that runs; for ever where it is absent. */
  readonly timeout?: Duration.Input
  /** Only says what would be taken out. */
  readonly isTrial?: boolean
}

/** What belongs at the end of records that break off within a turn: it is over, and nobody goes on with it by itself. */
export const cutNotes = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<NewEvent> =>
  unfinishedTurns(events).flatMap((turn, place) => [
    endNote(turn, firstIndex(events) + place, "cut"),
    compaction(turn.requestId, Object.values(stepKinds))
  ])

/** The names of the tools that are called in records, of turns too whose program has ended within. */
const callsIn = Effect.fnUntraced(function* (events: ReadonlyArray<ChatEvent>, from: number) {
  const lost = yield* Effect.forEach(unfinishedTurns(events), (turn) => closeLostTurn(events, turn, noAfterHooks))
  const known = new Set(
    events.slice(0, from).flatMap((event) => (event.type === "tool_call" ? [event.tool_call_id] : []))
  )
  const calls = new Map<string, string>()
  for (const event of [...events.slice(from), ...lost.flat()]) {
    if (event.type === "tool_call" && !known.has(event.tool_call_id)) calls.set(event.tool_call_id, event.name)
  }
  return [...calls.values()]
})

/** Says that there is no such point. */
export const pointNotFound = (
  conversationId: string,
  turns: ReadonlyArray<TurnPoint>,
  point: HistoryPoint
): PointNotFound => {
  const steps = point.step === undefined ? undefined : turns[point.turn - 1]?.steps.length
  return new PointNotFound({
    conversationId,
    ...point,
    turns: turns.length,
    ...(steps === undefined ? {} : { steps })
  })
}

/** Fails where there is no such point. */
export const requirePlace = (conversationId: string, turns: ReadonlyArray<PlacedTurn>, point: HistoryPoint) =>
  Effect.suspend(() => {
    const place = placeOf(turns, point)
    return place === undefined ? Effect.fail(pointNotFound(conversationId, turns, point)) : Effect.succeed(place)
  })

/** For who holds the conversation: see `EventStore.lockTurn`. */
export const rewindLocked = Effect.fnUntraced(function* (
  store: EventStore["Service"],
  conversationId: string,
  point: HistoryPoint,
  isTrial = false
) {
  const events = yield* store.getEvents(conversationId, { include: "all" })
  const turns = placedTurns(events)
  const place = yield* requirePlace(conversationId, turns, point)
  const gone = events.slice(place)
  const rewound: Rewound = {
    point,
    turns: turns.filter(({ from }) => from >= place).length,
    messages: gone.filter(({ type }) => type === "user_message" || type === "assistant_message").length,
    calls: yield* callsIn(events, place)
  }
  const isNothing =
    unfinishedTurns(events).length === 0 &&
    gone.every((event) => event.type === "meta" && event.kind !== summaryKind && !isBeginNote(event))
  if (isTrial || isNothing) return rewound
  const kept = events.slice(0, place)
  const note = rewindNote(kept.at(-1)?.id, {
    turn: point.turn,
    ...(point.step === undefined ? {} : { step: point.step })
  })
  yield* store.addEvents(conversationId, [note, ...cutNotes(kept)])
  return rewound
})

/**
 * Goes back to a point of a conversation that is kept, once no turn of it runs in any program. Use it where there is no session of
 * it at hand; a session has `rewind`.
 */
export const rewindConversation = (
  store: EventStore["Service"],
  conversationId: string,
  point: HistoryPoint,
  { isTrial, timeout = Duration.infinity }: RewindOptions = {}
): Effect.Effect<Rewound, StoreError | PointNotFound> =>
  Effect.andThen(store.lockTurn(conversationId, timeout), rewindLocked(store, conversationId, point, isTrial)).pipe(
    Effect.scoped,
    Effect.withSpan("EventStore.rewind")
  )
