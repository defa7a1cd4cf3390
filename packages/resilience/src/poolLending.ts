/**
 * Lending connections: who comes gets a free one at once, or waits in line; what he gets is checked first where that
 * is asked for, and what he returns is kept, withdrawn, or closed to make room elsewhere.
 */
import { type Cause, type Clock, Duration, Effect, Exit, Metric, Pool } from "effect"
import type { CapPlace } from "./ConnectionCap.ts"
import type { Opener } from "./connectionOpener.ts"
import type { ConnectionPoolOptions, PoolError } from "./ConnectionPoolOptions.ts"
import { PoolConnectTimeout, PoolExhausted } from "./errors.ts"
import { holding } from "./holding.ts"
import { makeRoom } from "./poolMember.ts"
import { observe } from "./poolChecks.ts"
import { isFree, type KeyPool, type Session, sessionsOf } from "./poolSession.ts"

/** What can be done with the connections of one key. */
export const makeLending = <Connection, E, R>(
  options: ConnectionPoolOptions<Connection, E, R>,
  { open }: Opener<Connection, E>,
  clock: Clock.Clock
) => {
  const { cap } = options
  // What becomes idle here may be what others, of another pool, wait for.
  const settleCap = cap === undefined ? Effect.void : cap.settle

  const isValid = (key: string) => (session: Session<Connection>, timeout: Duration.Input) => {
    const { validate } = options
    if (validate === undefined) return Effect.succeed(true)
    const check = Effect.timeout(Effect.interruptible(validate(session.connection, key)), timeout)
    return Effect.map(Effect.exit(check), (exit) => Exit.isSuccess(exit) && exit.value)
  }

  const withdraw =
    (keyPool: KeyPool<Connection, E>) =>
    (session: Session<Connection>): Effect.Effect<void> => {
      keyPool.counts.invalidated++
      return Effect.andThen(count(invalidatedCounter, keyPool.key), Pool.invalidate(keyPool.pool, session))
    }

  const settle = (
    keyPool: KeyPool<Connection, E>,
    session: Session<Connection>,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> => {
    session.usedAt = clock.currentTimeMillisUnsafe()
    if (Exit.isFailure(exit) && hasFailure(exit.cause, (error) => options.invalidates(error, keyPool.key))) {
      return withdraw(keyPool)(session)
    }
    if (session.place !== undefined && cap?.claims(keyPool.member) === true) return makeRoom(keyPool, session)
    if (keyPool.settings.validatesOnReturn !== true) return Effect.void
    return Effect.flatMap(isValid(keyPool.key)(session, validateTimeout(keyPool)), (valid) =>
      valid ? Effect.void : withdraw(keyPool)(session)
    )
  }

  const run = <A, E2, R2>(
    keyPool: KeyPool<Connection, E>,
    session: Session<Connection>,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>
  ): Effect.Effect<A, E2, R2> => {
    keyPool.counts.borrowed++
    session.uses++
    return Effect.onExit(use(session.connection), (exit) => settle(keyPool, session, exit))
  }

  const check = <A, E2, R2>(
    keyPool: KeyPool<Connection, E>,
    session: Session<Connection>,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>,
    attempt: number
  ): Effect.Effect<A | typeof stale, E2, R2> => {
    const now = clock.currentTimeMillisUnsafe()
    const isFresh = now - Math.max(session.usedAt, session.checkedAt) < keyPool.validateAfterMillis
    // After so many stale ones everything that had been idle is gone: what fails now is for the borrower to see.
    if (isFresh || attempt > keyPool.settings.max) return run(keyPool, session, use)
    session.checkedAt = now
    return Effect.flatMap(
      isValid(keyPool.key)(session, validateTimeout(keyPool)),
      (valid): Effect.Effect<A | typeof stale, E2, R2> =>
        valid ? run(keyPool, session, use) : Effect.as(withdraw(keyPool)(session), stale)
    )
  }

  /** A connection of the borrower's own, where that is allowed, once he has waited in vain. */
  const fallBack = (keyPool: KeyPool<Connection, E>, exhausted: PoolExhausted) => {
    if (keyPool.settings.fallback !== "direct") return Effect.fail(exhausted)
    const place =
      cap === undefined
        ? Effect.undefined
        : Effect.filterOrFail(
            cap.takeIfFree(keyPool.member),
            (place): place is CapPlace => place !== undefined,
            () => exhausted
          )
    return Effect.tap(open(keyPool.key, Effect.void, place, keyPool.counts), () => {
      keyPool.counts.fallbacks++
      return count(fallbackCounter, keyPool.key)
    })
  }

  const waitInLine = (keyPool: KeyPool<Connection, E>) => {
    const { waiters } = keyPool.member
    if (cap === undefined) return waitFor(keyPool)
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const ticket = cap.nextTicket()
        waiters.add(ticket)
        return ticket
      }),
      () => Effect.andThen(cap.settle, waitFor(keyPool)),
      (ticket) => Effect.sync(() => waiters.delete(ticket))
    )
  }

  const waitOrFallBack = (keyPool: KeyPool<Connection, E>) =>
    Effect.catchIf(waitInLine(keyPool), isExhausted, (error) => fallBack(keyPool, error))

  const borrow = <A, E2, R2>(
    keyPool: KeyPool<Connection, E>,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>,
    attempt: number
  ): Effect.Effect<A, E | E2 | PoolExhausted | PoolConnectTimeout, R2> => {
    const lend = (session: Session<Connection>) => check(keyPool, session, use, attempt)
    const lent = isFree(keyPool.pool) ? Pool.use(keyPool.pool, lend) : holding(waitOrFallBack(keyPool), lend)
    const returned = cap === undefined ? lent : Effect.ensuring(lent, settleCap)
    return Effect.filterOrElse(returned, isNotStale, () => borrow(keyPool, use, attempt + 1))
  }

  const openOne = (keyPool: KeyPool<Connection, E>): Effect.Effect<void, E | PoolError> =>
    holding(waitInLine(keyPool), () => Effect.void).pipe(
      Effect.ensuring(settleCap),
      Effect.onExit((exit) =>
        observe(keyPool, Exit.isSuccess(exit) ? null : "its first connection could not be opened")
      )
    )

  return {
    borrow: <A, E2, R2>(keyPool: KeyPool<Connection, E>, use: (connection: Connection) => Effect.Effect<A, E2, R2>) =>
      borrow(keyPool, use, 1),
    isValid,
    openOne,
    settleCap,
    withdraw
  }
}

const invalidatedCounter = Metric.counter("pool_invalidated_total", {
  description: "Connections that were withdrawn because they failed",
  incremental: true
})
const fallbackCounter = Metric.counter("pool_fallback_total", {
  description: "Connections that were opened past an exhausted pool",
  incremental: true
})

const count = (counter: Metric.Counter<number>, pool: string) =>
  Metric.update(Metric.withAttributes(counter, { pool }), 1)

/** Says that the connection did not pass its check and another one is to be tried. */
const stale = Symbol("@signalbox/resilience/stale")
const isNotStale = <A>(result: A | typeof stale): result is A => result !== stale

const isExhausted = (error: unknown): error is PoolExhausted => error instanceof PoolExhausted

const validateTimeout = <Connection, E>({ settings }: KeyPool<Connection, E>): Duration.Input =>
  settings.validateTimeout ?? "1 second"

/** A connection from the pool, within the time that a borrower may wait. */
export const waitFor = <Connection, E>(keyPool: KeyPool<Connection, E>) =>
  Effect.timeoutOrElse(Pool.get(keyPool.pool), {
    duration: keyPool.settings.acquireTimeout,
    orElse: () => Effect.fail(timedOut(keyPool))
  })

/** Waiting for one to be opened says something about the other side, waiting for one in use only about us. */
const timedOut = <Connection, E>(keyPool: KeyPool<Connection, E>): PoolConnectTimeout | PoolExhausted => {
  const { counts, key, settings } = keyPool
  const waited = Duration.fromInputUnsafe(settings.acquireTimeout)
  return counts.opening > 0 && sessionsOf(keyPool).length === 0
    ? new PoolConnectTimeout({ key, waited })
    : new PoolExhausted({ key, waited, max: settings.max })
}

const hasFailure = (cause: Cause.Cause<unknown>, predicate: (error: unknown) => boolean): boolean =>
  cause.reasons.some((reason) => reason._tag === "Fail" && predicate(reason.error))
