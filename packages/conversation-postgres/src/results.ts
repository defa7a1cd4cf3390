/** Long results of tools, in a table beside the conversations that they belong to. */
import type { ResultStore, StoreError } from "@signalbox/conversation"
import { makeCorrelationId } from "@signalbox/errors"
import { Effect } from "effect"
import type { Database } from "./Database.ts"
import { keyOf } from "./keys.ts"
import { reconnecting } from "./reconnect.ts"

const keepResult = `INSERT INTO signalbox_results (owner, id, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
const readResult = `SELECT body FROM signalbox_results WHERE owner = $1 AND id = $2`
const forgetResults = `DELETE FROM signalbox_results WHERE owner = $1`

/** What a program left behind that was killed, and that belongs to no conversation, is of no use after a day. */
const sweepResults = `
  DELETE FROM signalbox_results r
  WHERE r.created_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM signalbox_conversations c WHERE c.key = r.owner AND c.last_seq > 0)`

export const makeResults = (database: Database, ready: Effect.Effect<void, StoreError>): ResultStore => {
  let hasSwept = false
  return {
    keep: Effect.fn("ResultStore.keep")(function* (owner: string, text: string) {
      yield* ready
      if (!hasSwept) {
        hasSwept = true
        yield* database.query(sweepResults)
      }
      const id = `r_${(yield* makeCorrelationId).toLowerCase()}`
      // Text has no place for every character.
      const values = [yield* keyOf(owner), id, new TextEncoder().encode(text)]
      yield* reconnecting(database.query(keepResult, values))
      return id
    }),
    read: Effect.fn("ResultStore.read")(function* (owner: string, id: string) {
      // It comes from a model, which may say anything.
      if (!/^r_[a-z0-9-]{1,64}$/.test(id)) return undefined
      yield* ready
      const [row] = yield* reconnecting(database.query(readResult, [yield* keyOf(owner), id]))
      return row?.["body"] instanceof Uint8Array ? new TextDecoder().decode(row["body"]) : undefined
    }),
    forget: Effect.fn("ResultStore.forget")(function* (owner: string) {
      yield* ready
      yield* reconnecting(database.query(forgetResults, [yield* keyOf(owner)]))
    })
  }
}
