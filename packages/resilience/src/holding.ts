/**
 * Using a scoped resource for one effect, without lending its scope to that effect.
 */
import { Effect, Scope } from "effect"

/** Like `Effect.scoped`, but for the resource alone: the scope of whoever uses it stays his own. */
export const holding = <A, E, B, E2, R2>(
  resource: Effect.Effect<A, E, Scope.Scope>,
  use: (resource: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R2> =>
  Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(restore(Effect.flatMap(Scope.provide(resource, scope), use)), (exit) =>
      Scope.close(scope, exit)
    )
  })
