/**
 * A pool as the cap over many pools sees it: who waits in it, and which connection it could do without.
 */
import { Effect, Pool } from "effect"
import type { CapMember } from "./ConnectionCap.ts"
import { idleSessions, type KeyPool, type Session, sessionsOf } from "./poolSession.ts"
import type { PoolSettings } from "./PoolSettings.ts"

/** Closes a connection that works, because somebody who waits elsewhere under the same cap comes first. */
export const makeRoom = <Connection, E>(keyPool: KeyPool<Connection, E>, session: Session<Connection>) => {
  session.place?.leave()
  return Pool.invalidate(keyPool.pool, session)
}

/** The pool itself is made later than its place under the cap: until then there is nothing to do without. */
export const makeMember = <Connection, E>(
  settings: PoolSettings,
  keyPool: () => KeyPool<Connection, E> | undefined
): CapMember => ({
  priority: settings.priority ?? 0,
  concurrency: settings.maxConcurrent,
  waiters: new Set(),
  held: 0,
  idle: () => {
    const pool = keyPool()
    if (pool === undefined) return undefined
    // One that has its place from elsewhere makes no room here.
    const idle = idleSessions(pool).filter(({ place }) => place !== undefined)
    const oldest = idle.toSorted((a, b) => a.usedAt - b.usedAt)[0]
    if (oldest === undefined) return undefined
    const isSpare = sessionsOf(pool).length > settings.min
    return { since: oldest.usedAt, isSpare, close: Effect.suspend(() => makeRoom(pool, oldest)) }
  }
})
