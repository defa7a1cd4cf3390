/**
 * How often something may begin: never more than `limit` times in any stretch of `per`, wherever it starts.
 * Effect's rate limiter counts in windows of its own, which allow twice as much around their edges, and reserves
 * turns however far away they are.
 */
import { Duration } from "effect"
import { isWhole, type Problems } from "./settings.ts"

/** So many times in so much time. */
export interface Rate {
  readonly limit: number
  readonly per: Duration.Input
}

export interface RateGate {
  /** How long until the next turn, in milliseconds; it is taken unless that is longer than `patience`. */
  readonly take: (now: number, patience: number) => number
}

export const makeRateGate = ({ limit, per }: Rate): RateGate => {
  const perMillis = Duration.toMillis(per)
  // The last `limit` turns in a ring: the one that is overwritten next is the one that the next must keep away from.
  const turns = Array.from({ length: limit }, () => Number.NEGATIVE_INFINITY)
  let next = 0
  return {
    take: (now, patience) => {
      const turn = Math.max(now, (turns[next] ?? now) + perMillis)
      if (turn - now <= patience) {
        turns[next] = turn
        next = (next + 1) % limit
      }
      return turn - now
    }
  }
}

export const rateProblems = ({ limit, per }: Rate): Problems => ({
  "rate.limit must be a whole number of 1 or more": !isWhole(1, limit),
  "rate.per must be longer than nothing": !(Duration.toMillis(per) > 0)
})
