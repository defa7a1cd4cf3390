/**
 * What the owner of a pool says about its connections, and what can go wrong with lending them.
 */
import type { Duration, Effect, Scope } from "effect"
import type { ConnectionCap } from "./ConnectionCap.ts"
import type { PoolConnectTimeout, PoolExhausted, PoolNotRegistered } from "./errors.ts"
import type { PoolSettings } from "./PoolSettings.ts"

/** What a pool is made from. */
export interface ConnectionPoolOptions<Connection, E, R> {
  /** Opens a connection; closing its scope closes it. Give it a time limit of its own. */
  readonly acquire: (key: string) => Effect.Effect<Connection, E, R | Scope.Scope>
  /**
   * A connection that is there already and has its place under the cap from elsewhere; looked for before one is opened.
   * It is lent like any other, and never closed to make room.
   */
  readonly present?: (key: string) => Effect.Effect<Connection | undefined, never, R | Scope.Scope>
  /** The limits of a key, read when it is registered. */
  readonly settings: (key: string) => PoolSettings
  /** Whether a failure of `use` means that the connection is not to be used again. Interruptions and defects never do. */
  readonly invalidates: (error: unknown, key: string) => boolean
  /** Whether an idle connection still works. One that does not is replaced without the borrower noticing. */
  readonly validate?: (connection: Connection, key: string) => Effect.Effect<boolean>
  /** One limit for all keys of this pool, and of every other pool that is given the same cap. */
  readonly cap?: ConnectionCap
  /** How long closing the pool waits for borrowers before it closes their connections under them. Default: for ever. */
  readonly drainTimeout?: Duration.Input
}

/** Why no connection was lent, beside the failure of opening one. */
export type PoolError = PoolNotRegistered | PoolExhausted | PoolConnectTimeout
