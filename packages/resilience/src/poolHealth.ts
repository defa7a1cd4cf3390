/**
 * How the checks of idle connections add up to the health of a pool. One failure is worth a mention,
 * several in a row are an outage, and one good answer does not end it.
 */
import { Duration, Schema } from "effect"
import { isWhole, type Problems } from "./settings.ts"

/** How often idle connections are checked, and what follows. */
export interface HealthSettings {
  readonly every: Duration.Input
  /** How long a check may take. */
  readonly timeout: Duration.Input
  /** This many failed rounds in a row make the pool unhealthy; one makes it degraded. */
  readonly failureThreshold: number
  /** This many good rounds in a row make it healthy again. */
  readonly successThreshold: number
}

/** The health of a pool; `unknown` until its first check. */
export const HealthStatus = Schema.Literals(["unknown", "healthy", "degraded", "unhealthy"])
export type HealthStatus = typeof HealthStatus.Type

/** The health of a pool, and how many rounds in a row ended alike. */
export const PoolHealth = Schema.Struct({
  status: HealthStatus,
  failures: Schema.Int,
  successes: Schema.Int,
  /** Why the last failed round failed; null after a good one. */
  reason: Schema.NullOr(Schema.String)
})
export type PoolHealth = typeof PoolHealth.Type

export const unknownHealth: PoolHealth = { status: "unknown", failures: 0, successes: 0, reason: null }

/** The health after one more round: `reason` says why it failed, null that it did not. */
export const nextHealth = (health: PoolHealth, reason: string | null, settings: HealthSettings): PoolHealth => {
  if (reason === null) {
    const successes = health.successes + 1
    const wasWell = health.status === "unknown" || health.status === "healthy"
    const status = wasWell || successes >= settings.successThreshold ? "healthy" : "degraded"
    return { status, failures: 0, successes, reason }
  }
  const failures = health.failures + 1
  const isOut = health.status === "unhealthy" || failures >= settings.failureThreshold
  return { status: isOut ? "unhealthy" : "degraded", failures, successes: 0, reason }
}

export const healthProblems = (health: HealthSettings): Problems => ({
  "health.every must be longer than nothing": !(Duration.toMillis(health.every) > 0),
  "health.timeout must be longer than nothing": !(Duration.toMillis(health.timeout) > 0),
  "health.failureThreshold must be a whole number of 1 or more": !isWhole(1, health.failureThreshold),
  "health.successThreshold must be a whole number of 1 or more": !isWhole(1, health.successThreshold)
})
