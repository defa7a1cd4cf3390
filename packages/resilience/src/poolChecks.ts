/**
 * Checks of idle connections in the background. A connection is held back while it is checked, so that nobody gets
 * one that is about to be found dead; where borrowers share connections, the check is just one more of them.
 */
import { Clock, type Duration, Effect, Exit, Pool, Scope } from "effect"
import { type HealthSettings, nextHealth } from "./poolHealth.ts"
import { idleSessions, isFree, type KeyPool, type Session, sessionsOf } from "./poolSession.ts"

/** What the checks ask of the pool. */
export interface PoolChecks<Connection> {
  readonly isValid: (session: Session<Connection>, timeout: Duration.Input) => Effect.Effect<boolean>
  readonly withdraw: (session: Session<Connection>) => Effect.Effect<void>
  /** Opens a connection, or waits for one that is being opened. */
  readonly open: Effect.Effect<unknown, unknown, Scope.Scope>
  /** Runs after each round, when all that was held back is free again. */
  readonly released: Effect.Effect<void>
}

/** Checks at each interval, for ever. */
export const checkForEver = <Connection, E>(
  keyPool: KeyPool<Connection, E>,
  health: HealthSettings,
  checks: PoolChecks<Connection>
): Effect.Effect<never> =>
  Effect.sleep(health.every).pipe(
    Effect.andThen(Effect.scoped(round(keyPool, health, checks))),
    Effect.andThen(checks.released),
    Effect.forever
  )

/** Adds one round to the health of a pool; `reason` says why it failed, null that it did not. */
export const observe = <Connection, E>(
  { counts, key, settings }: KeyPool<Connection, E>,
  reason: string | null
): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (settings.health === undefined) return Effect.void
    const before = counts.health.status
    counts.health = nextHealth(counts.health, reason, settings.health)
    const { status } = counts.health
    if (status === before) return Effect.void
    if (status === "unhealthy") return Effect.logWarning(`The connections to "${key}" are unhealthy: ${reason}.`)
    const isBack = status === "healthy" && before !== "unknown"
    return isBack ? Effect.logInfo(`The connections to "${key}" are healthy again.`) : Effect.void
  })

const round = <Connection, E>(
  keyPool: KeyPool<Connection, E>,
  health: HealthSettings,
  checks: PoolChecks<Connection>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const held = yield* hold(keyPool)
    if (held.length === 0) return yield* openMissing(keyPool, checks)
    const test = Effect.fnUntraced(function* ({ session, release }: Held<Connection>) {
      const isValid = yield* checks.isValid(session, health.timeout)
      session.checkedAt = yield* Clock.currentTimeMillis
      // One that was closed meanwhile, because it was idle for too long, has not failed.
      const isLate = !sessionsOf(keyPool).some((other) => other.session === session)
      if (!isValid && !isLate) yield* checks.withdraw(session)
      yield* release
      return isValid || isLate
    })
    const valid = yield* Effect.forEach(held, test, { concurrency: "unbounded" })
    const count = valid.filter((isValid) => !isValid).length
    yield* observe(keyPool, count === 0 ? null : `${count} of ${held.length} idle connections failed their check`)
  })

/** Where a connection should be and there is none, opening one is the check. */
const openMissing = <Connection, E>(keyPool: KeyPool<Connection, E>, checks: PoolChecks<Connection>) =>
  Effect.suspend(() => {
    const { counts, settings } = keyPool
    const isMissed = settings.min > 0 || counts.health.status === "degraded" || counts.health.status === "unhealthy"
    if (!isMissed || counts.opening > 0 || sessionsOf(keyPool).length > 0) return Effect.void
    return Effect.flatMap(Effect.exit(Effect.scoped(checks.open)), (exit) =>
      observe(keyPool, Exit.isSuccess(exit) ? null : "no connection could be opened")
    )
  })

interface Held<Connection> {
  readonly session: Session<Connection>
  readonly release: Effect.Effect<void>
}

/** All idle connections, held back until each is released, or all when the scope closes. */
const hold = <Connection, E>(
  keyPool: KeyPool<Connection, E>
): Effect.Effect<ReadonlyArray<Held<Connection>>, never, Scope.Scope> => {
  if (keyPool.settings.maxConcurrent > 1) {
    return Effect.sync(() => idleSessions(keyPool).map((session) => ({ session, release: Effect.void })))
  }
  return Effect.gen(function* () {
    const round = yield* Effect.scope
    const held: Array<Held<Connection>> = []
    const count = idleSessions(keyPool).length
    while (held.length < count && isFree(keyPool.pool)) {
      const scope = yield* Scope.fork(round)
      // A free connection is handed out at once; a failure to open one is nothing to check.
      const session = yield* Effect.option(Scope.provide(Pool.get(keyPool.pool), scope))
      if (session._tag === "None") break
      const mark = Effect.acquireRelease(
        Effect.sync(() => (session.value.isBeingChecked = true)),
        () => Effect.sync(() => (session.value.isBeingChecked = false))
      )
      yield* Scope.provide(mark, scope)
      held.push({ session: session.value, release: Scope.close(scope, Exit.void) })
    }
    return held
  })
}
