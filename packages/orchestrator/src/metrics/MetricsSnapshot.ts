/**
 * The numbers of an orchestrator at a moment, as they are printed and served. What is not known is null.
 */
import {
  CircuitPhase,
  type CircuitStats,
  hitRatioOf,
  PoolHealth,
  type PoolStats,
  utilizationOf
} from "@signalbox/resilience"
import { DateTime, Duration, Schema } from "effect"
import { HealthStatus, ServerState } from "../ServerInfo.ts"

const Count = Schema.Int
/** 0 to 1. */
const Share = Schema.NullOr(Schema.Finite)
const Millis = Schema.NullOr(Schema.Finite)
/** How many calls ended so: `success`, `tool_error`, `cancelled`, or the code of an error. */
const Outcomes = Schema.Record(Schema.String, Count)

/**
 * Calls of the last minutes, without those that were cancelled. `error_rate` is the share that failed in a way that
 * counts against the server, as for a circuit breaker; a tool that says no lowers only the `success_rate`. Percentiles
 * are right to within one bucket.
 */
export const WindowNumbers = Schema.Struct({
  calls: Count,
  success_rate: Share,
  error_rate: Share,
  average_ms: Millis,
  p50_ms: Millis,
  p95_ms: Millis,
  p99_ms: Millis,
  /** Averaged over the whole window, also while it has not passed yet. */
  requests_per_minute: Schema.Finite
})
export interface WindowNumbers extends Schema.Schema.Type<typeof WindowNumbers> {}

/** One server. Counts without a window begin with the layer. */
export const ServerNumbers = Schema.Struct({
  state: ServerState,
  health: HealthStatus,
  calls: Count,
  success_rate: Share,
  outcomes: Outcomes,
  in_flight: Count,
  waiting: Count,
  repeated: Count,
  starts: Count,
  restarts: Count,
  losses: Count,
  window: WindowNumbers,
  /**
   * By the name that the server gives; those beyond the limit together as `other`, and requests that call none by their
   * method, such as `prompts/get`.
   */
  tools: Schema.Record(Schema.String, Schema.Struct({ calls: Count, success_rate: Share, outcomes: Outcomes }))
})
export interface ServerNumbers extends Schema.Schema.Type<typeof ServerNumbers> {}

/** One pool, by its key. */
export const PoolNumbers = Schema.Struct({
  idle: Count,
  used: Count,
  opening: Count,
  waiting: Count,
  max: Count,
  utilization: Schema.Finite,
  hit_ratio: Share,
  health: PoolHealth.fields.status
})
export interface PoolNumbers extends Schema.Schema.Type<typeof PoolNumbers> {}

/** One circuit, by its name. */
export const CircuitNumbers = Schema.Struct({
  phase: CircuitPhase,
  in_phase_ms: Schema.Finite,
  succeeded: Count,
  failed: Count,
  ignored: Count,
  rejected: Count,
  trips: Count,
  /** The last failure that counted; `code` of an error of ours. */
  last_failure: Schema.NullOr(
    Schema.Struct({ at: Schema.String, message: Schema.String, code: Schema.NullOr(Schema.String) })
  ),
  settings: Schema.Struct({ failures: Count, open_for_ms: Schema.Finite, successes: Count, probes: Count })
})
export interface CircuitNumbers extends Schema.Schema.Type<typeof CircuitNumbers> {}

/** All servers in the order of the configuration, and the pools and circuits that are watched. */
export const SetNumbers = Schema.Struct({
  servers: Schema.Record(Schema.String, ServerNumbers),
  pools: Schema.Record(Schema.String, PoolNumbers),
  circuits: Schema.Record(Schema.String, CircuitNumbers)
})
export interface SetNumbers extends Schema.Schema.Type<typeof SetNumbers> {}

/** The numbers of one orchestrator; with those of sets beside it, by their names, where somebody has added them. */
export const MetricsSnapshot = Schema.Struct({
  /** UTC in ISO 8601. */
  at: Schema.String,
  window_ms: Schema.Finite,
  ...SetNumbers.fields,
  sets: Schema.optionalKey(Schema.Record(Schema.String, SetNumbers))
})
export interface MetricsSnapshot extends Schema.Schema.Type<typeof MetricsSnapshot> {}

export const poolNumbers = (stats: PoolStats): PoolNumbers => ({
  idle: stats.idle,
  used: stats.used,
  opening: stats.opening,
  waiting: stats.waiting,
  max: stats.max,
  utilization: utilizationOf(stats),
  hit_ratio: hitRatioOf(stats) ?? null,
  health: stats.health.status
})

/** The numbers of a circuit, from what its breaker knows of it. */
export const circuitNumbers = (stats: CircuitStats): CircuitNumbers => ({
  phase: stats.phase,
  in_phase_ms: Duration.toMillis(stats.inPhaseFor),
  succeeded: stats.succeeded,
  failed: stats.failed,
  ignored: stats.ignored,
  rejected: stats.rejected,
  trips: stats.trips,
  last_failure:
    stats.lastFailure === null
      ? null
      : {
          at: DateTime.formatIso(DateTime.makeUnsafe(stats.lastFailure.at)),
          message: stats.lastFailure.message,
          code: stats.lastFailure.code
        },
  settings: {
    failures: stats.settings.failureThreshold,
    open_for_ms: Duration.toMillis(stats.settings.openFor),
    successes: stats.settings.successThreshold,
    probes: stats.settings.maxProbes
  }
})
