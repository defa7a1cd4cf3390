/**
 * Guards run effects, and a stream is none: this gives a stream the place of an effect that lasts as long as it does.
 */
import { type Cause, Deferred, Effect, Exit, Fiber, type Scope, Stream } from "effect"

/** Something that runs an effect when it may run, and watches how it ends. */
export type GuardEffect<E, E2> = (effect: Effect.Effect<void, E>) => Effect.Effect<void, E | E2>

/**
 * Runs a stream within a guard. The guard sees an effect that succeeds when the stream has ended, fails when that
 * fails, and is interrupted when its reader goes away. What the guard fails with before that is the stream's failure.
 */
export const holdPlace =
  <E, E2>(guard: GuardEffect<E, E2>) =>
  <A, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E | E2, R> =>
    Stream.unwrap(
      Effect.map(enter(guard), (leave) => {
        let hasEnded = false
        return stream.pipe(
          Stream.onEnd(Effect.sync(() => void (hasEnded = true))),
          // Where the reader has enough, the stream is left with success, too.
          Stream.onExit((exit) => leave(Exit.isSuccess(exit) && !hasEnded ? Exit.interrupt() : exit))
        )
      })
    )

type Leave<E> = (exit: Exit.Exit<unknown, E>) => Effect.Effect<void>

const enter = Effect.fnUntraced(function* <E, E2>(
  guard: GuardEffect<E, E2>
): Effect.fn.Return<Leave<E>, E | E2, Scope.Scope> {
  const admitted = yield* Deferred.make<void, E | E2>()
  const outcome = yield* Deferred.make<void, E>()
  const guarded = guard(Effect.andThen(Deferred.succeed(admitted, undefined), Deferred.await(outcome)))
  // Interrupted with the scope. After the stream has begun its reader knows the failure already, and this is in vain.
  const fiber = yield* Effect.forkScoped(
    Effect.catchCause(guarded, (cause: Cause.Cause<E | E2>) => Effect.asVoid(Deferred.failCause(admitted, cause))),
    { startImmediately: true }
  )
  yield* Deferred.await(admitted)
  return (exit) => Effect.andThen(Deferred.done(outcome, Exit.asVoid(exit)), Effect.asVoid(Fiber.await(fiber)))
})
