/**
 * The line that no second attempt may cross: whether a stream has begun.
 */
import { Effect, Exit, Pull, Result, Scope, Stream } from "effect"

/** Waits for the first elements of a stream and answers with the whole of it. What an attempt opened is closed when it fails. */
export const begun = <A, E>(stream: Stream.Stream<A, E>): Effect.Effect<Stream.Stream<A, E>, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.fork(yield* Effect.scope)
      const pull = yield* Scope.provide(Stream.toPull(stream), scope)
      const first = yield* Effect.exit(restore(pull))
      const failed = Exit.isFailure(first) ? Pull.filterNoDone(first.cause) : undefined
      if (failed !== undefined && Result.isSuccess(failed)) {
        yield* Scope.close(scope, first)
        return yield* Effect.failCause(failed.success)
      }
      let next: typeof pull = first
      const rest = Effect.suspend(() => {
        const now = next
        next = pull
        return now
      })
      return Stream.fromPull(Effect.succeed(rest))
    })
  )
