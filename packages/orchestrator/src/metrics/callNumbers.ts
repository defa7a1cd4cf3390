/**
 * Counts of calls as shares and percentiles. Pure, so that what a share is of is written down in one place.
 */
import { percentile, type WindowSums } from "./CallWindow.ts"
import type { ServerNumbers, WindowNumbers } from "./MetricsSnapshot.ts"

type Counts = Readonly<Record<string, number>>

/** Calls by outcome, with the share that succeeded of those that were not cancelled. */
const outcomeNumbers = (outcomes: Counts) => {
  const calls = sumOf(Object.values(outcomes))
  return { calls, success_rate: share(outcomes["success"] ?? 0, calls - (outcomes["cancelled"] ?? 0)), outcomes }
}

/** The same for all tools together, and for each. */
export const toolNumbers = (tools: Readonly<Record<string, Counts>>) => {
  const all: Record<string, number> = {}
  for (const outcomes of Object.values(tools))
    for (const [outcome, count] of Object.entries(outcomes)) all[outcome] = (all[outcome] ?? 0) + count
  return {
    ...outcomeNumbers(all),
    tools: Object.fromEntries(Object.entries(tools).map(([tool, outcomes]) => [tool, outcomeNumbers(outcomes)]))
  } satisfies Partial<ServerNumbers>
}

/** Calls that are in the window, cancelled ones left out. */
export const callsIn = ({ declined, failed, success }: WindowSums): number => success + failed + declined

/** The share of calls in the window that count against the server. */
export const errorRateOf = (sums: WindowSums): number | null => share(sums.failed, callsIn(sums))

/** The 95th percentile of the durations in the window, in milliseconds. */
export const p95Of = ({ buckets }: WindowSums): number | null => millis(percentile(buckets, 0.95))

export const windowNumbers = (sums: WindowSums, windowSeconds: number): WindowNumbers => {
  const calls = callsIn(sums)
  return {
    calls,
    success_rate: share(sums.success, calls),
    error_rate: errorRateOf(sums),
    average_ms: calls === 0 ? null : millis(sums.seconds / calls),
    p50_ms: millis(percentile(sums.buckets, 0.5)),
    p95_ms: p95Of(sums),
    p99_ms: millis(percentile(sums.buckets, 0.99)),
    requests_per_minute: (calls * 60) / windowSeconds
  }
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** To a microsecond. */
const millis = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : Math.round(seconds * 1e6) / 1e3

const sumOf = (counts: ReadonlyArray<number>): number => counts.reduce((sum, count) => sum + count, 0)
