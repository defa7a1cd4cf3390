/**
 * When a pool closes connections that nobody uses. Effect's own strategies look once per time-to-live, so an idle
 * item may live twice as long, and they know either age or idleness; this one wakes at the exact moment of the next expiry.
 */
import { type Clock, Duration, Effect, Pool } from "effect"

/** The times of a pooled item that eviction looks at, in milliseconds of the clock. */
export interface PoolItemAge {
  readonly createdAt: number
}

/** Closes items that were idle for `idleMillis` while there are more than `min`, and those older than `maxAgeMillis`. */
export const poolEviction = <A extends PoolItemAge, E>(
  clock: Clock.Clock,
  idleMillis: number,
  maxAgeMillis: number
): Pool.Strategy<A, E> => {
  const period = Math.min(idleMillis, maxAgeMillis)
  return {
    run: (pool) => {
      if (!Number.isFinite(period)) return Effect.void
      const round = Effect.suspend(() => {
        const { expired, nextIn } = look(pool, clock.currentTimeMillisUnsafe(), idleMillis, maxAgeMillis)
        return Effect.andThen(
          Effect.forEach(expired, (item) => Pool.invalidate(pool, item), { discard: true }),
          Effect.sleep(Duration.millis(Math.min(nextIn, period)))
        )
      })
      return Effect.forever(round)
    },
    onAcquire: () => Effect.void,
    reclaim: () => Effect.undefined
  }
}

const look = <A extends PoolItemAge, E>(
  pool: Pool.Pool<A, E>,
  now: number,
  idleMillis: number,
  maxAgeMillis: number
) => {
  const expired: Array<A> = []
  let spare = pool.state.items.size - pool.state.invalidated.size - pool.config.minSize
  let nextIn = Number.POSITIVE_INFINITY
  const oldestUseFirst = [...pool.state.items].toSorted((a, b) => a.idleSince - b.idleSince)
  for (const item of oldestUseFirst) {
    if (item.exit._tag === "Failure" || pool.state.invalidated.has(item)) continue
    const { value } = item.exit
    const ageLeft = value.createdAt + maxAgeMillis - now
    const idleLeft = item.refCount > 0 ? Number.POSITIVE_INFINITY : item.idleSince + idleMillis - now
    if (ageLeft <= 0 || (idleLeft <= 0 && spare > 0)) {
      expired.push(value)
      spare--
      continue
    }
    nextIn = Math.min(nextIn, ageLeft, idleLeft > 0 ? idleLeft : nextIn)
  }
  return { expired, nextIn }
}
