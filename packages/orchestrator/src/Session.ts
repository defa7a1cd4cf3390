/**
 * A connection as those see it who make calls on it: whether it is of use, and how to say that it is not.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { McpClient } from "@signalbox/mcp"
import type { Deferred, Effect } from "effect"

/** One connection, from being usable to being lost. */
export interface Session {
  readonly client: McpClient
  /** Whether a supervisor looks after it; others are opened for calls. */
  readonly isSupervised: boolean
  /** Completed by whoever learns first that the connection is of no use any more. */
  readonly lost: Deferred.Deferred<SignalboxError>
  /** Why it was lost; nothing while it is of use, or when it was ended on purpose. */
  reason: SignalboxError | undefined
  /** Says that it may hang, so that its health is looked at now. */
  readonly suspect: () => void
  /** Looks at its health once, now, and waits for what that shows. */
  readonly check: Effect.Effect<void>
}
