/** Whether a database can be used, without changing anything in it. */
import { DatabaseRefused, type StoreError } from "@signalbox/conversation"
import { Effect } from "effect"
import { makeDatabase } from "./Database.ts"
import { knownVersion, readVersion } from "./migrations.ts"
import type { PostgresOptions } from "./PostgresOptions.ts"

/** What was found. */
export interface PostgresCheck {
  /** Host and database, without the login. */
  readonly place: string
  /** The version of the server, such as `18.4`. */
  readonly server: string
  /** Whether the tables are there and up to date; else they are made when a conversation is first asked for. */
  readonly hasTables: boolean
}

const find = `
  SELECT current_setting('server_version') AS server,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create`

/** For diagnoses: connects once, and fails with what a conversation would fail with. */
export const checkPostgres = (
  options: Pick<PostgresOptions, "url" | "timeout">
): Effect.Effect<PostgresCheck, StoreError> =>
  Effect.gen(function* () {
    const { place, query } = yield* makeDatabase({ ...options, maxConnections: 1, strict: false })
    const [row] = yield* query(find, [])
    const version = yield* readVersion(query)
    if (version > knownVersion || (version < knownVersion && row?.["may_create"] !== true)) {
      return yield* version > knownVersion
        ? new DatabaseRefused({ place, what: "version", reason: `its tables have version ${version}` })
        : new DatabaseRefused({ place, what: "permission", reason: "its user may not create tables there" })
    }
    return { place, server: String(row?.["server"]), hasTables: version === knownVersion }
  }).pipe(Effect.scoped)
