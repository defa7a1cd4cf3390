/**
 * Conversations in a database that any number of processes on any number of machines share. What was acknowledged is
 * committed. Nothing is asked of the database before a conversation is: it may be started later than the program.
 */
import { EventStore, HistoryCorrupt, type NewEvent, type ResultStore, type StoreError } from "@signalbox/conversation"
import { EventLog, eventVerbs, makePrepare } from "@signalbox/conversation/store"
import { Effect, Layer, type Scope, Semaphore } from "effect"
import { appendEvents } from "./appendEvents.ts"
import { makeDatabase } from "./Database.ts"
import { keyOf, unescapeText } from "./keys.ts"
import { migrate } from "./migrations.ts"
import { makeOpenLogs } from "./openLogs.ts"
import type { PostgresOptions } from "./PostgresOptions.ts"
import { type OnUnreadable, readLog } from "./readLog.ts"
import { connectingFirst, reconnecting } from "./reconnect.ts"
import { makeResults } from "./results.ts"
import { makeTurnLocks } from "./turnLocks.ts"

const listAll = `SELECT name FROM signalbox_conversations WHERE last_seq > 0 ORDER BY id`

/** Long results have no reference to their conversation, because many belong to none. */
const removeAll = `
  WITH results AS (DELETE FROM signalbox_results WHERE owner = $1)
  DELETE FROM signalbox_conversations WHERE key = $1 RETURNING last_seq::text`

const lockRow = `SELECT id FROM signalbox_conversations WHERE key = $1 FOR UPDATE`
const dropHidden = `
  DELETE FROM signalbox_events WHERE conversation = $1 AND seq = ANY ($2::text[]::bigint[])
  RETURNING octet_length(record) AS bytes`
const nextEpoch = `UPDATE signalbox_conversations SET epoch = nextval('signalbox_epochs') WHERE id = $1`

/** What is kept in one database: conversations, and long results of tools beside them. */
export interface PostgresStores {
  readonly store: EventStore["Service"]
  readonly results: ResultStore
}

/** Keeps conversations in PostgreSQL. Fails only where the address is none; a database that is not there fails what needs it. */
export const layerPostgres = (options: PostgresOptions): Layer.Layer<EventStore, StoreError> =>
  Layer.effect(
    EventStore,
    Effect.map(makePostgresStores(options), ({ store }) => store)
  )

/** Both stores over the same connections, for the length of the scope. Makes its tables when it is first asked for something. */
export const makePostgresStores = (options: PostgresOptions): Effect.Effect<PostgresStores, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* makeDatabase(options)
    const prepare = yield* makePrepare
    const locks = yield* makeTurnLocks(database)
    const use = makeOpenLogs(keyOf)

    const onUnreadable: OnUnreadable = (conversation, seq, reason) =>
      options.strict
        ? Effect.fail(
            new HistoryCorrupt({ file: `${database.place}, conversation ${conversation}`, lines: [seq], reason })
          )
        : Effect.logWarning("A record of a conversation is unreadable and is left out.", { conversation, seq, reason })

    let isReady = false
    const preparing = Semaphore.makeUnsafe(1)
    const makeReady = preparing.withPermit(
      Effect.suspend(() =>
        isReady
          ? Effect.void
          : Effect.map(connectingFirst(migrate(database)), () => {
              isReady = true
            })
      )
    )
    const ready = Effect.suspend(() => (isReady ? Effect.void : makeReady))

    const compact = Effect.fn("EventStore.compact")(function* (id: string) {
      yield* ready
      return yield* use(id, (open) =>
        database
          .transaction((query) =>
            Effect.gen(function* () {
              yield* query(lockRow, [open.key])
              const loaded = (yield* readLog(open, query, onUnreadable))?.loaded
              const hidden = loaded?.log.all.filter((event) => loaded.log.isSuperfluous(event)) ?? []
              if (loaded === undefined || hidden.length === 0) return 0
              const dropped = yield* query(dropHidden, [loaded.id, hidden.map(({ seq }) => `${seq}`)])
              yield* query(nextEpoch, [loaded.id])
              return dropped.reduce((sum, { bytes }) => sum + Number(bytes), 0)
            })
          )
          .pipe(Effect.ensuring(Effect.sync(() => (open.loaded = undefined))))
      )
    })

    const store = EventStore.of({
      ...eventVerbs({
        read: (id) =>
          Effect.andThen(
            ready,
            reconnecting(
              use(id, (open) =>
                Effect.map(
                  readLog(open, database.query, onUnreadable),
                  (current) => current?.loaded.log ?? new EventLog()
                )
              )
            )
          ),
        append: Effect.fnUntraced(function* (id: string, given: ReadonlyArray<NewEvent>) {
          const events = yield* prepare(id, given)
          if (events.length === 0) return []
          yield* ready
          const sent = new Set<string>()
          return yield* reconnecting(
            use(id, (open) => appendEvents(open, { events, turn: locks.turnOf(id), sent }, database, onUnreadable))
          )
        })
      }),
      listConversations: Effect.andThen(
        ready,
        Effect.map(reconnecting(database.query(listAll)), (rows) => rows.map(({ name }) => unescapeText(String(name))))
      ),
      removeConversation: Effect.fn("EventStore.removeConversation")(function* (id) {
        yield* ready
        return yield* use(id, (open) =>
          Effect.map(database.query(removeAll, [open.key]), (rows) => {
            open.loaded = undefined
            return rows.some((row) => row["last_seq"] !== "0")
          })
        )
      }),
      compact,
      lockTurn: Effect.fnUntraced(function* (id, timeout) {
        yield* ready
        yield* locks.lockTurn(id, timeout)
      })
    })
    return { store, results: makeResults(database, ready) }
  })
