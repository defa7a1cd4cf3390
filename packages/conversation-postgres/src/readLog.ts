/** Reading what is new of a conversation. */
import { decodeLine, type StoreError } from "@signalbox/conversation"
import { EventLog } from "@signalbox/conversation/store"
import { Effect } from "effect"
import type { Query, Row } from "./Database.ts"
import type { Loaded, OpenLog } from "./openLogs.ts"

/** One statement sees one state of the database: no record of it is missing, and none is of another epoch. */
const readNew = `
  SELECT c.id::text, c.epoch::text, c.last_seq::text, c.turn, e.seq::text, e.record
  FROM signalbox_conversations c
  LEFT JOIN signalbox_events e ON e.conversation = c.id AND (c.epoch <> $2 OR e.seq > $3)
  WHERE c.key = $1
  ORDER BY e.seq`

/** A conversation as it is now. */
export interface ReadLog {
  readonly loaded: Loaded
  /** Who began a turn last. */
  readonly turn: string | undefined
}

/** What is done about a record that is none. */
export type OnUnreadable = (conversationId: string, seq: number, reason: string) => Effect.Effect<void, StoreError>

const textOf = (row: Row, column: string): string | undefined => {
  const value = row[column]
  return typeof value === "string" ? value : undefined
}

/** A conversation without records is one row without any. */
const addRows = Effect.fnUntraced(function* (
  conversationId: string,
  log: EventLog,
  rows: ReadonlyArray<Row>,
  onUnreadable: OnUnreadable
) {
  for (const row of rows) {
    const record = textOf(row, "record")
    if (record === undefined) continue
    const decoded = decodeLine(record)
    if ("event" in decoded) log.add(decoded.event)
    else {
      const reason = "problem" in decoded ? decoded.problem : "it is of an older version"
      yield* onUnreadable(conversationId, Number(textOf(row, "seq")), reason)
    }
  }
})

/** Reads what is new. Nothing where there is no such conversation. What is in memory is up to date afterwards. */
export const readLog = (
  open: OpenLog,
  query: Query,
  onUnreadable: OnUnreadable
): Effect.Effect<ReadLog | undefined, StoreError> =>
  Effect.gen(function* () {
    const { conversationId, key, loaded: before = { id: "", epoch: "0", log: new EventLog(), lastSeq: 0 } } = open
    const rows = yield* query(readNew, [key, before.epoch, `${before.lastSeq}`])
    const [first] = rows
    if (first === undefined) {
      open.loaded = undefined
      return undefined
    }
    const id = String(first["id"])
    const epoch = String(first["epoch"])
    const loaded = before.epoch === epoch ? before : { id, epoch, log: new EventLog(), lastSeq: 0 }
    yield* addRows(conversationId, loaded.log, rows, onUnreadable)
    loaded.lastSeq = Number(first["last_seq"])
    open.loaded = loaded
    return { loaded, turn: textOf(first, "turn") }
  }).pipe(
    // Half of it may have been added.
    Effect.onError(() => Effect.sync(() => (open.loaded = undefined)))
  )
