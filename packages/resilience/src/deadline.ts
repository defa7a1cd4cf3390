/**
 * Time limits that say what they limited and which setting they come from. `Effect.timeout` says neither.
 */
import { Clock, DateTime, Duration, Effect } from "effect"
import { DeadlineExceeded } from "./errors.ts"

/** What `DeadlineExceeded` says. */
export interface TimeLimitOptions {
  /** What is limited, as the subject of a sentence: `Starting "files"`. */
  readonly subject: string
  /** The setting that the limit comes from, as its reader finds it: `servers.files.connectTimeout`. */
  readonly setting: string
}

/** Gives an effect so much time from its start; then interrupts it and fails with `DeadlineExceeded`. */
export const withTimeLimit =
  (limit: Duration.Input, { setting, subject }: TimeLimitOptions) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | DeadlineExceeded, R> =>
    Effect.timeoutOrElse(effect, {
      duration: limit,
      orElse: () => Effect.fail(new DeadlineExceeded({ subject, setting, limit: Duration.fromInputUnsafe(limit) }))
    })

/**
 * Gives an effect until then. Use it where several steps share one deadline, which each of them would start anew as
 * a limit. The `limit` of the failure is the time that was left at the start; with none left it does not start.
 */
export const withDeadline =
  (at: DateTime.DateTime, options: TimeLimitOptions) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | DeadlineExceeded, R> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const left = DateTime.toEpochMillis(at) - now
      return left > 0
        ? withTimeLimit(left, options)(effect)
        : Effect.fail(new DeadlineExceeded({ ...options, limit: Duration.zero }))
    })
