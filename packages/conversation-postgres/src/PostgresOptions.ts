/** What a store in PostgreSQL has to be told. */
import type { Duration, Redacted } from "effect"

/** How conversations are kept in PostgreSQL. */
export interface PostgresOptions {
  /**
   * `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with what libpq takes after `?`: `sslmode=require`, or
   * `options=-c search_path=…` for another schema than the user's first.
   */
  readonly url: Redacted.Redacted
  /** How many connections there may be at once, from 1; one more stands behind all turns that run. */
  readonly maxConnections: number
  /** Refuses a conversation with records that cannot be read, instead of leaving them out. */
  readonly strict: boolean
  /** How long one statement may take before it counts as lost; 30 seconds where it is absent. */
  readonly timeout?: Duration.Input
}
