/**
 * Takes series out of the registry. The gauges of a pool or a circuit that is gone go with it: a value that nobody updates
 * any more is a lie, while a count stays true. Of a set that is gone everything goes: there is no end to their names.
 */
import type { Metric } from "effect"
import type { OrchestratorMetrics } from "./OrchestratorMetrics.ts"

/** `prefix` begins the names of the series, `name` is what their labels say. Those of other sets stay. */
export const forgetGauges = (
  { labels, registry }: Pick<OrchestratorMetrics, "labels" | "registry">,
  prefix: "mcp_circuit_" | "mcp_pool_",
  name: string
): void => {
  for (const [key, { attributes: { set, ...rest } = {}, id, type }] of registry) {
    if (type !== "Gauge" || !id.startsWith(prefix) || set !== labels.set) continue
    if (Object.values(rest).includes(name)) registry.delete(key)
  }
}

/** Everything that was counted for a set. */
export const forgetSet = (registry: Metric.MetricRegistry, setName: string): void => {
  for (const [key, { attributes, id }] of registry) {
    if (id.startsWith("mcp_") && attributes?.["set"] === setName) registry.delete(key)
  }
}
