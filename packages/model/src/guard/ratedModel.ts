/**
 * Asks no more often than the upstream has said it will answer: once nothing remains, the next request waits until
 * the limit is reset. One bucket for all models that share a key.
 */
import { type Duration, type Effect } from "effect"
import { type RateLimits } from "../http/rateLimits.ts"
import { type LanguageModel } from "../LanguageModel.ts"

/** What is known of the limits of one key at one upstream. */
export interface RateBucket {
  /** Takes note of what an answer said. */
  readonly observe: (limits: RateLimits) => Effect.Effect<void>
  /** Nothing may be asked for so long, whatever the limits: the upstream has said so. */
  readonly block: (duration: Duration.Duration) => Effect.Effect<void>
  /** How long until the next request may begin, in milliseconds; takes its place in the count when that is within `patience`. */
  readonly take: (patience: number) => Effect.Effect<number>
}

/** Makes a bucket of which nothing is known yet: everything may begin. */
export declare const makeRateBucket: Effect.Effect<RateBucket>

/** What a rated model is made from. */
export interface RatedModelOptions {
  readonly bucket: RateBucket
  /** Who would have to wait longer fails with `ProviderRateLimited` at once. */
  readonly maxWait: Duration.Input
}

/** Wraps a model. Put it inside of `retryModel`, so that each attempt takes its turn. */
export declare const ratedModel: (
  options: RatedModelOptions
) => (model: LanguageModel["Service"]) => LanguageModel["Service"]
