/**
 * What is counted of the built-in tools, in the registry of the caller.
 */
import { Duration, Effect, Metric } from "effect"

const calls = Metric.counter("builtin_tool_calls_total", {
  description: "Calls of built-in tools, by how they ended: ok, tool_error, or the code of an error",
  incremental: true
})
const refused = Metric.counter("tool_refused_total", {
  description: "Calls of built-in tools that a policy or a person refused",
  incremental: true
})
const durations = Metric.histogram("builtin_tool_duration_ms", {
  description: "How long calls of built-in tools took",
  boundaries: [1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 30_000, 60_000, 120_000]
})

const refusals: ReadonlySet<string> = new Set([
  "PATH_REFUSED",
  "COMMAND_REFUSED",
  "URL_REFUSED",
  "APPROVAL_REQUIRED",
  "APPROVAL_REFUSED"
])

/** Counts one call. */
export const countCall = (tool: string, outcome: string, duration: Duration.Duration): Effect.Effect<void> =>
  Effect.all(
    [
      Metric.update(Metric.withAttributes(calls, { tool, outcome }), 1),
      Metric.update(Metric.withAttributes(durations, { tool }), Duration.toMillis(duration)),
      ...(refusals.has(outcome) ? [Metric.update(Metric.withAttributes(refused, { tool }), 1)] : [])
    ],
    { discard: true }
  )
