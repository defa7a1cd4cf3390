/**
 * A second conversation with the beginning of a first one. Its records are the same, by the same ids, so that a request that was
 * answered in the first is answered in it too; a note says where it came from.
 */
import { Duration, Effect, Exit } from "effect"
import { SessionExists, SessionNotFound } from "../errors.ts"
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import type { PointNotFound, StoreError } from "./errors.ts"
import type { EventStore } from "./EventStore.ts"
import { nextName } from "./nextName.ts"
import { cutNotes, requirePlace } from "./rewind.ts"
import { unfinishedTurns } from "./turnNotes.ts"
import { type HistoryPoint, placedTurns } from "./turnPoints.ts"

/** The kind of the note that says where a conversation came from. */
export const forkKind = "forked"

/** How one conversation becomes two. */
export interface ForkOptions {
  /** The last that the new one has; all finished turns where it is absent. */
  readonly at?: HistoryPoint
  /** The id of the new one; the next free one of `nextName` where it is absent. */
  readonly id?: string
  /** The model that the new one is to go on with, for who opens it. */
  readonly model?: string
}

/** A conversation that was made of another. */
export interface Forked {
  readonly id: string
  readonly from: string
  readonly at: HistoryPoint
  /** Whether a turn runs, in whichever program, of which the new conversation has nothing. */
  readonly leavesRunning: boolean
}

/** What the new conversation has of the old one. */
interface Copy {
  readonly events: ReadonlyArray<NewEvent>
  readonly at: HistoryPoint
  readonly leavesRunning: boolean
}

const copyOf = ({
  conversation_id: _conversation,
  schema_version: _version,
  seq: _seq,
  ...event
}: ChatEvent): NewEvent => event

/** The records; those of a turn that runs are not among them. Of one whose program has ended all are: who opens it ends it. */
const readFinished = Effect.fnUntraced(function* (store: EventStore["Service"], from: string) {
  const isFree = Exit.isSuccess(yield* Effect.exit(store.lockTurn(from, Duration.zero)))
  const events = yield* store.getEvents(from, { include: "all" })
  const running = isFree ? undefined : unfinishedTurns(events)[0]
  const turn = placedTurns(events).find(({ turnId }) => running !== undefined && turnId === running.turnId)
  if (turn === undefined) return { events, leavesRunning: false }
  return { events: events.slice(0, turn.from), leavesRunning: true }
}, Effect.scoped)

const makeCopy = Effect.fnUntraced(function* (store: EventStore["Service"], from: string, { at, model }: ForkOptions) {
  const { events, leavesRunning } = yield* readFinished(store, from)
  if (events.length === 0 && !leavesRunning) return yield* new SessionNotFound({ sessionId: from })
  const turns = placedTurns(events)
  const point = at ?? { turn: turns.length }
  const kept = at === undefined ? events : events.slice(0, yield* requirePlace(from, turns, at))
  const note: NewEvent = {
    type: "meta",
    role: "system",
    kind: forkKind,
    data: { from, ...point, ...(model === undefined ? {} : { model }) }
  }
  // The note is the last: a copy that a crash has cut short has none.
  return {
    events: [...kept.map(copyOf), ...(at === undefined ? [] : cutNotes(kept)), note],
    at: point,
    leavesRunning
  } satisfies Copy
})

/** Whether a conversation may be filled: it is empty, or what a crash left of the same copy. */
const isFree = (events: ReadonlyArray<ChatEvent>, copy: Copy): boolean => {
  const ids = new Set(copy.events.map(({ id }) => id))
  return events.every(({ id }) => ids.has(id))
}

const fill = (store: EventStore["Service"], id: string, copy: Copy) =>
  Effect.gen(function* () {
    yield* store.lockTurn(id, Duration.infinity)
    if (!isFree(yield* store.getEvents(id, { include: "all" }), copy)) return false
    yield* store.addEvents(id, copy.events)
    return true
  }).pipe(Effect.scoped)

/**
 * Makes a conversation of the beginning of another one that is kept. A turn that runs is not waited for: the new conversation has
 * the finished ones. Use it where there is no `ConversationClient` at hand.
 */
export const forkConversation = Effect.fn("EventStore.fork")(function* (
  store: EventStore["Service"],
  from: string,
  options: ForkOptions = {}
): Effect.fn.Return<Forked, StoreError | PointNotFound | SessionNotFound | SessionExists> {
  const copy = yield* makeCopy(store, from, options)
  const made = (id: string): Forked => ({ id, from, at: copy.at, leavesRunning: copy.leavesRunning })
  const { id } = options
  if (id !== undefined) {
    // All that it holds would be taken for what a crash left of the copy.
    if (id === from || !(yield* fill(store, id, copy))) return yield* new SessionExists({ sessionId: id })
    return made(id)
  }
  for (let free = nextName(from); ; free = nextName(free)) {
    if ((yield* store.getEvents(free, { include: "all", limit: 1 })).length > 0) continue
    if (yield* fill(store, free, copy)) return made(free)
  }
})
