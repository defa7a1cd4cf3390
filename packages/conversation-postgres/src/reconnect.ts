/** Trying again after a connection was lost. Only for what is safe to do twice. */
import { DatabaseUnreachable, type StoreError } from "@signalbox/conversation"
import { retry, retryPolicy, type RetryPolicy } from "@signalbox/resilience"
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

/** One that was never there is more likely named wrongly. */
const firstPolicy = { ...policy, attempts: 3 }

const retrying =
  (given: RetryPolicy) =>
  <A, R>(effect: Effect.Effect<A, StoreError, R>): Effect.Effect<A, StoreError, R> =>
    Effect.catchTag(retry(given)(effect), "RetryExhausted", ({ cause }) =>
      Effect.fail(
        cause instanceof DatabaseUnreachable ? cause : new DatabaseUnreachable({ place: "", reason: "it is not there" })
      )
    )

/** Tries again for some seconds, then fails with what the last attempt failed with. */
export const reconnecting = retrying(policy)

/** The same for a database that was not reached yet, and for a moment only. */
export const connectingFirst = retrying(firstPolicy)
