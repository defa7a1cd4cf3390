/**
 * What is known of how much one key may still ask of an upstream, told by that itself. Shared by everybody who uses
 * the key, so that twenty requests at once do not all believe in the same last one that remains.
 */
import { Clock, Duration, Effect } from "effect"
import type { RateLimit, RateLimits } from "../http/rateLimits.ts"

/** What is known of the limits of one key at one upstream. */
export interface RateBucket {
  /** Takes note of what an answer said. */
  readonly observe: (limits: RateLimits) => Effect.Effect<void>
  /** Nothing may be asked for so long, whatever the limits: the upstream has said so. */
  readonly block: (duration: Duration.Duration) => Effect.Effect<void>
  /**
   * Milliseconds until a request may begin. One that need not wait has taken its part of what remains; one that must
   * asks again after the wait.
   */
  readonly take: Effect.Effect<number>
}

/** How long a limit without a reset is believed in, in milliseconds. */
const unknownReset = 1000

/** Makes a bucket of which nothing is known yet: everything may begin. */
export const makeRateBucket: Effect.Effect<RateBucket> = Effect.sync(() => {
  const known = new Map<
    RateLimit["kind"],
    { remaining: number; readonly limit: number | undefined; resetsAt: number }
  >()
  let blockedUntil = 0

  const take = (now: number): number => {
    let until = blockedUntil
    for (const [kind, one] of known) {
      if (one.resetsAt > now) {
        if (one.remaining <= 0) until = Math.max(until, one.resetsAt)
      } else if (one.limit === undefined) known.delete(kind)
      // Those who have waited must not all begin at once.
      else known.set(kind, { ...one, remaining: one.limit, resetsAt: now + unknownReset })
    }
    if (until > now) return until - now
    const requests = known.get("requests")
    if (requests !== undefined) requests.remaining--
    return 0
  }

  return {
    observe: (limits) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        for (const { kind, limit, remaining, resetsAt = now + unknownReset } of limits) {
          known.set(kind, { remaining, limit, resetsAt })
        }
      }),
    block: (duration) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        blockedUntil = Math.max(blockedUntil, now + Duration.toMillis(duration))
      }),
    take: Effect.map(Clock.currentTimeMillis, take)
  }
})
