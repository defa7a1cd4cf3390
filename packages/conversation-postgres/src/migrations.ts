/**
 * The tables, and how older ones become these. Any number of processes may come at once: one of them does the work, and a
 * user who may not create tables is enough where they are there already.
 */
import { DatabaseFailed, DatabaseRefused, type StoreError } from "@signalbox/conversation"
import { Effect } from "effect"
import type { Database, Query } from "./Database.ts"

/** Each is applied once, in order, and never changed after it was published. */
const migrations: ReadonlyArray<ReadonlyArray<string>> = [
  [
    // An epoch is another one whenever records are gone: what was read under an older one is read again.
    `CREATE SEQUENCE signalbox_epochs`,
    `CREATE TABLE signalbox_conversations (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE,
      name text NOT NULL,
      epoch bigint NOT NULL DEFAULT nextval('signalbox_epochs'),
      last_seq bigint NOT NULL DEFAULT 0,
      turn text,
      created_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE TABLE signalbox_events (
      conversation bigint NOT NULL REFERENCES signalbox_conversations ON DELETE CASCADE,
      seq bigint NOT NULL,
      record text NOT NULL,
      PRIMARY KEY (conversation, seq)
    )`,
    `CREATE TABLE signalbox_results (
      owner text NOT NULL,
      id text NOT NULL,
      body bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (owner, id)
    )`
  ]
]

/** What this version knows. */
export const knownVersion = migrations.length

/** Which version the tables have; 0 where there are none. */
export const readVersion = (query: Query): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    const [found] = yield* query(`SELECT to_regclass('signalbox_migrations') IS NOT NULL AS is_there`)
    if (found?.["is_there"] !== true) return 0
    const [row] = yield* query(`SELECT coalesce(max(version), 0)::int AS version FROM signalbox_migrations`)
    return Number(row?.["version"] ?? 0)
  })

/** Any number that nobody else uses for the same. */
const lockNumber = "7316420171"

/** Makes the tables what this version needs. Fails where a newer version has changed them. */
export const migrate = (database: Database): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const { place, transaction } = database
    const check = (version: number) =>
      version > knownVersion
        ? Effect.fail(
            new DatabaseRefused({
              place,
              what: "version",
              reason: `its tables have version ${version}, and this program knows up to ${knownVersion}`
            })
          )
        : Effect.void
    const before = yield* readVersion(database.query)
    yield* check(before)
    if (before === knownVersion) return
    yield* transaction((query) =>
      Effect.gen(function* () {
        yield* query(`SELECT pg_advisory_xact_lock($1)`, [lockNumber])
        yield* query(
          `CREATE TABLE IF NOT EXISTS signalbox_migrations (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`
        )
        // Another process may have been here while the lock was waited for.
        const version = yield* readVersion(query)
        yield* check(version)
        for (const [index, statements] of migrations.entries()) {
          if (index < version) continue
          for (const statement of statements) yield* query(statement)
          yield* query(`INSERT INTO signalbox_migrations (version) VALUES ($1)`, [`${index + 1}`])
        }
      })
    )
    if ((yield* readVersion(database.query)) < knownVersion)
      return yield* new DatabaseFailed({ place, reason: "its tables could not be made" })
  })
