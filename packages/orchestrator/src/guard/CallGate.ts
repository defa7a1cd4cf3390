/**
 * The circuit of one server as its calls see it: asked before a call waits for its turn, and around every attempt.
 * It is made once for each server, because it stands on the hot path.
 */
import type { CircuitBreaker, CircuitOpen } from "@signalbox/resilience"
import { DateTime, type Effect, Exit } from "effect"
import { ServerCircuitOpen } from "../errors.ts"
import type { ServerCircuit } from "../ServerInfo.ts"

export interface CallGate {
  /** Whether every call is let through, so that nobody has to ask. */
  readonly isClosed: () => boolean
  /** Fails when a call would be refused now. */
  readonly check: Effect.Effect<void, CircuitOpen>
  /** Makes an attempt unless it is refused; `counts` says whether its failure speaks against the server. */
  readonly protect: <A, E>(
    attempt: Effect.Effect<A, E>,
    counts: (error: unknown) => boolean
  ) => Effect.Effect<A, E | CircuitOpen>
  /** Counts that no connection could be made for a call. */
  readonly failed: (error: unknown) => Effect.Effect<void>
  /** The refusal in words about the server and the tool. */
  readonly refusal: (toolName: string, cause: CircuitOpen) => ServerCircuitOpen
  /** How many lost answers have counted. Calls that were sent before the last of them were lost with it. */
  losses: number
}

/** The gate of one server. */
export const makeCallGate = (
  serverName: string,
  breaker: CircuitBreaker["Service"],
  isClosed: () => boolean,
  look: () => ServerCircuit
): CallGate => ({
  isClosed,
  check: breaker.check(serverName),
  protect: (attempt, counts) => breaker.protect(serverName, attempt, counts),
  failed: (error) => breaker.observe(serverName, Exit.fail(error)),
  refusal: (toolName, cause) => {
    const { openUntil, reason } = look()
    const { retryAfter } = cause
    return new ServerCircuitOpen({
      serverName,
      toolName,
      reason: reason ?? "calls find out whether it works again",
      openUntil: openUntil === undefined ? undefined : DateTime.formatIso(openUntil),
      cause,
      retryable: openUntil !== undefined || retryAfter !== undefined,
      ...(retryAfter === undefined ? {} : { retryAfter })
    })
  },
  losses: 0
})
