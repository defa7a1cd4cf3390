/**
 * What a counter by outcome, and a histogram beside it, say of each value of a label: for programs that show their own numbers.
 */
import { Effect, Metric } from "effect"

/** What was counted under one value of the label. */
export interface OutcomeNumbers {
  /** How often it ended so. An outcome that has not occurred is not there. */
  readonly outcomes: Readonly<Record<string, number>>
  /** The mean of the histogram; null where nothing was measured. */
  readonly average: number | null
}

/** The two metrics and their label; the counter has the attribute `outcome`, too. */
export interface OutcomeMetrics {
  readonly label: string
  readonly counts: Metric.Metric<number, unknown>
  readonly times: Metric.Metric<number, Metric.HistogramState>
}

/** What the registry of the caller has, by the values of the label; those of which nothing was counted are not there. */
export const outcomeNumbers = Effect.fnUntraced(function* ({ counts, label, times }: OutcomeMetrics) {
  const byValue = new Map<string, Record<string, number>>()
  for (const { attributes, id, state } of yield* Metric.snapshot) {
    const outcome = attributes?.["outcome"]
    const value = attributes?.[label]
    if (id !== counts.id || value === undefined || outcome === undefined || !("count" in state)) continue
    byValue.set(value, { ...byValue.get(value), [outcome]: Number(state.count) })
  }
  const numbers = new Map<string, OutcomeNumbers>()
  for (const [value, outcomes] of byValue) {
    const { count, sum } = yield* Metric.value(Metric.withAttributes(times, { [label]: value }))
    numbers.set(value, { outcomes, average: count === 0 ? null : sum / count })
  }
  return numbers
})
