/**
 * The limits of one pool. All that bound something are required: what a connection costs is known only to its owner.
 */
import { Duration } from "effect"
import { isWhole, requireSettings } from "./settings.ts"

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
}

/** The same settings; throws `SettingsInvalid` when they contradict themselves. */
export const requirePoolSettings = (key: string, settings: PoolSettings): PoolSettings => {
  requireSettings(`the connection pool of "${key}"`, {
    "min must be a whole number of 0 or more": !isWhole(0, settings.min),
    "max must be a whole number of 1 or more": !isWhole(1, settings.max),
    "max must not be below min": settings.max < settings.min,
    "maxConcurrent must be a whole number of 1 or more": !isWhole(1, settings.maxConcurrent),
    "acquireTimeout must be longer than nothing": !(Duration.toMillis(settings.acquireTimeout) > 0),
    "idleTimeToLive must be longer than nothing": !(Duration.toMillis(settings.idleTimeToLive) > 0),
    "maxAge must be longer than nothing": settings.maxAge !== undefined && !(Duration.toMillis(settings.maxAge) > 0)
  })
  return settings
}
