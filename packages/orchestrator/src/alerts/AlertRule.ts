/**
 * When an alert is raised, as data. Several rules of one kind may differ in severity: the most severe one that applies
 * counts.
 */
import { Duration, Schema } from "effect"

/** `critical` needs somebody now; `warning` may wait. */
export const AlertSeverity = Schema.Literals(["warning", "critical"])
export type AlertSeverity = typeof AlertSeverity.Type

/** What a rule looks at. */
export const AlertKind = Schema.Literals([
  "server-lost",
  "server-unhealthy",
  "health-check-failed",
  "error-rate",
  "slow",
  "breaker-open",
  "pool-exhausted"
])
export type AlertKind = typeof AlertKind.Type

interface Severe {
  readonly severity: AlertSeverity
}

/** One rule. Shares are 0 to 1. */
export type AlertRule =
  /** A server that should run has not run for so long. */
  | (Severe & { readonly kind: "server-lost"; readonly after: Duration.Duration })
  /** A server did not pass its health checks and was given up; until it has passed them again. */
  | (Severe & { readonly kind: "server-unhealthy" })
  /** A server that runs did not pass its latest health check. */
  | (Severe & { readonly kind: "health-check-failed" })
  /** So large a share of the calls in the window counts against the server. Needs the `minimumCalls` of the metrics. */
  | (Severe & { readonly kind: "error-rate"; readonly rate: number })
  /** One call in twenty in the window took so long. Needs the `minimumCalls` of the metrics. */
  | (Severe & { readonly kind: "slow"; readonly p95: Duration.Duration })
  /** A watched circuit is open. Half-open is neither open nor over: the alert stays. */
  | (Severe & { readonly kind: "breaker-open" })
  /** So large a share of a watched pool is in use; for a pool of one, only while somebody waits for it. */
  | (Severe & { readonly kind: "pool-exhausted"; readonly utilization: number })

/** Which alerts there are, and how often they are looked for and told. */
export interface AlertOptions {
  readonly rules: ReadonlyArray<AlertRule>
  /** How often the rules are applied; they are also when a server changes. */
  readonly interval: Duration.Duration
  /** An alert that is over and comes again within this time after it was told is not told again. */
  readonly quietTime: Duration.Duration
}

/** What suits most programs. */
export const alertDefaults: AlertOptions = {
  interval: Duration.seconds(10),
  quietTime: Duration.minutes(5),
  rules: [
    { kind: "server-lost", severity: "critical", after: Duration.seconds(10) },
    { kind: "server-unhealthy", severity: "critical" },
    { kind: "health-check-failed", severity: "warning" },
    { kind: "error-rate", severity: "warning", rate: 0.1 },
    { kind: "error-rate", severity: "critical", rate: 0.2 },
    { kind: "slow", severity: "warning", p95: Duration.seconds(5) },
    { kind: "breaker-open", severity: "critical" },
    { kind: "pool-exhausted", severity: "warning", utilization: 0.9 },
    { kind: "pool-exhausted", severity: "critical", utilization: 0.95 }
  ]
}
