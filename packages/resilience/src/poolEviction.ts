/**
 * When a pool closes connections that nobody uses. Effect's own strategies look once per time-to-live, so an idle
 * item may live twice as long, and they know either age or idleness; this one wakes at the exact moment of the next expiry.
 */
import { type Clock, Duration, Effect, Pool } from "effect"

/** The times of a pooled item that eviction looks at, in milliseconds of the clock. */
export interface PoolItemAge {
  readonly createdAt: number
  /** When it was last returned. Not the pool's own `idleSince`: a check of an idle item does not make it younger. */
  readonly usedAt: number
  readonly isBeingChecked: boolean
}

/**
 * Closes items that were idle for `idleMillis` while there are more than `min`, and those older than `maxAgeMillis`.
 * `onOpened` runs after each new one, which may find that nobody waits for it any more.
 */
export const poolEviction = <A extends PoolItemAge, E>(
  clock: Clock.Clock,
  idleMillis: number,
  maxAgeMillis: number,
  onOpened: Effect.Effect<void>
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
    onAcquire: () => onOpened,
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
  const values = [...pool.state.items].flatMap((item) =>
    item.exit._tag === "Success" && !pool.state.invalidated.has(item) ? [{ item, value: item.exit.value }] : []
  )
  for (const { item, value } of values.toSorted((a, b) => a.value.usedAt - b.value.usedAt)) {
    const ageLeft = value.createdAt + maxAgeMillis - now
    const isLent = item.refCount > 0 && !value.isBeingChecked
    const idleLeft = isLent ? Number.POSITIVE_INFINITY : value.usedAt + idleMillis - now
    if (ageLeft <= 0 || (idleLeft <= 0 && spare > 0)) {
      expired.push(value)
      spare--
      continue
    }
    nextIn = Math.min(nextIn, ageLeft, idleLeft > 0 ? idleLeft : nextIn)
  }
  return { expired, nextIn }
}
