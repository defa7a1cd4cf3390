/**
 * Reports from callbacks, where no Effect runs: the first one is logged, the rest are silent, because a
 * server that does something odd does it all the time.
 */
import { Deferred, Effect, type Scope } from "effect"

/** A callback whose first text is logged as a warning while the scope is open. */
export const logOnce = (
  describe: (text: string) => string
): Effect.Effect<(text: string) => void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const first = yield* Deferred.make<string>()
    yield* Deferred.await(first).pipe(
      Effect.flatMap((text) => Effect.logWarning(describe(text))),
      Effect.forkScoped
    )
    return (text) => void Deferred.doneUnsafe(first, Effect.succeed(text))
  })
