/** Reading the series of an orchestrator. */
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { Context, Metric } from "effect"

type Orchestrator = ServerOrchestrator["Service"]

export const seriesOf = ({ metrics }: Orchestrator) =>
  Metric.snapshotUnsafe(Context.make(Metric.MetricRegistry, metrics.registry))

/** The number of a counter or gauge, the count of a histogram; all series with these labels together. */
export const numberOf = (boxes: Orchestrator, name: string, labels: Readonly<Record<string, string>> = {}): number =>
  seriesOf(boxes)
    .filter(
      ({ attributes, id }) => id === name && Object.entries(labels).every(([key, value]) => attributes?.[key] === value)
    )
    .reduce((sum, { state }) => {
      if ("value" in state) return sum + Number(state.value)
      return "count" in state ? sum + Number(state.count) : sum
    }, 0)
