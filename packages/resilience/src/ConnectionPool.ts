/**
 * Pools of live connections by key. What is pooled is the open, initialized session itself: it is returned open,
 * and closed when it idles too long, grows too old, or fails in a way that its owner calls fatal.
 * A connection being opened or closed holds up nobody who could be served by another one.
 */
import { type Cause, Clock, Context, Duration, Effect, Exit, Fiber, Pool, RcMap, Scope, Semaphore } from "effect"
import { PoolExhausted, PoolNotRegistered } from "./errors.ts"
import { poolEviction } from "./poolEviction.ts"
import { type PoolSettings, requirePoolSettings } from "./PoolSettings.ts"

/** What a pool is made from. */
export interface ConnectionPoolOptions<Connection, E, R> {
  /** Opens a connection; closing its scope closes it. Give it a time limit of its own. */
  readonly acquire: (key: string) => Effect.Effect<Connection, E, R | Scope.Scope>
  /** The limits of a key, read when it is registered. */
  readonly settings: (key: string) => PoolSettings
  /** Whether a failure of `use` means that the connection is not to be used again. Interruptions and defects never do. */
  readonly invalidates: (error: unknown, key: string) => boolean
  /** Whether an idle connection still works. One that does not is replaced without the borrower noticing. */
  readonly validate?: (connection: Connection, key: string) => Effect.Effect<boolean>
}

/** A look at the pool of one key. The last three count since the key was registered. */
export interface PoolStats {
  readonly idle: number
  readonly used: number
  readonly opening: number
  readonly waiting: number
  readonly min: number
  readonly max: number
  readonly opened: number
  readonly borrowed: number
  readonly invalidated: number
}

/** Pools of connections by key. */
export interface ConnectionPool<Connection, E> {
  /**
   * Lends a connection to `use` and takes it back, still open, when that ends, however it ends.
   * Fails with `PoolNotRegistered`, with `PoolExhausted` when none became free in time, or with the error of opening one.
   * Waiting borrowers are served in the order in which they came.
   */
  readonly withConnection: <A, E2, R>(
    key: string,
    use: (connection: Connection) => Effect.Effect<A, E2, R>
  ) => Effect.Effect<A, E | E2 | PoolNotRegistered | PoolExhausted, R>
  /** Makes a key known and starts to open its `min` connections. Registering it again applies changed settings: calls under way finish on their old connections. */
  readonly register: (key: string) => Effect.Effect<void>
  /** Forgets a key and closes its connections, each as soon as nobody uses it. */
  readonly unregister: (key: string) => Effect.Effect<void>
  /** The registered keys, in the order of registration. */
  readonly keys: Effect.Effect<ReadonlyArray<string>>
  readonly stats: (key: string) => Effect.Effect<PoolStats, PoolNotRegistered>
  /** Withdraws one connection, or all of a key: idle ones are closed now, others when they are returned. */
  readonly invalidate: (key: string, connection?: Connection) => Effect.Effect<void, PoolNotRegistered>
}

interface Session<Connection> {
  readonly connection: Connection
  readonly createdAt: number
  usedAt: number
}

interface KeyPool<Connection, E> {
  readonly key: string
  readonly settings: PoolSettings
  readonly validateAfterMillis: number
  readonly pool: Pool.Pool<Session<Connection>, E>
  readonly counts: { opening: number; opened: number; borrowed: number; invalidated: number }
}

interface Registration<Connection, E> {
  readonly keyPool: KeyPool<Connection, E>
  readonly scope: Scope.Closeable
}

/**
 * Makes pools that live as long as the surrounding scope. Closing it closes every connection, all at the same
 * time, after the last borrower has returned his; closing it twice does nothing.
 */
const make = Effect.fn("ConnectionPool.make")(function* <Connection, E, R>(
  options: ConnectionPoolOptions<Connection, E, R>
): Effect.fn.Return<ConnectionPool<Connection, E>, never, R | Scope.Scope> {
  const clock = yield* Clock.Clock
  const owner = yield* Effect.context<R>()
  const registrations = new Map<string, Registration<Connection, E>>()
  const settings = new Map<string, PoolSettings>()
  const permits = new Map<string, Semaphore.Semaphore>()
  const closing = new Set<Fiber.Fiber<void>>()

  // Runs last: whoever closes the pool may rely on every connection being gone.
  yield* Effect.addFinalizer(() => Effect.suspend(() => Fiber.awaitAll(closing)))

  const closeInBackground = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>) =>
    Effect.map(Effect.forkDetach(Scope.close(scope, exit), { startImmediately: true }), (fiber) => {
      closing.add(fiber)
      fiber.addObserver(() => closing.delete(fiber))
    })

  const permitsOf = (key: string, max: number): Effect.Effect<Semaphore.Semaphore> => {
    const known = permits.get(key)
    if (known !== undefined) return Effect.as(known.resize(max), known)
    const made = Semaphore.makeUnsafe(max)
    permits.set(key, made)
    return Effect.succeed(made)
  }

  const open = (key: string, permits: Semaphore.Semaphore, counts: KeyPool<Connection, E>["counts"]) =>
    Effect.gen(function* () {
      const scope = Scope.makeUnsafe()
      // A slow close must not hold up the borrower whose failure caused it; the permit is held until it is done.
      yield* Effect.addFinalizer((exit) => closeInBackground(scope, exit))
      yield* Scope.provide(permits.takeScoped(1), scope)
      counts.opening++
      const connection = yield* options.acquire(key).pipe(
        // Not the context of the borrower who happened to come first: his request must not mark later connections.
        Effect.updateContext<never, R | Scope.Scope>(() => Context.add(owner, Scope.Scope, scope)),
        Effect.ensuring(Effect.sync(() => counts.opening--))
      )
      counts.opened++
      const now = clock.currentTimeMillisUnsafe()
      return { connection, createdAt: now, usedAt: now } satisfies Session<Connection>
    })

  const pools = yield* RcMap.make({
    lookup: Effect.fnUntraced(function* (key: string): Effect.fn.Return<KeyPool<Connection, E>, never, Scope.Scope> {
      const current = settings.get(key) ?? options.settings(key)
      const counts = { opening: 0, opened: 0, borrowed: 0, invalidated: 0 }
      const limit = yield* permitsOf(key, current.max)
      const pool = yield* Pool.makeWithStrategy({
        acquire: open(key, limit, counts),
        min: current.min,
        max: current.max,
        concurrency: current.maxConcurrent,
        strategy: poolEviction<Session<Connection>, E>(
          clock,
          Duration.toMillis(current.idleTimeToLive),
          Duration.toMillis(current.maxAge ?? Duration.infinity)
        )
      })
      const validateAfter = options.validate === undefined ? Duration.infinity : current.validateAfterIdle
      return {
        key,
        settings: current,
        pool,
        counts,
        validateAfterMillis: Duration.toMillis(validateAfter ?? Duration.infinity)
      }
    })
  })

  const withdraw = (keyPool: KeyPool<Connection, E>, session: Session<Connection>): Effect.Effect<void> => {
    keyPool.counts.invalidated++
    return Pool.invalidate(keyPool.pool, session)
  }

  const settle = (keyPool: KeyPool<Connection, E>, session: Session<Connection>, exit: Exit.Exit<unknown, unknown>) => {
    session.usedAt = clock.currentTimeMillisUnsafe()
    return Exit.isFailure(exit) && hasFailure(exit.cause, (error) => options.invalidates(error, keyPool.key))
      ? withdraw(keyPool, session)
      : Effect.void
  }

  const run = <A, E2, R2>(
    keyPool: KeyPool<Connection, E>,
    session: Session<Connection>,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>
  ): Effect.Effect<A, E2, R2> => {
    keyPool.counts.borrowed++
    return Effect.onExit(use(session.connection), (exit) => settle(keyPool, session, exit))
  }

  const check = <A, E2, R2>(
    keyPool: KeyPool<Connection, E>,
    session: Session<Connection>,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>
  ): Effect.Effect<A | typeof stale, E2, R2> => {
    const { validate } = options
    const now = clock.currentTimeMillisUnsafe()
    if (validate === undefined || now - session.usedAt < keyPool.validateAfterMillis) return run(keyPool, session, use)
    session.usedAt = now
    return Effect.flatMap(validate(session.connection, keyPool.key), (valid): Effect.Effect<A | typeof stale, E2, R2> =>
      valid ? run(keyPool, session, use) : Effect.as(withdraw(keyPool, session), stale)
    )
  }

  const borrow = <A, E2, R2>(
    keyPool: KeyPool<Connection, E>,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>
  ): Effect.Effect<A, E | E2 | PoolExhausted, R2> => {
    const lent = isFree(keyPool.pool)
      ? Pool.use(keyPool.pool, (session) => check(keyPool, session, use))
      : holding(waitFor(keyPool), (session) => check(keyPool, session, use))
    return Effect.filterOrElse(lent, isNotStale, () => borrow(keyPool, use))
  }

  const lookUp = (key: string): Effect.Effect<KeyPool<Connection, E>, PoolNotRegistered, Scope.Scope> =>
    Effect.suspend(() => (registrations.has(key) ? RcMap.get(pools, key) : Effect.fail(new PoolNotRegistered({ key }))))

  const find = (key: string): Effect.Effect<Registration<Connection, E>, PoolNotRegistered> =>
    Effect.suspend(() => {
      const found = registrations.get(key)
      return found === undefined ? Effect.fail(new PoolNotRegistered({ key })) : Effect.succeed(found)
    })

  const unregister = (key: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const registration = registrations.get(key)
      if (registration === undefined) return Effect.void
      registrations.delete(key)
      return Effect.andThen(RcMap.invalidate(pools, key), Scope.close(registration.scope, Exit.void))
    })

  // Runs first: pools are closed side by side, where the map would close one after the other.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => Effect.forEach([...registrations.keys()], unregister, { concurrency: "unbounded" }))
  )

  return {
    withConnection: (key, use) => holding(lookUp(key), (keyPool) => borrow(keyPool, use)),
    register: (key) =>
      Effect.uninterruptible(
        Effect.gen(function* () {
          settings.set(key, requirePoolSettings(key, options.settings(key)))
          const previous = registrations.get(key)
          const scope = Scope.makeUnsafe()
          yield* RcMap.invalidate(pools, key)
          const keyPool = yield* Scope.provide(RcMap.get(pools, key), scope)
          registrations.set(key, { keyPool, scope })
          if (previous !== undefined) yield* Scope.close(previous.scope, Exit.void)
        })
      ),
    unregister: (key) => Effect.uninterruptible(unregister(key)),
    keys: Effect.sync(() => [...registrations.keys()]),
    stats: (key) =>
      Effect.flatMap(find(key), ({ keyPool }) =>
        Effect.map(Pool.stats(keyPool.pool), ({ idle, max, min, pending, used }) => ({
          idle,
          used,
          waiting: pending,
          min,
          max,
          ...keyPool.counts
        }))
      ),
    invalidate: (key, connection) =>
      Effect.flatMap(find(key), ({ keyPool }) =>
        Effect.forEach(
          [...keyPool.pool.state.items].flatMap(({ exit }) => (Exit.isSuccess(exit) ? [exit.value] : [])),
          (session) =>
            connection === undefined || session.connection === connection ? withdraw(keyPool, session) : Effect.void,
          { discard: true }
        )
      )
  }
})

/** Makes a `ConnectionPool`. */
export const ConnectionPool = { make } as const

/** Says that the connection did not pass its check and another one is to be tried. */
const stale = Symbol("@signalbox/resilience/stale")
const isNotStale = <A>(result: A | typeof stale): result is A => result !== stale

/** The condition under which `Pool.use` does not wait, so that the usual borrower needs no timer. */
const isFree = <A, E>({ state }: Pool.Pool<A, E>): boolean =>
  state.waiters.size === 0 && state.availableHead?.exit._tag === "Success"

/** Like `Effect.scoped`, but for the resource alone: the scope of the borrower stays his own. */
const holding = <A, E, B, E2, R2>(
  resource: Effect.Effect<A, E, Scope.Scope>,
  use: (resource: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R2> =>
  Effect.uninterruptibleMask((restore) => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(restore(Effect.flatMap(Scope.provide(resource, scope), use)), (exit) =>
      Scope.close(scope, exit)
    )
  })

const waitFor = <Connection, E>({ key, pool, settings }: KeyPool<Connection, E>) =>
  Effect.timeoutOrElse(Pool.get(pool), {
    duration: settings.acquireTimeout,
    orElse: () =>
      Effect.fail(
        new PoolExhausted({ key, waited: Duration.fromInputUnsafe(settings.acquireTimeout), max: settings.max })
      )
  })

const hasFailure = (cause: Cause.Cause<unknown>, predicate: (error: unknown) => boolean): boolean =>
  cause.reasons.some((reason) => reason._tag === "Fail" && predicate(reason.error))
