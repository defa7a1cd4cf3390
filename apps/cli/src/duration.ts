/**
 * Durations as people type them on a command line.
 */
import { Duration } from "effect"

const units: Readonly<Record<string, Duration.Unit>> = {
  ms: "millis",
  s: "seconds",
  m: "minutes",
  h: "hours"
}

/** `500ms`, `30s`, `5m`, `1h`, or Effect's own form (`30 seconds`); `undefined` when it is neither. */
export const parseDuration = (text: string): Duration.Duration | undefined => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim())
  const [, amount, unit] = match ?? []
  const named = unit === undefined ? undefined : units[unit]
  // The template has exactly the form of a duration input; the compiler cannot know the number is one.
  const input = named === undefined ? text : `${amount} ${named}`
  const parsed = Duration.fromInput(input as Duration.Input)
  return parsed._tag === "Some" && Duration.toMillis(parsed.value) > 0 ? parsed.value : undefined
}

/** A duration for people: `12 ms`, `1.4 s`, `2 m 5 s`. */
export const formatDuration = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`
  return `${Math.floor(millis / 60_000)} m ${Math.round((millis % 60_000) / 1000)} s`
}
