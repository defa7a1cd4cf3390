/**
 * What the calls of the last minutes were like. Time is cut into slots whose sums are kept in arrays of a fixed size,
 * so a million calls take no more memory than one, and what is over leaves with its slot.
 */
import { durationBoundaries } from "./metricNames.ts"
import type { CallOutcome } from "./outcome.ts"

/** Sums over the window. Calls that were cancelled are not in it: they say nothing. */
export interface WindowSums {
  readonly success: number
  readonly failed: number
  readonly declined: number
  /** Of all of them together. */
  readonly seconds: number
  /** How many fell into each bucket of `durationBoundaries`, and how many were longer. */
  readonly buckets: ReadonlyArray<number>
}

export interface CallWindow {
  readonly add: (now: number, verdict: CallOutcome["verdict"], seconds: number) => void
  readonly sums: (now: number) => WindowSums
}

/** A sum covers at least 11 twelfths of the window, and never more than all of it. */
const slotCount = 12

const bucketCount = durationBoundaries.length + 1
const verdicts = { success: 0, failed: 1, declined: 2 } as const
const verdictCount = 3

/** A window of this many seconds; `now` is in seconds of a clock that never goes back. */
export const makeCallWindow = (windowSeconds: number): CallWindow => {
  const slotSeconds = windowSeconds / slotCount
  const numbers = new Float64Array(slotCount).fill(Number.NEGATIVE_INFINITY)
  const seconds = new Float64Array(slotCount)
  const counts = new Uint32Array(slotCount * verdictCount)
  const buckets = new Uint32Array(slotCount * bucketCount)

  const slotOf = (now: number): number => {
    const number = Math.floor(now / slotSeconds)
    const slot = number % slotCount
    if (numbers[slot] !== number) {
      numbers[slot] = number
      seconds[slot] = 0
      counts.fill(0, slot * verdictCount, (slot + 1) * verdictCount)
      buckets.fill(0, slot * bucketCount, (slot + 1) * bucketCount)
    }
    return slot
  }

  return {
    add: (now, verdict, duration) => {
      if (verdict === "cancelled") return
      const slot = slotOf(now)
      raise(seconds, slot, duration)
      raise(counts, slot * verdictCount + verdicts[verdict], 1)
      raise(buckets, slot * bucketCount + bucketOf(duration), 1)
    },
    sums: (now) => {
      const oldest = Math.floor(now / slotSeconds) - slotCount + 1
      const slots = [...numbers.keys()].filter((slot) => (numbers[slot] ?? 0) >= oldest)
      const sum = (values: Float64Array | Uint32Array, width: number, offset: number) =>
        slots.reduce((total, slot) => total + (values[slot * width + offset] ?? 0), 0)
      return {
        success: sum(counts, verdictCount, verdicts.success),
        failed: sum(counts, verdictCount, verdicts.failed),
        declined: sum(counts, verdictCount, verdicts.declined),
        seconds: sum(seconds, 1, 0),
        buckets: Array.from({ length: bucketCount }, (_, bucket) => sum(buckets, bucketCount, bucket))
      }
    }
  }
}

const raise = (values: Float64Array | Uint32Array, index: number, by: number) => {
  values[index] = (values[index] ?? 0) + by
}

const bucketOf = (seconds: number): number => {
  let bucket = 0
  while (bucket < durationBoundaries.length && seconds > (durationBoundaries[bucket] ?? 0)) bucket += 1
  return bucket
}

/**
 * The duration, in seconds, that this share of calls did not exceed, to within one bucket; nothing without calls. Inside
 * a bucket they are taken to be spread evenly; what is longer than the last boundary counts as that long.
 */
export const percentile = (buckets: ReadonlyArray<number>, share: number): number | undefined => {
  const rank = share * buckets.reduce((sum, count) => sum + count, 0)
  if (rank === 0) return undefined
  let before = 0
  let lower = 0
  for (const [index, upper] of durationBoundaries.entries()) {
    const count = buckets[index] ?? 0
    if (before + count >= rank) return lower + ((upper - lower) * (rank - before)) / count
    before += count
    lower = upper
  }
  return lower
}
