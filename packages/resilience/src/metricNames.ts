/**
 * The numbers of pools and circuits, by the name under which they are exported. The label `server` is the key of a pool;
 * keys of pools and circuits are to come from a configuration, so that there are few.
 */
import { Metric } from "effect"

type Labels<Name extends string> = Readonly<Record<Name, string>>

const counter =
  <Name extends string>(name: string, description: string) =>
  (attributes: Labels<Name>) =>
    Metric.counter(name, { description, attributes, incremental: true })

const gauge =
  <Name extends string>(name: string, description: string) =>
  (attributes: Labels<Name>) =>
    Metric.gauge(name, { description, attributes })

export const poolMetrics = {
  connections: gauge<"server" | "state">("mcp_pool_connections", "Open connections by state, and those being opened"),
  max: gauge<"server">("mcp_pool_max_connections", "The most connections that a pool may have"),
  waiting: gauge<"server">("mcp_pool_waiting", "Borrowers that wait for a connection"),
  utilization: gauge<"server">("mcp_pool_utilization_ratio", "Share of the allowed connections that are in use"),
  hits: gauge<"server">("mcp_pool_hit_ratio", "Share of loans that found a connection open"),
  health: gauge<"server" | "health">("mcp_pool_health", "1 for the health of a pool, 0 for the others"),
  opened: counter<"server">("mcp_pool_opened_total", "Connections that were opened"),
  borrowed: counter<"server">("mcp_pool_borrowed_total", "Loans of a connection"),
  invalidated: counter<"server">("mcp_pool_invalidated_total", "Connections that were withdrawn"),
  fallbacks: counter<"server">("mcp_pool_fallbacks_total", "Borrowers who got a connection of their own")
} as const

export const circuitMetrics = {
  phase: gauge<"circuit">("mcp_circuit_phase", "Phase of a circuit: 0 closed, 1 half-open, 2 open"),
  trips: counter<"circuit">("mcp_circuit_trips_total", "How often a circuit opened"),
  calls: counter<"circuit" | "outcome">(
    "mcp_circuit_calls_total",
    "Calls by what the circuit made of them: succeeded, failed, ignored, rejected"
  ),
  failuresInRow: gauge<"circuit">("mcp_circuit_consecutive_failures", "Counted failures in a row, while closed")
} as const

/** The phases of a circuit as numbers. */
export const phaseNumbers = { closed: 0, "half-open": 1, open: 2 } as const
