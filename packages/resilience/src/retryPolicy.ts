/**
 * Retrying with growing, jittered pauses. Whoever failed decides whether trying again makes sense: by
 * default only errors that say `retryable: true` are retried, all others pass at once and unchanged.
 */
import { Duration, Effect, Predicate, Random } from "effect"
import { RetryExhausted } from "./errors.ts"
import { isWhole, type Problems, requireSettings } from "./settings.ts"

/**
 * How a pause is spread, so that many clients do not return in step:
 * `equal` takes 50 to 100 % of it, `full` takes 0 to 100 %, `{ upTo }` adds between nothing and that much.
 */
export type Jitter = "none" | "equal" | "full" | { readonly upTo: Duration.Input }

/** What `retryPolicy` is built from. */
export interface RetrySettings {
  /** How often the operation may run in all, the first run included; 1 or more. */
  readonly attempts: number
  /** The pause before the second attempt. */
  readonly base: Duration.Input
  /** By how much each pause exceeds the one before; 1 or more. */
  readonly factor: number
  /** No pause is longer, jitter of `upTo` excepted. */
  readonly cap: Duration.Input
  readonly jitter: Jitter
  /** Which errors are worth another attempt. Default: those with `retryable: true`. */
  readonly while?: (error: unknown) => boolean
}

/** A checked policy, for `retry`. */
export interface RetryPolicy {
  readonly attempts: number
  readonly baseMillis: number
  readonly factor: number
  readonly capMillis: number
  readonly jitter: Jitter
  readonly while: (error: unknown) => boolean
}

/** Whether an error says of itself that the same operation may succeed later. */
export const isRetryable = (error: unknown): boolean =>
  Predicate.hasProperty(error, "retryable") && error.retryable === true

/**
 * Builds a policy. Use it once, where the program is put together.
 * Throws `SettingsInvalid` when `attempts` is below 1, `factor` below 1, `base` negative or `cap` below `base`.
 */
export const retryPolicy = (settings: RetrySettings): RetryPolicy => {
  requireSettings("a retry policy", retryProblems(settings))
  return {
    attempts: settings.attempts,
    baseMillis: Duration.toMillis(settings.base),
    factor: settings.factor,
    capMillis: Duration.toMillis(settings.cap),
    jitter: settings.jitter,
    while: settings.while ?? isRetryable
  }
}

/** Everything that cannot be meant about the settings, in words. */
export const retryProblems = ({ attempts, base, cap, factor }: RetrySettings): Problems => ({
  "attempts must be a whole number of 1 or more": !isWhole(1, attempts),
  "factor must be 1 or more": !(factor >= 1),
  "base must not be negative": !(Duration.toMillis(base) >= 0),
  "cap must not be shorter than base": !(Duration.toMillis(cap) >= Duration.toMillis(base))
})

/** A policy with another rule for what is retried. */
export const retryWhile =
  (predicate: (error: unknown) => boolean) =>
  (policy: RetryPolicy): RetryPolicy => ({ ...policy, while: predicate })

/**
 * Runs an effect again, as the policy says, until it succeeds.
 *
 * Fails with the error itself when it is not retryable, and with `RetryExhausted` after the last attempt.
 * A longer `retryAfter` of the error replaces the pause; one beyond the cap ends the attempts at once, and
 * `RetryExhausted` carries it on. Interruption and defects are never retried.
 */
export const retry =
  (policy: RetryPolicy) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | RetryExhausted, R> =>
    Effect.catch(effect, retryAfterFailure(policy)(effect))

/** The rest of `retry`, for who has made the first attempt himself and knows how it failed. */
export const retryAfterFailure =
  (policy: RetryPolicy) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) => {
    const afterFailure =
      (number: number) =>
      (error: E): Effect.Effect<A, E | RetryExhausted, R> => {
        if (!policy.while(error)) return Effect.fail(error)
        const wanted = retryAfterOf(error)
        if (number >= policy.attempts || (wanted !== undefined && Duration.toMillis(wanted) > policy.capMillis)) {
          return Effect.fail(exhausted(number, error, wanted))
        }
        return pauseMillis(policy, number, wanted).pipe(
          Effect.flatMap((millis) => Effect.sleep(millis)),
          Effect.flatMap(() => Effect.catch(effect, afterFailure(number + 1)))
        )
      }
    return afterFailure(1)
  }

const retryAfterOf = (error: unknown): Duration.Duration | undefined =>
  Predicate.hasProperty(error, "retryAfter") && Duration.isDuration(error.retryAfter) ? error.retryAfter : undefined

const exhausted = (attempts: number, cause: unknown, retryAfter: Duration.Duration | undefined): RetryExhausted =>
  new RetryExhausted({
    attempts,
    lastError: Predicate.hasProperty(cause, "message") ? String(cause.message) : String(cause),
    cause,
    ...(retryAfter === undefined ? {} : { retryAfter })
  })

const pauseMillis = (policy: RetryPolicy, attempt: number, wanted: Duration.Duration | undefined) =>
  Effect.map(Random.next, (random) => {
    const pause = Math.min(policy.baseMillis * policy.factor ** (attempt - 1), policy.capMillis)
    return Math.max(spread(policy.jitter, pause, random), wanted === undefined ? 0 : Duration.toMillis(wanted))
  })

const spread = (jitter: Jitter, pause: number, random: number): number => {
  if (jitter === "none") return pause
  if (jitter === "equal") return pause * (0.5 + random / 2)
  if (jitter === "full") return pause * random
  return pause + Duration.toMillis(jitter.upTo) * random
}
