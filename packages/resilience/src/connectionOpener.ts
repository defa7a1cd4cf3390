/**
 * Opens and closes the connections of a pool, and knows all of them from before they are opened until they are
 * closed: a pool lends connections, this makes sure that they are gone in the end.
 */
import { type Clock, Context, Deferred, type Duration, Effect, Exit, Fiber, Scope } from "effect"
import type { CapPlace } from "./ConnectionCap.ts"
import type { ConnectionPoolOptions } from "./ConnectionPoolOptions.ts"
import type { PoolCounts, Session } from "./poolSession.ts"

export interface Opener<Connection, E> {
  /**
   * Opens a connection, once it is within the limit of its pool and has got its place, which one that is present needs
   * not; it is closed in the background when the scope of the effect closes.
   */
  readonly open: <E0>(
    key: string,
    limit: Effect.Effect<unknown, never, Scope.Scope>,
    place: Effect.Effect<CapPlace | undefined, E0, Scope.Scope>,
    counts: PoolCounts
  ) => Effect.Effect<Session<Connection>, E | E0, Scope.Scope>
  /** Waits until all are closed; those that are left after that time are closed, whoever still uses them. */
  readonly closeAll: (limit: Duration.Input | undefined) => Effect.Effect<void>
}

/** Opens connections in the given context: the request of the borrower who happened to come first must not mark them. */
export const makeOpener = <Connection, E, R>(
  { acquire, present = () => Effect.undefined }: Pick<ConnectionPoolOptions<Connection, E, R>, "acquire" | "present">,
  owner: Context.Context<R>,
  clock: Clock.Clock
): Opener<Connection, E> => {
  const scopes = new Set<Scope.Closeable>()
  const closing = new Set<Fiber.Fiber<void>>()
  const empty = Deferred.makeUnsafe<void>()
  let isEnding = false

  const settle = () => {
    if (isEnding && scopes.size === 0) Deferred.doneUnsafe(empty, Exit.void)
  }

  // A slow close must not hold up the borrower whose failure caused it; its place is held until it is done.
  const closeInBackground = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
    Effect.map(Effect.forkDetach(Scope.close(scope, exit), { startImmediately: true }), (fiber) => {
      closing.add(fiber)
      fiber.addObserver(() => {
        closing.delete(fiber)
        scopes.delete(scope)
        settle()
      })
    })

  const open: Opener<Connection, E>["open"] = (key, limit, place, counts) =>
    Effect.gen(function* () {
      const left: { place: CapPlace | undefined } = { place: undefined }
      const scope = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const made = Scope.makeUnsafe()
          scopes.add(made)
          return made
        }),
        (made, exit) => {
          left.place?.leave()
          return closeInBackground(made, exit)
        }
      )
      const inside = Effect.updateContext<never, R | Scope.Scope>(() => Context.add(owner, Scope.Scope, scope))
      yield* Scope.provide(limit, scope)
      const opened = Effect.gen(function* () {
        left.place = yield* Scope.provide(place, scope)
        return yield* Effect.acquireUseRelease(
          Effect.sync(() => counts.opening++),
          () => inside(acquire(key)),
          () => Effect.sync(() => counts.opening--)
        )
      })
      const connection = (yield* inside(present(key))) ?? (yield* opened)
      counts.opened++
      const now = clock.currentTimeMillisUnsafe()
      const times = { createdAt: now, usedAt: now, checkedAt: now }
      return { connection, place: left.place, ...times, uses: 0, isBeingChecked: false }
    })

  return {
    open,
    closeAll: (limit) =>
      Effect.gen(function* () {
        isEnding = true
        settle()
        if (limit === undefined) return yield* Deferred.await(empty)
        const ended = yield* Effect.timeoutOption(Effect.interruptible(Deferred.await(empty)), limit)
        if (ended._tag === "Some") return
        yield* Effect.forEach([...scopes], (scope) => closeInBackground(scope, Exit.void))
        yield* Fiber.awaitAll(closing)
      })
  }
}
