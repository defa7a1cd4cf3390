/**
 * Every number that an orchestrator keeps, by the name under which it is exported. Labels come from short lists: the
 * name of a configured server, a state, an outcome, and tools up to a limit. No label ever holds a text from outside.
 */
import { Metric } from "effect"

/** Upper ends of the buckets of every duration, in seconds: 1 ms to 30 s. */
export const durationBoundaries: ReadonlyArray<number> = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30
]

// Labels are given when a series is made: adding them at each update would build the key anew every time.
type Labels<Name extends string> = Readonly<Record<Name, string>>

const counter =
  <Name extends string>(name: string, description: string) =>
  (attributes: Labels<Name>) =>
    Metric.counter(name, { description, attributes, incremental: true })

const gauge =
  <Name extends string>(name: string, description: string) =>
  (attributes: Labels<Name>) =>
    Metric.gauge(name, { description, attributes })

const durations =
  <Name extends string>(name: string, description: string) =>
  (attributes: Labels<Name>) =>
    Metric.histogram(name, { description, attributes, boundaries: durationBoundaries })

/**
 * An outcome is `success`, `tool_error` (the tool ran and says that it failed), `cancelled` or the code of an error.
 * Counters begin with the layer.
 */
export const orchestratorMetrics = {
  calls: counter<"server" | "tool" | "outcome">(
    "mcp_calls_total",
    "Calls that have ended, by outcome; the tool of a request that calls none is its method, such as prompts/get"
  ),
  callDuration: durations<"server" | "outcome">(
    "mcp_call_duration_seconds",
    "From asking for a call to its end, waiting included"
  ),
  callsInFlight: gauge<"server">("mcp_calls_in_flight", "Calls that were sent and not answered yet"),
  callsWaiting: gauge<"server">("mcp_calls_waiting", "Calls that wait for their server or for their turn"),
  callsRepeated: counter<"server">("mcp_calls_repeated_total", "Calls that were made once more on a new connection"),
  callsUnknown: counter<"server">(
    "mcp_calls_outcome_unknown_total",
    "Times that an answer was lost and nobody knows whether the tool ran"
  ),
  starts: counter<"server" | "outcome">("mcp_server_starts_total", "Attempts to start a server, by outcome"),
  restarts: counter<"server">("mcp_server_restarts_total", "Times that a server came back by itself"),
  losses: counter<"server" | "outcome">(
    "mcp_server_losses_total",
    "Lost connections to a server that ran, by the code of the reason"
  ),
  connectDuration: durations<"server" | "outcome">(
    "mcp_server_connect_duration_seconds",
    "From the beginning of a start to its first list of tools or its failure"
  ),
  state: gauge<"server" | "state">("mcp_server_state", "1 for the state that a server is in, 0 for the others"),
  health: gauge<"server" | "health">("mcp_server_health", "1 for the health of a server, 0 for the others"),
  orphansKilled: counter<never>("mcp_orphans_killed_total", "Processes of an earlier run that were killed")
} as const
