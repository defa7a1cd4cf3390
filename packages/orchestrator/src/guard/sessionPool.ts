/**
 * The sessions of one server beside the one that is supervised, in a pool: opened through the same gate, with the same
 * mark of their owner, and not while the circuit of the server is open. Calls that share sessions share that one, too.
 */
import { isSignalboxError } from "@signalbox/errors"
import {
  type CircuitOpen,
  type ConnectionCap,
  ConnectionPool,
  PoolConnectTimeout,
  PoolExhausted,
  PoolNotRegistered,
  type PoolSettings
} from "@signalbox/resilience"
import { Deferred, Duration, Effect, FiberHandle } from "effect"
import { ServerUnavailable, SessionsExhausted } from "../errors.ts"
import { type AttemptError, requireComplete } from "../failedStart.ts"
import { isCallError, isConnectionLost } from "../mayRepeat.ts"
import { listWithin } from "../followTools.ts"
import { makeStartCalls } from "../makeReady.ts"
import { openClient, type OpeningSurroundings } from "../openClient.ts"
import { forgetGauges } from "../metrics/forgetGauges.ts"
import type { OrchestratorMetrics } from "../metrics/OrchestratorMetrics.ts"
import type { ServerMeter } from "../metrics/ServerMeter.ts"
import type { ManagedServer } from "../OrchestratorOptions.ts"
import { followLog } from "../serverLog.ts"
import type { Session } from "../Session.ts"
import type { Supervisor } from "../Supervisor.ts"
import type { CallGate } from "./CallGate.ts"

/** Why there is no session for a call. */
export type SessionError = AttemptError | CircuitOpen | SessionsExhausted | ServerUnavailable

export interface SessionPool {
  readonly borrow: <A, E>(use: (session: Session) => Effect.Effect<A, E>) => Effect.Effect<A, E | SessionError>
  /** Like `borrow`, with a session that nobody has had, and that nobody gets afterwards. */
  readonly borrowFresh: SessionPool["borrow"]
  /** Closes all sessions, each as soon as its calls have ended. */
  readonly renew: Effect.Effect<void>
  /** Keeps the least number open from now on, until `renew`. Nothing is opened for a server that does not run. */
  readonly fill: () => void
  /** Waits until a session is lost. */
  readonly loss: (session: Session) => Effect.Effect<void>
  readonly unavailable: (reason: string) => ServerUnavailable
}

export interface SessionSurroundings extends OpeningSurroundings {
  readonly cap: ConnectionCap | undefined
  readonly metrics: OrchestratorMetrics
  readonly meterOf: (serverName: string) => Pick<ServerMeter, "judged">
}

/** A pool that ends with the scope, whoever still uses its sessions. */
export const makeSessionPool = Effect.fnUntraced(function* (
  supervisor: Supervisor,
  circuit: CallGate,
  around: SessionSurroundings
) {
  const { server, sessions } = supervisor.managed
  const { name } = server
  const isShared = sessions.affinity === "shared"
  const lent = new Set<Session>()
  let isFilled = false

  const takeSupervised = Effect.suspend(() => {
    const session = isShared ? supervisor.current() : undefined
    if (session === undefined || lent.has(session)) return Effect.undefined
    lent.add(session)
    return Effect.as(
      Effect.addFinalizer(() => Effect.sync(() => lent.delete(session))),
      session
    )
  })
  const open = circuit.check.pipe(
    Effect.andThen(requireComplete(supervisor.managed)),
    Effect.andThen(
      openClient(supervisor.managed, around, (client, listLimit) =>
        // Calls are checked against the list, and in the newest era made by it.
        listWithin(name, client, listLimit).pipe(
          Effect.andThen(makeStartCalls(supervisor.managed, client)),
          Effect.as(client)
        )
      )
    ),
    Effect.tapError(circuit.failed),
    Effect.tap((client) => Effect.forkScoped(followLog(client))),
    Effect.map((client): Session => ({
      client,
      isSupervised: false,
      lost: Deferred.makeUnsafe(),
      reason: undefined,
      suspect: () => undefined,
      check: Effect.void
    }))
  )
  // It fails when the pool has forgotten the server, and the session with it.
  const withdraw = (session: Session): Effect.Effect<void> => Effect.ignore(pool.invalidate(name, session))
  // One that is not shared is withdrawn by who had it.
  const forgetLost = (session: Session) => (isShared ? Effect.andThen(loss(session), withdraw(session)) : Effect.void)
  const forgetWhenLost = (session: Session) => Effect.forkScoped(Effect.suspend(() => forgetLost(session)))

  const pool = yield* ConnectionPool.make<Session, Exclude<SessionError, SessionsExhausted>, never>({
    present: () =>
      Effect.tap(takeSupervised, (session) => (session === undefined ? Effect.void : forgetWhenLost(session))),
    acquire: () => Effect.annotateLogs(Effect.tap(open, forgetWhenLost), { server: name }),
    ...(around.cap === undefined ? {} : { cap: around.cap }),
    settings: () => poolSettings(supervisor.managed, isFilled),
    invalidates: (error) => isShared && isLoss(error),
    // Whoever ends a server has waited for its calls.
    drainTimeout: 0
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => forgetGauges(around.metrics, "mcp_pool_", name)))
  // Nobody checks its idle sessions, so it is as healthy as its server is by its own checks and all calls.
  const stats: typeof pool.stats = (key) =>
    Effect.map(pool.stats(key), (stats) => {
      const { health, state } = supervisor.info()
      const { reason = null, status } = state === "running" ? around.meterOf(name).judged(health) : health
      return { ...stats, health: { ...stats.health, status, reason } }
    })
  yield* around.metrics.watch({ pools: [{ keys: pool.keys, stats }], breakers: [] })
  const register = (filled: boolean) =>
    Effect.suspend(() => {
      isFilled = filled
      return pool.register(name)
    })
  yield* register(false)
  const run = yield* FiberHandle.makeRuntime<never>()

  const unavailable = (reason: string) =>
    new ServerUnavailable({
      serverName: name,
      state: supervisor.info().state,
      reason,
      nextRestartAt: undefined,
      retryable: true
    })
  const borrow: SessionPool["borrow"] = (use) =>
    Effect.mapError(pool.withConnection(name, use), (error) => {
      if (error instanceof PoolExhausted) return new SessionsExhausted({ serverName: name, ...limits(error) })
      if (error instanceof PoolNotRegistered) return unavailable("it was stopped.")
      if (!(error instanceof PoolConnectTimeout)) return error
      return unavailable(`no session could be opened within ${Duration.format(error.waited)}.`)
    })
  const used = new WeakSet<Session>()
  const isAwaited = Effect.match(pool.stats(name), { onFailure: () => false, onSuccess: ({ waiting }) => waiting > 0 })
  const borrowFresh: SessionPool["borrow"] = <A, E>(use: (session: Session) => Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | SessionError> => {
      let taken: Session | undefined
      const once = borrow((session): Effect.Effect<A | typeof stale, E> => {
        taken = session
        if (used.has(session)) return Effect.succeed(stale)
        used.add(session)
        // Withdrawn while it is lent, it is replaced: right for who waits, and a waste for nobody.
        return Effect.ensuring(
          use(session),
          Effect.flatMap(isAwaited, (is) => (is ? withdraw(session) : Effect.void))
        )
      })
      return once.pipe(
        Effect.ensuring(Effect.suspend(() => (taken === undefined ? Effect.void : withdraw(taken)))),
        Effect.flatMap((result) => (result === stale ? borrowFresh(use) : Effect.succeed(result)))
      )
    })
  return {
    borrow,
    borrowFresh,
    renew: register(false),
    fill: () => {
      // Those of a connection that was lost are of no use any more, and the new one is to be among them.
      if (sessions.min > 0) run(register(true))
    },
    loss,
    unavailable
  } satisfies SessionPool
})

const loss = (session: Session) => Effect.asVoid(Effect.raceFirst(session.client.closed, Deferred.await(session.lost)))

/** Says that somebody else has had the session, and another one is to be tried. */
const stale = Symbol("stale")

const limits = ({ max, waited }: PoolExhausted) => ({ max, waited })

/** Whether a session is of no use after this failure of a call. */
const isLoss = (error: unknown): boolean =>
  isSignalboxError(error) && isCallError(error) && (isConnectionLost(error) || error._tag === "ToolOutcomeUnknown")

const poolSettings = ({ maxConcurrent, sessions }: ManagedServer, isFilled: boolean): PoolSettings => ({
  min: isFilled ? sessions.min : 0,
  max: sessions.max,
  maxConcurrent: sessions.affinity === "shared" ? maxConcurrent : 1,
  acquireTimeout: sessions.acquireTimeout,
  idleTimeToLive: sessions.idleTimeToLive,
  fallback: sessions.fallback
})
