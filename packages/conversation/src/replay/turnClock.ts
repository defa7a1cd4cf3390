/**
 * The clock of a turn: one that notes what was read from it, and one that gives the same again. Both sleep as long as the
 * real one.
 */
import { type Clock, Effect } from "effect"

/** What was read, in order. Nanoseconds count from the beginning of the turn. */
export interface ClockReadings {
  readonly millis: ReadonlyArray<number>
  readonly nanos: ReadonlyArray<number>
}

const clockOf = (inner: Clock.Clock, millis: () => number, nanos: () => bigint): Clock.Clock => {
  const wall = () => BigInt(Math.round(millis())) * 1_000_000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    currentTimeNanosUnsafe: wall,
    currentTimeNanos: Effect.sync(wall),
    sleep: (duration) => inner.sleep(duration)
  }
}

/** A clock that notes each reading, and what has been read since it was last asked. */
export const makeNotingClock = (inner: Clock.Clock) => {
  const began = inner.monotonicTimeNanosUnsafe()
  let millis: Array<number> = []
  let nanos: Array<number> = []
  const clock = clockOf(
    inner,
    () => {
      const now = inner.currentTimeMillisUnsafe()
      millis.push(now)
      return now
    },
    () => {
      const now = inner.monotonicTimeNanosUnsafe()
      nanos.push(Number(now - began))
      return now
    }
  )
  const take = (): ClockReadings | undefined => {
    if (millis.length === 0 && nanos.length === 0) return undefined
    const readings = { millis, nanos }
    millis = []
    nanos = []
    return readings
  }
  return { clock, take }
}

/** A clock that gives recorded readings; after the last one it goes on from there. */
export const makePlayingClock = (inner: Clock.Clock, { millis, nanos }: ClockReadings): Clock.Clock => {
  const began = inner.monotonicTimeNanosUnsafe()
  let lastMillis = millis[0] ?? inner.currentTimeMillisUnsafe()
  let lastNanos = 0
  let millisIndex = 0
  let nanosIndex = 0
  let endedAt: bigint | undefined
  const since = () => {
    const now = inner.monotonicTimeNanosUnsafe()
    endedAt ??= now
    return now - endedAt
  }
  return clockOf(
    inner,
    () => {
      const next = millis[millisIndex++]
      if (next === undefined) return lastMillis + Number(since() / 1_000_000n)
      lastMillis = next
      return next
    },
    () => {
      const next = nanos[nanosIndex++]
      if (next === undefined) return began + BigInt(lastNanos) + since()
      lastNanos = next
      return began + BigInt(next)
    }
  )
}
