/**
 * The limits of one pool. All that bound something are required: what a connection costs is known only to its owner.
 */
import { Duration } from "effect"
import { healthProblems, type HealthSettings } from "./poolHealth.ts"
import { isWhole, type Problems, requireSettings } from "./settings.ts"

/** The limits of the pool of one key. */
export interface PoolSettings {
  /** Connections that are opened at registration and kept while idle. */
  readonly min: number
  /** Connections that exist at most, those being opened or closed included. */
  readonly max: number
  /** How many borrowers may share one connection. 1 unless the protocol multiplexes. */
  readonly maxConcurrent: number
  /** How long a borrower waits for a connection, opening one included. */
  readonly acquireTimeout: Duration.Input
  /** How long a connection above `min` may be idle before it is closed. */
  readonly idleTimeToLive: Duration.Input
  /** Age after which a connection is replaced, once nobody uses it. Default: never. */
  readonly maxAge?: Duration.Input
  /** A connection idle for longer is checked with `validate` before it is lent. Default: never. */
  readonly validateAfterIdle?: Duration.Input
  /** How long a check before or after lending may take; one that takes longer has failed. Default: 1 second. */
  readonly validateTimeout?: Duration.Input
  /** Whether a connection is also checked when it is returned, which its borrower waits for. Default: no. */
  readonly validatesOnReturn?: boolean
  /** Checks idle connections in the background. Default: none. */
  readonly health?: HealthSettings
  /** Under a shared cap, borrowers of a higher priority are served first. Default: 0. */
  readonly priority?: number
  /** Whether a borrower who waited in vain gets a connection of his own, closed after use. Default: `none`. */
  readonly fallback?: "none" | "direct"
}

/** Everything that cannot be meant about the settings, in words. */
export const poolProblems = (settings: PoolSettings, canValidate: boolean): Problems => ({
  "min must be a whole number of 0 or more": !isWhole(0, settings.min),
  "max must be a whole number of 1 or more": !isWhole(1, settings.max),
  "max must not be below min": settings.max < settings.min,
  "maxConcurrent must be a whole number of 1 or more": !isWhole(1, settings.maxConcurrent),
  "acquireTimeout must be longer than nothing": !isLong(settings.acquireTimeout),
  "idleTimeToLive must be longer than nothing": !isLong(settings.idleTimeToLive),
  "maxAge must be longer than nothing": settings.maxAge !== undefined && !isLong(settings.maxAge),
  "validateTimeout must be longer than nothing":
    settings.validateTimeout !== undefined && !isLong(settings.validateTimeout),
  "priority must be a number": Number.isNaN(settings.priority ?? 0),
  "validateAfterIdle, validatesOnReturn and health need a validate function": !canValidate && isChecked(settings),
  ...(settings.health === undefined ? {} : healthProblems(settings.health))
})

/** The same settings; throws `SettingsInvalid` when they contradict themselves. */
export const requirePoolSettings = (key: string, settings: PoolSettings, canValidate: boolean): PoolSettings => {
  requireSettings(`the connection pool of "${key}"`, poolProblems(settings, canValidate))
  return settings
}

const isLong = (duration: Duration.Input): boolean => Duration.toMillis(duration) > 0

const isChecked = ({ health, validateAfterIdle, validatesOnReturn }: PoolSettings): boolean =>
  health !== undefined || validateAfterIdle !== undefined || validatesOnReturn === true
