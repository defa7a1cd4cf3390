/**
 * Adding records. Where nobody else has added any since it was last looked, it is one statement; else the row of the
 * conversation is locked, and what is new is read first. Places have no gaps: the row says which is the next one. Whoever
 * adds knows all records there are, so that none is added twice; what was taken out may be said again, so no index can say it.
 */
import { TurnTakenOver, type ChatEvent, type StoreError } from "@signalbox/conversation"
import { EventLog, isRewind, lineAt, type PreparedEvent } from "@signalbox/conversation/store"
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Effect, Result } from "effect"
import type { Database, Query } from "./Database.ts"
import { escapeText } from "./keys.ts"
import type { Loaded, OpenLog } from "./openLogs.ts"
import { type OnUnreadable, readLog } from "./readLog.ts"

/** Adds only to the state of the conversation that is known, and none where another process has its turn by now. */
const addToKnown = `
  WITH conversation AS (
    UPDATE signalbox_conversations SET last_seq = $4
    WHERE id = $1 AND epoch = $2 AND last_seq = $3 AND (turn IS NULL OR $5 = '' OR turn = $5)
    RETURNING id
  )
  INSERT INTO signalbox_events (conversation, seq, record)
  SELECT conversation.id, $3::bigint + added.place, added.record
  FROM conversation, unnest($6::text[]) WITH ORDINALITY AS added (record, place)
  RETURNING seq::text`

const makeRow = `INSERT INTO signalbox_conversations (key, name) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`
const lockRow = `SELECT id FROM signalbox_conversations WHERE key = $1 FOR UPDATE`

/** Records to add, across the attempts to do so. */
export interface Addition {
  readonly events: ReadonlyArray<PreparedEvent>
  /** The turn in which they are added; empty where they belong to none. */
  readonly turn: string
  /** Ids of those that an attempt has sent whose answer was lost. They are there or not. */
  readonly sent: Set<string>
}

/** What was added, each in its place; nothing in the place of what was there already. */
export const appendEvents = (
  open: OpenLog,
  addition: Addition,
  database: Database,
  onUnreadable: OnUnreadable
): Effect.Effect<ReadonlyArray<ChatEvent | undefined>, StoreError> =>
  Effect.gen(function* () {
    const known = open.loaded
    if (known !== undefined) {
      const added = yield* addTo(known, addition, database.query)
      if (added !== undefined) return added
    }
    return yield* database.transaction((query) =>
      Effect.gen(function* () {
        yield* query(makeRow, [open.key, escapeText(open.conversationId)])
        yield* query(lockRow, [open.key])
        const current = yield* readLog(open, query, onUnreadable)
        if (current !== undefined) {
          const { turn } = current
          const isTaken = addition.turn !== "" && turn !== undefined && turn !== addition.turn
          if (isTaken) return yield* new TurnTakenOver({ conversationId: open.conversationId })
          const added = yield* addTo(current.loaded, addition, query)
          if (added !== undefined) return added
        }
        // The row is locked: nobody can have changed it since.
        return yield* Effect.die(new Error(`conversation ${open.conversationId} changed under its lock`))
      })
    )
  }).pipe(
    // What was sent may be there or not: who comes next looks.
    Effect.onError(() => Effect.sync(() => (open.loaded = undefined)))
  )

/** Nothing where the conversation is in another state by now. */
const addTo = Effect.fnUntraced(function* (known: Loaded, addition: Addition, query: Query) {
  const { epoch, id, lastSeq, log } = known
  const placed = placeAll(known, addition)
  const fresh = placed.flatMap(({ event, line }) =>
    event === undefined || line === undefined ? [] : [{ event, line }]
  )
  const answer = placed.map(({ event }) => event)
  if (fresh.length === 0) return answer
  for (const { event } of fresh) addition.sent.add(event.id)
  const nextSeq = lastSeq + fresh.length
  const rows = yield* query(addToKnown, [
    id,
    epoch,
    `${lastSeq}`,
    `${nextSeq}`,
    addition.turn,
    texts(fresh.map(({ line }) => line))
  ])
  if (rows.length === 0) {
    for (const { event } of fresh) addition.sent.delete(event.id)
    return undefined
  }
  for (const { event } of fresh) log.add(event)
  known.lastSeq = nextSeq
  return answer
})

const texts = (values: ReadonlyArray<string>) => Result.getOrThrow(PgTypes.array(values, PgTypes.OID.text))

interface PlacedEvent {
  /** Nothing for what was there already. */
  readonly event: ChatEvent | undefined
  /** What is to be written of it. */
  readonly line?: string
}

/** Says of each record where it comes, without changing the log. */
const placeAll = ({ lastSeq, log }: Loaded, { events, sent }: Addition): ReadonlyArray<PlacedEvent> => {
  // What a record of the batch takes out may be said again by a later one.
  const takesOut = events.some(({ event }) => isRewind(event))
  const own = takesOut ? copyOf(log) : new EventLog()
  let seq = lastSeq
  return events.map(({ event, rest }) => {
    if (own.has(event) || (!takesOut && log.has(event))) {
      // Ours, of an attempt whose answer was lost.
      return { event: sent.has(event.id) ? log.all.find(({ id }) => id === event.id) : undefined }
    }
    seq++
    const placed: ChatEvent = { ...event, seq }
    own.add(placed)
    return { event: placed, line: lineAt(seq, rest).trimEnd() }
  })
}

const copyOf = ({ all }: EventLog): EventLog => {
  const copy = new EventLog()
  for (const event of all) copy.add(event)
  return copy
}
