/**
 * How long something took, by the clock that nobody sets.
 */
import { Clock, Duration, Effect } from "effect"

/** In milliseconds with a fraction: the form in which durations are also written down. */
export const durationBetween = (startNanos: bigint, endNanos: bigint): Duration.Duration =>
  Duration.millis(Number(endNanos - startNanos) / 1_000_000)

/** An effect that tells the time since it was made. */
export const startStopwatch: Effect.Effect<Effect.Effect<Duration.Duration>> = Effect.map(
  Clock.monotonicTimeNanos,
  (start) => Effect.map(Clock.monotonicTimeNanos, (end) => durationBetween(start, end))
)
