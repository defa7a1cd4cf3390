/**
 * Which rules apply to what is seen at a moment. Pure: how often something is told is decided elsewhere.
 */
import { type CircuitStats, type PoolStats, utilizationOf } from "@signalbox/resilience"
import { Duration } from "effect"
import { callsIn, errorRateOf, p95Of } from "../metrics/callNumbers.ts"
import type { WindowSums } from "../metrics/CallWindow.ts"
import type { WatchedStats } from "../metrics/watched.ts"
import type { AlertKind, AlertRule, AlertSeverity } from "./AlertRule.ts"
import type { ServerCondition } from "./serverCondition.ts"

/** A server, and its calls in the window. */
export interface ServerReading {
  readonly name: string
  readonly condition: ServerCondition
  readonly calls: WindowSums
}

/** Everything that rules look at. */
export interface AlertReading extends WatchedStats {
  readonly now: number
  readonly minimumCalls: number
  readonly servers: ReadonlyArray<ServerReading>
}

/** A rule that applies. */
export interface Finding {
  readonly kind: AlertKind
  readonly severity: AlertSeverity
  readonly subject: string
  readonly message: string
  readonly value: number | null
}

/** What holds now, once for each kind and subject: the most severe. */
export const findingsOf = (rules: ReadonlyArray<AlertRule>, reading: AlertReading): ReadonlyMap<string, Finding> => {
  const found = new Map<string, Finding>()
  for (const rule of rules) {
    for (const { message, subject, value } of matchesOf(rule, reading)) {
      const id = `${rule.kind}:${subject}`
      if (found.get(id)?.severity === "critical") continue
      found.set(id, { kind: rule.kind, severity: rule.severity, subject, message, value })
    }
  }
  return found
}

/** In how many milliseconds a server will have been lost for long enough, the soonest; nothing when none is waited for. */
export const nextDue = (rules: ReadonlyArray<AlertRule>, { now, servers }: AlertReading): number | undefined => {
  const remaining = rules.flatMap((rule) =>
    rule.kind === "server-lost"
      ? servers.flatMap(({ condition: { downSince } }) =>
          downSince === undefined ? [] : [downSince + Duration.toMillis(rule.after) - now]
        )
      : []
  )
  const due = Math.min(...remaining.filter((millis) => millis > 0))
  return Number.isFinite(due) ? due : undefined
}

type Match = Pick<Finding, "subject" | "message" | "value">
type RuleOf<Kind extends AlertKind> = Extract<AlertRule, { readonly kind: Kind }>

const matchesOf = (rule: AlertRule, reading: AlertReading): ReadonlyArray<Match> => {
  switch (rule.kind) {
    case "server-lost":
      return reading.servers.flatMap((server) => lost(rule, server, reading.now))
    case "server-unhealthy":
      return reading.servers.flatMap(unhealthy)
    case "health-check-failed":
      return reading.servers.flatMap(checkFailed)
    case "error-rate":
      return busyServers(reading).flatMap((server) => failing(rule, server))
    case "slow":
      return busyServers(reading).flatMap((server) => slow(rule, server))
    case "breaker-open":
      return reading.circuits.flatMap(open)
    case "pool-exhausted":
      return reading.pools.flatMap((pool) => exhausted(rule, pool))
  }
}

const lost = (
  { after }: RuleOf<"server-lost">,
  { condition, name }: ServerReading,
  now: number
): ReadonlyArray<Match> => {
  if (condition.downSince === undefined || now - condition.downSince < Duration.toMillis(after)) return []
  const value = now - condition.downSince
  return [{ subject: name, message: `Server "${name}" does not run: ${condition.reason ?? "it was lost."}`, value }]
}

const unhealthy = ({ condition, name }: ServerReading): ReadonlyArray<Match> =>
  condition.givenUp === undefined ? [] : [{ subject: name, message: condition.givenUp, value: null }]

const checkFailed = ({ condition, name }: ServerReading): ReadonlyArray<Match> =>
  condition.state === "running" && condition.health.status !== "healthy" && condition.givenUp === undefined
    ? [{ subject: name, message: `Server "${name}" may not answer: ${condition.health.reason ?? ""}`, value: null }]
    : []

const busyServers = ({ minimumCalls, servers }: AlertReading) =>
  servers.filter(({ calls }) => callsIn(calls) >= minimumCalls)

const failing = ({ rate }: RuleOf<"error-rate">, { calls, name }: ServerReading): ReadonlyArray<Match> => {
  const value = errorRateOf(calls)
  if (value === null || value < rate) return []
  return [{ subject: name, message: `${calls.failed} of ${callsIn(calls)} calls to server "${name}" failed.`, value }]
}

const slow = ({ p95 }: RuleOf<"slow">, { calls, name }: ServerReading): ReadonlyArray<Match> => {
  const value = p95Of(calls)
  if (value === null || value < Duration.toMillis(p95)) return []
  const took = Duration.format(Duration.millis(Math.round(value)))
  return [{ subject: name, message: `One call in twenty to server "${name}" takes ${took} or longer.`, value }]
}

const open = ({ circuit, lastFailure, phase }: CircuitStats): ReadonlyArray<Match> => {
  if (phase === "closed") return []
  const why = lastFailure === null ? "" : `: ${lastFailure.message}`
  return [{ subject: circuit, message: `The circuit of "${circuit}" is ${phase}${why}`, value: null }]
}

const exhausted = (
  { utilization }: RuleOf<"pool-exhausted">,
  { key, stats }: { readonly key: string; readonly stats: PoolStats }
): ReadonlyArray<Match> => {
  const value = utilizationOf(stats)
  if (value < utilization || (stats.max === 1 && stats.waiting === 0)) return []
  const waiting = stats.waiting === 0 ? "" : `, and ${stats.waiting} wait`
  const inUse = stats.used + stats.opening
  return [{ subject: key, message: `${inUse} of ${stats.max} connections to "${key}" are in use${waiting}.`, value }]
}
