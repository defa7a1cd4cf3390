/**
 * Takes the gauges of a pool or a circuit that is gone out of the registry: a value that nobody updates any more is a
 * lie, while a count stays true.
 */
import type { Metric } from "effect"

/** `prefix` begins the names of the series, `name` is what their labels say. */
export const forgetGauges = (
  registry: Metric.MetricRegistry,
  prefix: "mcp_circuit_" | "mcp_pool_",
  name: string
): void => {
  for (const [key, { attributes = {}, id, type }] of registry) {
    if (type === "Gauge" && id.startsWith(prefix) && Object.values(attributes).includes(name)) registry.delete(key)
  }
}
