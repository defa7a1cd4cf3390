/**
 * For whom, within what, and until when a tool is called. Passed explicitly with every call, so that a
 * connection can never be used, or a question be asked, on behalf of the wrong person.
 */
import type { DateTime } from "effect"
import { Interaction } from "./Interaction.ts"

/**
 * For whom and for how long a tool is called. Passed explicitly with every call; `localCall` makes one for a
 * person's own machine.
 */
export interface CallContext {
  /** Whose call it is: credentials and sessions are kept apart by this. `local` on a person's own machine. */
  readonly principal: string
  /** Stateful servers keep one session for each conversation. */
  readonly conversationId: string
  /** The id of the `tool_use` block that this call answers. */
  readonly toolCallId: string
  readonly correlationId: string | undefined
  /** The moment at which the caller stops waiting. */
  readonly deadline: DateTime.Utc | undefined
  readonly interaction: Interaction
}

/** A context for a single call by the person at this machine. */
export const localCall = (context: Partial<CallContext> = {}): CallContext => ({
  principal: "local",
  conversationId: "local",
  toolCallId: "call",
  correlationId: undefined,
  deadline: undefined,
  interaction: Interaction.decline,
  ...context
})
