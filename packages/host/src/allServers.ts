/**
 * What the servers of a host have in common with those of its agents: numbers and alerts. Those of an agent carry its name
 * as their set; those of the host itself carry none.
 */
import type { Alert, MetricsSnapshot, ServerOrchestrator, ServerSets } from "@signalbox/orchestrator"
import { Effect, Stream } from "effect"

/** The servers of the host and of all agents that run. */
export interface AllServers {
  /** All numbers at this moment. `sets` has those of agents, by their names. */
  readonly snapshot: Effect.Effect<MetricsSnapshot>
  /** All of them in the text format of Prometheus; serve it as `prometheusContentType`. */
  readonly prometheus: Effect.Effect<string>
  /** Alerts from now on: raised, worse, resolved. A reader that is slow or fails loses the oldest, and delays nobody. */
  readonly alerts: Stream.Stream<Alert>
  /** The alerts that hold now; first those of the host itself, each in the order in which they began. */
  readonly activeAlerts: Effect.Effect<ReadonlyArray<Alert>>
}

/** Both together. They have to count in one registry. */
export const allServers = (orchestrator: ServerOrchestrator["Service"], sets: ServerSets["Service"]): AllServers => ({
  snapshot: Effect.zipWith(orchestrator.metrics.snapshot, sets.metrics.snapshot, (own, all) => ({ ...own, sets: all })),
  prometheus: Effect.andThen(sets.metrics.refresh, orchestrator.metrics.prometheus),
  alerts: Stream.merge(orchestrator.alerts, sets.alerts),
  activeAlerts: Effect.zipWith(orchestrator.activeAlerts, sets.activeAlerts, (own, others) => [...own, ...others])
})
