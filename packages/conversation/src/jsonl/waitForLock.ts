/** Waiting for the lock of a file in several attempts, so that a burst of writers spreads. */
import { retry, retryPresets, retryWhile } from "@signalbox/resilience"
import { Duration, Effect, Predicate, type Scope } from "effect"
import { LockTimeout, type HistoryUnavailable } from "../events/errors.ts"
import type { FileLock } from "./FileLock.ts"

const policy = retryWhile(Predicate.isTagged("LockTimeout"))(retryPresets.write)

/** Holds the lock until the scope is closed. The attempts share the time. */
export const waitForLock = (
  lock: FileLock["Service"],
  path: string,
  timeout: Duration.Duration
): Effect.Effect<void, LockTimeout | HistoryUnavailable, Scope.Scope> =>
  retry(policy)(lock.acquire(path, Duration.divideUnsafe(timeout, policy.attempts))).pipe(
    Effect.catchTag("RetryExhausted", (error) =>
      Effect.fail(error.cause instanceof LockTimeout ? error.cause : new LockTimeout({ file: path }))
    )
  )
