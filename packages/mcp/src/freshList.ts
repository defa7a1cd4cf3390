/**
 * Keeps a list for as long as its server says that it may be kept (`ttlMs`, revision 2026-07-28), or until it says
 * that the list has changed. A connection belongs to one principal, so what is private to it may be kept as well.
 */
import { Clock, Duration, Effect } from "effect"
import type { Changes } from "./Changes.ts"

/** What is true of every list. */
export interface Fresh {
  /** How long the list may be kept; absent where the server did not say, or said not at all. */
  readonly freshFor?: Duration.Duration
}

/** No server decides for longer. */
const longest = Duration.hours(24)

/** The freshness that the pages of a list agree on. */
export const freshness = (ttls: ReadonlyArray<unknown>): Fresh => {
  const millis = Math.min(...ttls.map((ttl) => (typeof ttl === "number" && Number.isFinite(ttl) ? ttl : 0)))
  return millis > 0 && ttls.length > 0 ? { freshFor: Duration.min(Duration.millis(millis), longest) } : {}
}

/** Reads a list again only when what was read last is not fresh any more. */
export const whenStale = <A extends Fresh, E>(changes: Changes, read: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  let kept: { readonly list: A; readonly until: number; readonly revision: number } | undefined
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (kept !== undefined && now < kept.until && kept.revision === changes.revision()) return kept.list
    const revision = changes.revision()
    const list = yield* read
    kept = list.freshFor === undefined ? undefined : { list, revision, until: now + Duration.toMillis(list.freshFor) }
    return list
  })
}
