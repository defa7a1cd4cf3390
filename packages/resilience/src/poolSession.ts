/**
 * A pooled connection, the pool of one key, and what there is to see of both.
 */
import { Duration, Effect, type Pool, Schema } from "effect"
import type { CapMember, CapPlace } from "./ConnectionCap.ts"
import { PoolHealth } from "./poolHealth.ts"
import type { PoolSettings } from "./PoolSettings.ts"

/** An open connection. Times in milliseconds of the clock. */
export interface Session<Connection> {
  readonly connection: Connection
  readonly createdAt: number
  readonly place: CapPlace | undefined
  /** When it was opened or last returned. */
  usedAt: number
  checkedAt: number
  uses: number
  /** Whether it is held back for a check, by a lease like that of a borrower. */
  isBeingChecked: boolean
}

/** The pool of one key. */
export interface KeyPool<Connection, E> {
  readonly key: string
  readonly settings: PoolSettings
  readonly validateAfterMillis: number
  readonly pool: Pool.Pool<Session<Connection>, E>
  readonly member: CapMember
  readonly counts: PoolCounts
}

/** What is counted in the pool of one key, and its health. */
export interface PoolCounts {
  opening: number
  opened: number
  borrowed: number
  invalidated: number
  fallbacks: number
  health: PoolHealth
}

/** One open connection: idle, lent to somebody, to be closed when it is returned, or held back for a check. */
export const ConnectionStats = Schema.Struct({
  state: Schema.Literals(["idle", "active", "failed", "maintenance"]),
  /** How many use it now. */
  users: Schema.Int,
  /** How often it was lent. */
  uses: Schema.Int,
  age: Schema.DurationFromMillis,
  /** Since its last return; 0 while it is in use. */
  idleFor: Schema.DurationFromMillis
})
export type ConnectionStats = typeof ConnectionStats.Type

/** A look at the pool of one key. The counts of the last four begin when the key was registered. */
export const PoolStats = Schema.Struct({
  idle: Schema.Int,
  used: Schema.Int,
  opening: Schema.Int,
  waiting: Schema.Int,
  min: Schema.Int,
  max: Schema.Int,
  health: PoolHealth,
  connections: Schema.Array(ConnectionStats),
  opened: Schema.Int,
  borrowed: Schema.Int,
  invalidated: Schema.Int,
  /** Borrowers who got a connection of their own because none became free. */
  fallbacks: Schema.Int
})
export type PoolStats = typeof PoolStats.Type

/** The condition under which `Pool.use` and `Pool.get` do not wait. */
export const isFree = <A, E>({ state }: Pool.Pool<A, E>): boolean =>
  state.waiters.size === 0 && state.availableHead?.exit._tag === "Success"

/** The sessions of a pool with their items, those that are to be closed included. */
export const sessionsOf = <Connection, E>({ pool }: KeyPool<Connection, E>) =>
  [...pool.state.items].flatMap((item) => (item.exit._tag === "Success" ? [{ item, session: item.exit.value }] : []))

/** The sessions that nobody uses and that are not held back. */
export const idleSessions = <Connection, E>(keyPool: KeyPool<Connection, E>): Array<Session<Connection>> =>
  sessionsOf(keyPool).flatMap(({ item, session }) =>
    item.refCount === 0 && !keyPool.pool.state.invalidated.has(item) ? [session] : []
  )

export const statsOf = <Connection, E>(keyPool: KeyPool<Connection, E>, now: number): Effect.Effect<PoolStats> =>
  Effect.sync(() => {
    const { counts, pool, settings } = keyPool
    const connections = sessionsOf(keyPool).map(({ item, session }): ConnectionStats => {
      const users = session.isBeingChecked ? 0 : item.refCount
      return {
        state: stateOf(pool.state.invalidated.has(item), session.isBeingChecked, users),
        users,
        uses: session.uses,
        age: Duration.millis(now - session.createdAt),
        idleFor: Duration.millis(users > 0 ? 0 : now - session.usedAt)
      }
    })
    const idle = connections.filter(({ state }) => state === "idle").length
    return {
      idle,
      used: connections.length - idle,
      waiting: pool.state.waiters.size,
      min: settings.min,
      max: settings.max,
      connections,
      ...counts
    }
  })

const stateOf = (isWithdrawn: boolean, isBeingChecked: boolean, users: number): ConnectionStats["state"] => {
  if (isWithdrawn) return "failed"
  if (isBeingChecked) return "maintenance"
  return users > 0 ? "active" : "idle"
}
