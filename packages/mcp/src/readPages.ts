/**
 * Walks the pages of a list and keeps what is usable. A server whose cursors never end, or repeat, costs its
 * further pages and not those already read.
 */
import { Effect } from "effect"
import { rawResult } from "./Channel.ts"
import type { Connection } from "./Connection.ts"
import { InvalidResult } from "./connectionErrors.ts"
import type { ServerError } from "./errors.ts"
import { type Fresh, freshness } from "./freshList.ts"
import { requestPlain } from "./requestPlain.ts"

/** More pages than this are a fault of the server. */
const maxPages = 64

/** What the pages hold, as the server sent it, and what was wrong with the walk. */
export interface Pages extends Fresh {
  readonly items: ReadonlyArray<unknown>
  readonly problems: ReadonlyArray<string>
}

/** Reads the list that `method` answers under `key`. */
export const readPages = Effect.fnUntraced(function* (
  connection: Connection,
  method: string,
  key: string
): Effect.fn.Return<Pages, ServerError> {
  const items: Array<unknown> = []
  const problems: Array<string> = []
  const ttls: Array<unknown> = []
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = rawResult(yield* requestPlain(connection, method, cursor === undefined ? {} : { cursor }))
    const entries = page[key]
    if (!Array.isArray(entries)) {
      if (seen.size > 0) {
        problems.push(`a page of the list has no ${key}; the pages before it are kept`)
        break
      }
      return yield* new InvalidResult({
        serverName: connection.server.name,
        method,
        reason: `it has no list of ${key}`
      })
    }
    items.push(...(entries as ReadonlyArray<unknown>)) // `isArray` knows nothing of the elements
    ttls.push(page["ttlMs"])
    const next = page["nextCursor"]
    cursor = typeof next === "string" && next !== "" ? next : undefined
    if (cursor === undefined) break
    if (seen.has(cursor)) {
      problems.push("the server repeats a page cursor; the pages read so far are kept")
      break
    }
    seen.add(cursor)
  } while (seen.size < maxPages)
  if (seen.size >= maxPages) problems.push(`the list has more than ${maxPages} pages; the first ones are kept`)
  return { items, problems, ...freshness(ttls) }
})
