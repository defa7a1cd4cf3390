/**
 * The alerts of a configuration as rules: one for each severity of each kind that is not switched off.
 */
import type { AlertOptions, AlertRule, AlertSeverity } from "@signalbox/orchestrator"
import type { HostOptions } from "./config/HostOptions.ts"

/** What the orchestrator is told about alerts. */
export const alertOptions = (alerts: HostOptions["runtime"]["alerts"]): AlertOptions => ({
  interval: alerts.interval,
  quietTime: alerts.quietTime,
  rules: [
    ...limits(alerts.serverLost, (severity, after): AlertRule => ({ kind: "server-lost", severity, after })),
    ...fact(alerts.serverUnhealthy, (severity) => ({ kind: "server-unhealthy", severity })),
    ...fact(alerts.healthCheckFailed, (severity) => ({ kind: "health-check-failed", severity })),
    ...limits(alerts.errorRate, (severity, rate): AlertRule => ({ kind: "error-rate", severity, rate })),
    ...limits(alerts.slow, (severity, p95): AlertRule => ({ kind: "slow", severity, p95 })),
    ...fact(alerts.breakerOpen, (severity) => ({ kind: "breaker-open", severity })),
    ...limits(alerts.poolExhausted, (severity, utilization): AlertRule => ({
      kind: "pool-exhausted",
      severity,
      utilization
    }))
  ]
})

const fact = (
  severity: AlertSeverity | "never",
  rule: (severity: AlertSeverity) => AlertRule
): ReadonlyArray<AlertRule> => (severity === "never" ? [] : [rule(severity)])

const limits = <A>(
  from: Readonly<Record<AlertSeverity, A | "never">>,
  rule: (severity: AlertSeverity, limit: A) => AlertRule
): ReadonlyArray<AlertRule> =>
  (["warning", "critical"] as const).flatMap((severity) => {
    const limit = from[severity]
    return limit === "never" ? [] : [rule(severity, limit)]
  })
