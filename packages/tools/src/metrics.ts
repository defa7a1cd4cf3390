/**
 * What is counted of the built-in tools, in the registry of the caller.
 */
import { type OutcomeNumbers, outcomeNumbers } from "@signalbox/resilience"
import { Duration, Effect, Metric } from "effect"

const calls = Metric.counter("builtin_tool_calls_total", {
  description: "Calls of built-in tools, by how they ended: ok, tool_error, or the code of an error",
  incremental: true
})
const refused = Metric.counter("tool_refused_total", {
  description: "Tool calls that were not run: denied by a rule, refused by a person, or nobody could be asked",
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

/** Counts one call. The time in which a person was asked is none of its duration. */
export const countCall = (
  { source, tool }: { readonly source: string; readonly tool: string },
  outcome: string,
  duration: Duration.Duration
): Effect.Effect<void> =>
  Effect.all(
    [
      Metric.update(Metric.withAttributes(calls, { tool, outcome }), 1),
      Metric.update(Metric.withAttributes(durations, { tool }), Duration.toMillis(duration)),
      ...(refusals.has(outcome)
        ? [Metric.update(Metric.withAttributes(refused, { tool, source, code: outcome }), 1)]
        : [])
    ],
    { discard: true }
  )

/** What was counted of one tool. */
export interface BuiltInNumbers {
  readonly calls: number
  /** 0 to 1, of the calls that were not cancelled; null where there was none. */
  readonly success_rate: number | null
  readonly refused: number
  readonly average_ms: number | null
  /** How many calls ended so: `ok`, `tool_error`, or the code of an error. */
  readonly outcomes: Readonly<Record<string, number>>
}

const sum = (counts: ReadonlyArray<number>): number => counts.reduce((all, count) => all + count, 0)

const numbersOf = ({ average, outcomes }: OutcomeNumbers): BuiltInNumbers => {
  const all = sum(Object.values(outcomes))
  const judged = all - (outcomes["CANCELLED"] ?? 0)
  return {
    calls: all,
    success_rate: judged === 0 ? null : (outcomes["ok"] ?? 0) / judged,
    refused: sum(Object.entries(outcomes).map(([outcome, count]) => (refusals.has(outcome) ? count : 0))),
    average_ms: average,
    outcomes
  }
}

/** What was counted in the registry of the caller, by the names of tools; those that were not called are not there. */
export const builtInNumbers: Effect.Effect<Readonly<Record<string, BuiltInNumbers>>> = Effect.map(
  outcomeNumbers({ label: "tool", counts: calls, times: durations }),
  (numbers) => Object.fromEntries([...numbers].map(([tool, each]) => [tool, numbersOf(each)]))
)
