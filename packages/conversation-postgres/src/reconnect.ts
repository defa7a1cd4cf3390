/** Trying again after a connection was lost. Only for what is safe to do twice. */
import type { StoreError } from "@signalbox/conversation"
import { DatabaseUnreachable } from "@signalbox/conversation/store"
import { retry, retryPolicy } from "@signalbox/resilience"
import { Effect, Predicate } from "effect"

/** A database that is started again is there within a few seconds; who waits for an answer does not wait much longer. */
const policy = retryPolicy({
  attempts: 8,
  base: "50 millis",
  factor: 2,
  cap: "2 seconds",
  jitter: "equal",
  while: Predicate.isTagged("DatabaseUnreachable")
})

/** Tries again for some seconds, then fails with what the last attempt failed with. */
export const reconnecting = <A, R>(effect: Effect.Effect<A, StoreError, R>): Effect.Effect<A, StoreError, R> =>
  Effect.catchTag(retry(policy)(effect), "RetryExhausted", ({ cause }) =>
    Effect.fail(
      cause instanceof DatabaseUnreachable ? cause : new DatabaseUnreachable({ place: "", reason: "it is not there" })
    )
  )
