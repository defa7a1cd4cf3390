/**
 * Pools of live connections by key. What is pooled is the open, initialized session itself: it is returned open,
 * and closed when it idles too long, grows too old, or fails in a way that its owner calls fatal.
 * A connection being opened or closed holds up nobody who could be served by another one.
 */
import { Clock, Duration, Effect, Exit, Pool, RcMap, Scope, Semaphore } from "effect"
import { makeOpener } from "./connectionOpener.ts"
import type { ConnectionPoolOptions, PoolError } from "./ConnectionPoolOptions.ts"
import { PoolNotRegistered } from "./errors.ts"
import { holding } from "./holding.ts"
import { checkForEver } from "./poolChecks.ts"
import { poolEviction } from "./poolEviction.ts"
import { unknownHealth } from "./poolHealth.ts"
import { makeLending, waitFor } from "./poolLending.ts"
import { makeMember } from "./poolMember.ts"
import { type KeyPool, type PoolStats, type Session, sessionsOf, statsOf } from "./poolSession.ts"
import { type PoolSettings, requirePoolSettings } from "./PoolSettings.ts"
import { runAll } from "./runAll.ts"

/** Pools of connections by key. */
export interface ConnectionPool<Connection, E> {
  /**
   * Lends a connection to `use` and takes it back, still open, when that ends, however it ends.
   * Fails with `PoolNotRegistered`, with `PoolExhausted` when none became free in time, with `PoolConnectTimeout` when
   * there was none and none was opened in time, or with the error of opening one.
   * Waiting borrowers are served in the order in which they came.
   */
  readonly withConnection: <A, E2, R>(
    key: string,
    use: (connection: Connection) => Effect.Effect<A, E2, R>
  ) => Effect.Effect<A, E | E2 | PoolError, R>
  /** Makes a key known and starts to open its `min` connections. Registering it again applies changed settings: calls under way finish on their old connections. */
  readonly register: (key: string) => Effect.Effect<void>
  /**
   * Registers many keys and opens a connection to each, all at the same time, so that first calls find one open.
   * Says how each went, in the order of the keys; one that fails stays registered and holds up no other.
   */
  readonly openAll: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Exit.Exit<void, E | PoolError>>>
  /** Forgets a key and closes its connections, each as soon as nobody uses it. */
  readonly unregister: (key: string) => Effect.Effect<void>
  /** The registered keys, in the order of registration. */
  readonly keys: Effect.Effect<ReadonlyArray<string>>
  readonly stats: (key: string) => Effect.Effect<PoolStats, PoolNotRegistered>
  /** Withdraws one connection, or all of a key: idle ones are closed now, others when they are returned. */
  readonly invalidate: (key: string, connection?: Connection) => Effect.Effect<void, PoolNotRegistered>
}

interface Registration<Connection, E> {
  readonly keyPool: KeyPool<Connection, E>
  readonly scope: Scope.Closeable
}

/**
 * Makes pools that live as long as the surrounding scope. Closing it closes every connection, all at the same
 * time, after the last borrower has returned his or `drainTimeout` is over; closing it twice does nothing.
 */
const make = Effect.fn("ConnectionPool.make")(function* <Connection, E, R>(
  options: ConnectionPoolOptions<Connection, E, R>
): Effect.fn.Return<ConnectionPool<Connection, E>, never, R | Scope.Scope> {
  const clock = yield* Clock.Clock
  const owner = yield* Effect.context<R>()
  const { cap } = options
  const registrations = new Map<string, Registration<Connection, E>>()
  const settings = new Map<string, PoolSettings>()
  const permits = new Map<string, Semaphore.Semaphore>()
  const opener = makeOpener(options, owner, clock)
  const { borrow, isValid, openOne, settleCap, withdraw } = makeLending(options, opener, clock)

  // Runs last: whoever closes the pool may rely on every connection being gone.
  yield* Effect.addFinalizer(() => opener.closeAll(options.drainTimeout))

  const permitsOf = (key: string, max: number): Effect.Effect<Semaphore.Semaphore> => {
    const known = permits.get(key)
    if (known !== undefined) return Effect.as(known.resize(max), known)
    const made = Semaphore.makeUnsafe(max)
    permits.set(key, made)
    return Effect.succeed(made)
  }

  const pools = yield* RcMap.make({
    lookup: Effect.fnUntraced(function* (key: string): Effect.fn.Return<KeyPool<Connection, E>, never, Scope.Scope> {
      const current = settings.get(key) ?? options.settings(key)
      const counts = { opening: 0, opened: 0, borrowed: 0, invalidated: 0, fallbacks: 0, health: unknownHealth }
      const limit = yield* permitsOf(key, current.max)
      let made: KeyPool<Connection, E> | undefined
      const member = makeMember(current, () => made)
      const place = cap === undefined ? Effect.undefined : cap.take(member)
      if (cap !== undefined) yield* cap.join(member)
      const pool: Pool.Pool<Session<Connection>, E> = yield* Pool.makeWithStrategy({
        acquire: opener.open(key, limit.takeScoped(1), place, counts),
        min: current.min,
        max: current.max,
        concurrency: current.maxConcurrent,
        strategy: poolEviction<Session<Connection>, E>(
          clock,
          Duration.toMillis(current.idleTimeToLive),
          Duration.toMillis(current.maxAge ?? Duration.infinity),
          settleCap
        )
      })
      const validateAfterMillis = Duration.toMillis(current.validateAfterIdle ?? Duration.infinity)
      const keyPool = (made = { key, settings: current, validateAfterMillis, pool, counts, member })
      if (current.health !== undefined) {
        const checks = {
          isValid: isValid(key),
          withdraw: withdraw(keyPool),
          open: waitFor(keyPool),
          released: settleCap
        }
        yield* Effect.forkScoped(checkForEver(keyPool, current.health, checks))
      }
      return keyPool
    })
  })

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

  const register = (key: string): Effect.Effect<void> =>
    Effect.uninterruptible(
      Effect.gen(function* () {
        settings.set(key, requirePoolSettings(key, options.settings(key), options.validate !== undefined))
        const previous = registrations.get(key)
        const scope = Scope.makeUnsafe()
        yield* RcMap.invalidate(pools, key)
        const keyPool = yield* Scope.provide(RcMap.get(pools, key), scope)
        registrations.set(key, { keyPool, scope })
        if (previous !== undefined) yield* Scope.close(previous.scope, Exit.void)
      })
    )

  // Runs first: pools are closed side by side, where the map would close one after the other.
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => Effect.forEach([...registrations.keys()], unregister, { concurrency: "unbounded" }))
  )

  return {
    withConnection: (key, use) => holding(lookUp(key), (keyPool) => borrow(keyPool, use)),
    register,
    openAll: (keys) =>
      runAll(
        keys.map((key) => Effect.andThen(register(key), holding(lookUp(key), openOne))),
        { concurrency: 0, names: keys.map((key) => `ConnectionPool.open ${key}`) }
      ),
    unregister: (key) => Effect.uninterruptible(unregister(key)),
    keys: Effect.sync(() => [...registrations.keys()]),
    stats: (key) => Effect.flatMap(find(key), ({ keyPool }) => statsOf(keyPool, clock.currentTimeMillisUnsafe())),
    invalidate: (key, connection) =>
      Effect.flatMap(find(key), ({ keyPool }) =>
        Effect.forEach(
          sessionsOf(keyPool),
          ({ session }) =>
            connection === undefined || session.connection === connection ? withdraw(keyPool)(session) : Effect.void,
          { discard: true }
        )
      )
  }
})

/** Makes a `ConnectionPool`. */
export const ConnectionPool = { make } as const
