/**
 * Deadline, retry, bulkhead, circuit breaker and connection pool around a call, each in its one right place:
 *
 *     deadline → retry → circuit open? → bulkhead → breaker → pool → time limit → the call
 *
 * - The deadline is outside of everything: it is the caller's patience, whatever the time is spent on. When it ends a
 *   call, that says nothing about the other side, and does not count in the breaker.
 * - Retry comes next: a pause holds no place, no probe and no connection. Each attempt takes new ones, asks the circuit
 *   again, and counts in the breaker as a call of its own.
 * - An open circuit rejects before the queue, so that it costs neither a place nor a turn of the rate; and the breaker
 *   is inside the bulkhead, so that what was waiting when the circuit opened is not called either. What the bulkhead
 *   turns away is not counted.
 * - The breaker is outside the pool: failing to open a connection counts, exhaustion does not, and no fallback of the
 *   pool gets past an open circuit.
 * - The time limit is inside: waiting does not use it up, and pool and breaker see that the call took too long.
 */
import { Clock, DateTime, Duration, Effect, type Exit, type Scope } from "effect"
import { Bulkhead, type BulkheadError } from "./Bulkhead.ts"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import { circuitPresets } from "./circuitPresets.ts"
import type { CircuitStore } from "./CircuitStore.ts"
import type { ConnectionCap } from "./ConnectionCap.ts"
import { ConnectionPool } from "./ConnectionPool.ts"
import type { PoolError } from "./ConnectionPoolOptions.ts"
import { withDeadline, withTimeLimit } from "./deadline.ts"
import {
  type CircuitOpen,
  DeadlineExceeded,
  isRejection,
  PoolConnectTimeout,
  PoolNotRegistered,
  type RetryExhausted
} from "./errors.ts"
import { type GuardSettings, requireGuardSettings } from "./GuardSettings.ts"
import { isRetryable, retry, type RetryPolicy, retryPolicy } from "./retryPolicy.ts"

/** What a guard is made from. */
export interface GuardOptions<Connection, E, R> {
  /** Opens a connection; closing its scope closes it. */
  readonly connect: (key: string) => Effect.Effect<Connection, E, R | Scope.Scope>
  /** The settings of a key, read when it is registered. */
  readonly settings: (key: string) => GuardSettings
  /** Whether a failure of connecting or of a call speaks against the other side. Time limits of the guard always do. */
  readonly counts: (error: unknown, key: string) => boolean
  /** Whether a failure of a call means that its connection is not to be used again. */
  readonly invalidates: (error: unknown, key: string) => boolean
  /** Which failures are worth another attempt. Default: those with `retryable: true`. Rejections of the guard never are. */
  readonly retries?: (error: unknown, key: string) => boolean
  /** Whether an idle connection still works. */
  readonly validate?: (connection: Connection, key: string) => Effect.Effect<boolean>
  /** One limit for the connections of all keys. */
  readonly cap?: ConnectionCap
  /** How long closing the guard waits for calls under way. Default: for ever. */
  readonly drainTimeout?: Duration.Input
  /** Where circuits are kept. Default: in the memory of this process. */
  readonly store?: CircuitStore
}

/** What is known of one call. */
export interface GuardCall {
  /** Whether it does no harm to run it twice. Otherwise it is tried again only while it has not begun. Default: no. */
  readonly isRepeatable?: boolean
  /** When its caller stops waiting, where that is sooner than the `deadline` of the settings. */
  readonly deadline?: DateTime.DateTime
}

/** Why a call did not succeed, beside its own failures and those of connecting. */
export type GuardError = PoolError | BulkheadError | CircuitOpen | DeadlineExceeded | RetryExhausted

/** Guarded calls by key. */
export interface Guard<Connection, E> {
  /** Runs a call over a connection of the key, within the limits of its settings. */
  readonly run: <A, E2, R>(
    key: string,
    use: (connection: Connection) => Effect.Effect<A, E2, R>,
    call?: GuardCall
  ) => Effect.Effect<A, E | E2 | GuardError, R>
  /** Makes a key known. Registering it again applies changed settings; its circuit keeps its state. */
  readonly register: (key: string) => Effect.Effect<void>
  /** Registers keys and opens a connection to each, all at the same time; says how each went. */
  readonly openAll: (
    keys: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Exit.Exit<void, E | DeadlineExceeded | PoolError>>>
  /** Forgets a key, its circuit and its limits, and closes its connections as soon as nobody uses them. */
  readonly unregister: (key: string) => Effect.Effect<void>
  /** The parts, for their stats and for opening or resetting a circuit by hand. */
  readonly pool: ConnectionPool<Connection, E | DeadlineExceeded>
  readonly breaker: CircuitBreaker["Service"]
  readonly bulkhead: Bulkhead["Service"]
}

interface Guarded {
  readonly settings: GuardSettings
  readonly policy: RetryPolicy
  readonly deadlineMillis: number
}

/** Makes a guard that lives as long as the surrounding scope. */
const make = Effect.fn("Guard.make")(function* <Connection, E, R>(
  options: GuardOptions<Connection, E, R>
): Effect.fn.Return<Guard<Connection, E>, never, R | Scope.Scope> {
  const clock = yield* Clock.Clock
  const known = new Map<string, Guarded>()
  const settingsOf = (key: string) => known.get(key)?.settings ?? options.settings(key)
  const { cap, drainTimeout, retries = isRetryable, store, validate } = options

  const breaker = yield* CircuitBreaker.make({
    settings: (key) => orElse(settingsOf(key).breaker, circuitPresets.standard),
    counts: (error, key) => isTimeLimit(error) || options.counts(error, key),
    ...(store === undefined ? {} : { store })
  })
  const bulkhead = yield* Bulkhead.make({ settings: (key) => orElse(settingsOf(key).bulkhead, unlimited) })
  const pool = yield* ConnectionPool.make<Connection, E | DeadlineExceeded, R>({
    acquire: (key) => {
      const limit = { subject: `Connecting to "${key}"`, setting: "connectTimeout" }
      return withTimeLimit(settingsOf(key).connectTimeout, limit)(options.connect(key))
    },
    settings: (key) => settingsOf(key).pool,
    invalidates: options.invalidates,
    ...(validate === undefined ? {} : { validate }),
    ...(cap === undefined ? {} : { cap }),
    ...(drainTimeout === undefined ? {} : { drainTimeout })
  })

  /** Reads the settings of a key; nothing is changed when they cannot be meant. */
  const read = (key: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const settings = requireGuardSettings(key, options.settings(key), validate !== undefined)
      const deadlineMillis = Duration.toMillis(settings.deadline)
      known.set(key, { settings, policy: retryPolicy(settings.retry), deadlineMillis })
      return Effect.andThen(bulkhead.remove(key), breaker.refresh(key))
    })

  const withinDeadline = <A, E2, R2>(
    key: string,
    { deadlineMillis }: Guarded,
    call: GuardCall,
    effect: Effect.Effect<A, E2, R2>
  ): Effect.Effect<A, E2 | DeadlineExceeded, R2> => {
    const subject = `The call of "${key}"`
    const left = call.deadline === undefined ? Infinity : timeUntil(call.deadline, clock)
    return call.deadline !== undefined && left < deadlineMillis
      ? withDeadline(call.deadline, { subject, setting: "the deadline of its caller" })(effect)
      : withTimeLimit(deadlineMillis, { subject, setting: "deadline" })(effect)
  }

  const run = <A, E2, R2>(
    key: string,
    use: (connection: Connection) => Effect.Effect<A, E2, R2>,
    call: GuardCall = {}
  ): Effect.Effect<A, E | E2 | GuardError, R2> =>
    Effect.suspend((): Effect.Effect<A, E | E2 | GuardError, R2> => {
      const guarded = known.get(key)
      if (guarded === undefined) return Effect.fail(new PoolNotRegistered({ key }))
      const { policy, settings } = guarded
      const limit = withTimeLimit(settings.callTimeout, { subject: `A call of "${key}"`, setting: "callTimeout" })
      let hasBegun = false
      const lent = pool.withConnection(key, (connection) => {
        hasBegun = true
        return limit(use(connection))
      })
      const protectedCall = settings.breaker === "off" ? lent : breaker.protect(key, lent)
      const placed = settings.bulkhead === "off" ? protectedCall : bulkhead.run(key, protectedCall)
      const checked = settings.breaker === "off" ? placed : Effect.andThen(breaker.check(key), placed)
      const again = (error: unknown) =>
        (call.isRepeatable === true || !hasBegun) && !isRejection(error) && retries(error, key)
      const attempts = retry({ ...policy, while: again })(checked)
      return withinDeadline(key, guarded, call, attempts)
    })

  return {
    run,
    register: (key) => Effect.andThen(read(key), pool.register(key)),
    openAll: (keys) => Effect.andThen(Effect.forEach(keys, read, { discard: true }), pool.openAll(keys)),
    unregister: (key) =>
      Effect.suspend(() => {
        known.delete(key)
        return Effect.all([pool.unregister(key), breaker.remove(key), bulkhead.remove(key)], { discard: true })
      }),
    pool,
    breaker,
    bulkhead
  }
})

/** Makes a `Guard`. */
export const Guard = { make } as const

const unlimited = { maxConcurrent: Number.MAX_SAFE_INTEGER, maxQueued: 0, queueTimeout: 0 }

const orElse = <A>(part: A | "off", instead: A): A => (part === "off" ? instead : part)

const isTimeLimit = (error: unknown): boolean =>
  error instanceof DeadlineExceeded || error instanceof PoolConnectTimeout

const timeUntil = (at: DateTime.DateTime, clock: Clock.Clock): number =>
  DateTime.toEpochMillis(at) - clock.currentTimeMillisUnsafe()
