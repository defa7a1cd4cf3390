/**
 * The one file that knows the driver: statements with parameters over a pool of connections, and connections of one's own.
 * A connection that was lost is replaced when the next one is asked for.
 */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as PgPool from "@effect/sql-pg/PgPool"
import { DatabaseRefused, DatabaseUnreachable, type StoreError } from "@signalbox/conversation"
import { Duration, Effect, type Scope } from "effect"
import { databaseError, placeOf } from "./databaseError.ts"
import type { PostgresOptions } from "./PostgresOptions.ts"

/** The columns of a row by their names. */
export type Row = Readonly<Record<string, unknown>>

/** Runs one statement. Values go as parameters only, and nothing but constants is a statement. */
export type Query = (sql: string, values?: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, StoreError>

export interface Database {
  /** Where it is, for messages. */
  readonly place: string
  readonly query: Query
  /** All of it, or nothing. */
  readonly transaction: <A>(use: (query: Query) => Effect.Effect<A, StoreError>) => Effect.Effect<A, StoreError>
  /** A connection beside the pool, for what lives as long as its connection. It is not bound in time. */
  readonly connect: Effect.Effect<Query, StoreError, Scope.Scope>
}

const defaultTimeout = Duration.seconds(30)

/** Probes say after this time without a word whether the other side is still there. */
const keepAlive = Duration.seconds(15)

/** The largest record is a sixth of it; results of tools have no limit of ours. */
const maxMessageSize = 256 * 1024 * 1024

/** Opens no connection yet. Its connections end with the scope. */
export const makeDatabase = Effect.fnUntraced(function* (options: PostgresOptions) {
  const place = placeOf(options.url)
  if (place === undefined) {
    return yield* new DatabaseRefused({ place: "history.postgres.url", reason: "it is no address", what: "address" })
  }
  const failed = databaseError(place)
  const config = { url: options.url, applicationName: "signalbox", keepAlive, maxMessageSize }
  const pool = yield* Effect.mapError(PgPool.make({ ...config, maxConnections: options.maxConnections }), failed)
  const timeout = Duration.fromInputUnsafe(options.timeout ?? defaultTimeout)

  const queryOf =
    (connection: PgConnection.PgConnection): Query =>
    (sql, values = []) =>
      connection.query(sql, values).pipe(
        Effect.map(({ rows }) => rows),
        Effect.mapError(failed)
      )

  const bounded = Effect.timeoutOrElse({
    duration: timeout,
    orElse: () =>
      Effect.fail(new DatabaseUnreachable({ place, reason: `there was no answer for ${Duration.format(timeout)}` }))
  })

  const boundedQueryOf = (connection: PgConnection.PgConnection): Query => {
    const query = queryOf(connection)
    return (sql, values) => bounded(query(sql, values))
  }

  const database: Database = {
    place,
    query: (sql, values) =>
      Effect.mapError(
        pool.use((connection) => boundedQueryOf(connection)(sql, values)),
        (error) => (error._tag === "SqlError" ? failed(error) : error)
      ),
    transaction: (use) =>
      Effect.scoped(
        Effect.flatMap(Effect.mapError(pool.reserve, failed), (connection) => {
          const query = boundedQueryOf(connection)
          return Effect.uninterruptibleMask((restore) =>
            restore(Effect.andThen(query("BEGIN"), use(query))).pipe(
              Effect.tap(() => restore(query("COMMIT"))),
              // A connection that cannot roll back is lost, and the database does it.
              Effect.onError(() => Effect.ignore(query("ROLLBACK")))
            )
          )
        })
      ),
    connect: Effect.map(Effect.mapError(PgConnection.make(config), failed), queryOf)
  }
  return database
})
