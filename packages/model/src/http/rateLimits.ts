/**
 * What upstreams say in headers about how much more they will take. `exchange` reports it to `RateLimitObserver`,
 * which `ratedModel` provides: no provider has to do anything.
 */
import { Context, Effect } from "effect"

/** One limit of an upstream. */
export interface RateLimit {
  readonly kind: "requests" | "tokens" | "input_tokens" | "output_tokens"
  readonly limit: number | undefined
  readonly remaining: number
  /** Milliseconds since 1970, where the upstream said so. */
  readonly resetsAt: number | undefined
}

/** All limits that one answer named. */
export type RateLimits = ReadonlyArray<RateLimit>

/** Hears of the limits that an answer names. By default nobody does. */
export const RateLimitObserver = Context.Reference<(limits: RateLimits) => Effect.Effect<void>>(
  "@signalbox/model/RateLimitObserver",
  { defaultValue: () => () => Effect.void }
)

/** Reads `anthropic-ratelimit-*` and `x-ratelimit-*`; `now` is in milliseconds since 1970. */
export declare const readRateLimits: (headers: Readonly<Record<string, string | undefined>>, now: number) => RateLimits
