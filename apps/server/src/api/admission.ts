/**
 * How many requests are answered at the same time. Who comes when all places are taken waits, and who comes when the
 * queue is full is told at once to come back, which costs neither side anything.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Duration, Effect, Schema, Scope, Semaphore } from "effect"

/** More requests than the server takes. None of it has been done. */
export class ApiBusy extends defineError<ApiBusy>()("ApiBusy", {
  code: "API_BUSY",
  status: statuses.overloaded,
  retryable: true,
  fields: { maxConcurrent: Schema.Int, maxQueued: Schema.Int },
  message: ({ maxConcurrent, maxQueued }) =>
    `The server is busy: ${maxConcurrent} requests are being answered and ${maxQueued} wait.`,
  hint: () => "Try again in a moment, or raise server.maxConcurrentRequests."
}) {}

/** Limits of admission. */
export interface AdmissionOptions {
  readonly maxConcurrentRequests: number
  readonly maxQueuedRequests: number
}

/** How long a request waits for its turn before it is refused after all. */
const patience = "5 minutes"

/**
 * Makes the gate. A place belongs to the scope of the request: an answer that is streamed holds it to its end.
 */
export const makeAdmission = ({ maxConcurrentRequests, maxQueuedRequests }: AdmissionOptions) => {
  const places = Semaphore.makeUnsafe(maxConcurrentRequests)
  let waiting = 0
  const busy = Effect.suspend(() =>
    Effect.fail(
      new ApiBusy({
        maxConcurrent: maxConcurrentRequests,
        maxQueued: maxQueuedRequests,
        retryAfter: Duration.seconds(1)
      })
    )
  )
  const queued = Effect.suspend(() => {
    if (waiting >= maxQueuedRequests) return busy
    waiting++
    return places
      .takeScoped(1)
      .pipe(
        Effect.timeoutOrElse({ duration: patience, orElse: () => busy }),
        Effect.ensuring(Effect.sync(() => waiting--))
      )
  })
  // Of the scope itself: `Effect.addFinalizer` would bring the whole context back for this.
  const leaving = (scope: Scope.Scope) => Scope.addFinalizer(scope, places.release(1))
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      // Overtaking those who wait would let a busy client starve them.
      Effect.suspend(() => (waiting === 0 ? places.takeIfAvailable(1) : Effect.succeed(false))),
      (isFree) => (isFree ? Effect.flatMap(Effect.scope, leaving) : restore(queued))
    )
  )
}
