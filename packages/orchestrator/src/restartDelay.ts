/**
 * How long a lost server waits for its next attempt. A pure function, so that the whole curve can be tested.
 */
import { Duration } from "effect"
import type { RestartOptions } from "./OrchestratorOptions.ts"

/** A server that was healthy comes back at once, as far as people can tell; not in the same instant as all others. */
const firstMillis = 100

/**
 * The pause after `failures` earlier failures in a row: up to 100 ms for none, then `base` growing by `factor`
 * to at most `cap`. `random` in [0, 1) takes up to a half away, so that many servers do not return in step.
 */
export const restartDelay = (options: RestartOptions, failures: number, random: number): Duration.Duration => {
  const pause =
    failures === 0
      ? firstMillis
      : Math.min(Duration.toMillis(options.base) * options.factor ** (failures - 1), Duration.toMillis(options.cap))
  return Duration.millis(Math.round(pause * (1 - random / 2)))
}
