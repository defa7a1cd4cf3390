/**
 * Looks after one server: starts it, notices its loss, brings it back, for as long as it is wanted. The life
 * of a server is one fiber; all that changes is kept here and changed without a pause in between, so that
 * whoever asks sees one moment. A failure ends an attempt, never the supervision.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { McpTool, Questions } from "@signalbox/mcp"
import type { ConnectionCap } from "@signalbox/resilience"
import { Cause, Clock, DateTime, Deferred, Duration, Effect, Exit, Fiber, Latch, Random, Scope } from "effect"
import type { Connector } from "./Connector.ts"
import { makePlace } from "./connectionPlace.ts"
import {
  ServerAlreadyRunning,
  ServerNotRunning,
  type ServerStartupFailed,
  ServerUnavailable,
  ServerUnhealthy
} from "./errors.ts"
import { recordCheck, soundHealth, watchHealth } from "./Health.ts"
import { type AttemptError, requireComplete, startError, tellDown } from "./failedStart.ts"
import { followTools } from "./followTools.ts"
import { makeKnownTools } from "./KnownTools.ts"
import { mayRestart } from "./mayRestart.ts"
import type { ManagedServer, RestartOptions } from "./OrchestratorOptions.ts"
import { restartDelay } from "./restartDelay.ts"
import { exitOf, type Facts, infoOf } from "./serverFacts.ts"
import type { LogLine, ServerEvent, ServerInfo, ServerState } from "./ServerInfo.ts"
import { followLog } from "./serverLog.ts"
import type { Session } from "./Session.ts"
import { type StartGate, startTimeoutOf } from "./StartGate.ts"
import { makeReady } from "./makeReady.ts"
import { openClient } from "./openClient.ts"
import type { ToolCache } from "./ToolCache.ts"

/** Why a server could not be started. It is tried again by itself all the same. */
export type StartError = AttemptError | ServerStartupFailed | ServerUnavailable

export interface Supervisor {
  readonly managed: ManagedServer
  readonly info: () => ServerInfo
  /** The last good list, or nothing while there has been none since it was last stopped. */
  readonly tools: () => ReadonlyArray<McpTool> | undefined
  /** Whether that list is its own of this run, and not a remembered one. */
  readonly hasListed: () => boolean
  /** Whether it is meant to run: also while it ends in order to start anew. */
  readonly isWanted: () => boolean
  /** Whether it is being started and has neither become running nor failed yet. */
  readonly isSettling: () => boolean
  /** The connection, if there is one now. */
  readonly current: () => Session | undefined
  /**
   * The connection, now or after the attempt that is under way or next; asking brings that one forward.
   * Waits until the deadline (milliseconds of the clock) and never longer than a start may take.
   */
  readonly session: (deadline: number | undefined) => Effect.Effect<Session, ServerUnavailable>
  /** Gives a connection up. A new one follows. */
  readonly lose: (session: Session, reason: SignalboxError) => void
  /** Starts it, in the background, unless that is so already. */
  readonly launch: () => void
  readonly start: Effect.Effect<ServerInfo, ServerAlreadyRunning | StartError>
  /** Like `start`, but joins a start under way, and is content with a server that runs. */
  readonly ensureStarted: Effect.Effect<ServerInfo, StartError>
  readonly stop: Effect.Effect<ServerInfo, ServerNotRunning>
  readonly restart: Effect.Effect<ServerInfo, StartError>
  /** Checks the health of a server that runs; the answer shows what came of it. */
  readonly check: Effect.Effect<ServerInfo, ServerNotRunning>
  readonly logs: Effect.Effect<ReadonlyArray<string>>
}

/** What all supervisors of an orchestrator share. */
export interface Surroundings {
  readonly connector: Connector["Service"]
  readonly gate: StartGate
  readonly questions: Questions
  readonly restart: RestartOptions
  readonly packageTimeout: Duration.Duration
  /** The limit over the connections of all servers; `undefined` is none. */
  readonly cap: ConnectionCap | undefined
  readonly publish: (event: ServerEvent) => void
  /** Is given each line that a server writes to standard error. */
  readonly onLogLine: (line: LogLine) => void
  /** Runs when the list of tools is another one, and when it has settled. */
  readonly onChange: Effect.Effect<void>
  readonly toolCache: ToolCache["Service"]
}

/** A new process waits so long for the end of the one before; what ignores every signal takes longer to die. */
const longestHandover = Duration.millis(500)
const keptLogLines = 50

/** Supervises one server until the scope closes, which ends its process too. */
export const makeSupervisor = Effect.fnUntraced(function* (managed: ManagedServer, around: Surroundings) {
  const { server } = managed
  const startTimeout = startTimeoutOf(server, around.packageTimeout)
  const place = makePlace(around.cap, managed)
  const context = yield* Effect.context<Scope.Scope>()
  const fork = Effect.runForkWith(context)
  const attended = yield* Latch.make()
  const demanded = yield* Latch.make()

  let state: ServerState = "stopped"
  let isWanted = false
  let isClosed = false
  let isSettling = false
  let life: Fiber.Fiber<void> | undefined
  let current: Session | undefined
  /** The outcome of the attempt that is under way, or of the next one. */
  let attempt = Deferred.makeUnsafe<Session, StartError>()
  /** Connections that were lost and whose processes are still being ended, the latest last. */
  const closings = new Set<Fiber.Fiber<void>>()
  /** Connections of sessions that are over, whose last calls are still being answered. */
  const drainings = new Set<Fiber.Fiber<void>>()
  const undrained = yield* Latch.make()
  const known = yield* makeKnownTools(managed, around)
  let earlierLogs: ReadonlyArray<string> = []
  const facts: Facts = { errorCount: 0, restartCount: 0, health: soundHealth }

  const info = (): ServerInfo => infoOf(managed, state, facts, current?.client, known)
  const enter = (next: ServerState) => {
    const previous = state
    state = next
    around.publish({ _tag: "StateChanged", previous, info: info() })
  }
  /** Whether only somebody who starts it brings it back. */
  const isGivenUp = () => state === "error" && facts.nextRestartAt === undefined
  const unavailable = (reason: string, cause?: unknown) =>
    new ServerUnavailable({
      serverName: server.name,
      state,
      reason,
      nextRestartAt: facts.nextRestartAt,
      retryable: state !== "stopped" && !isGivenUp(),
      ...(cause === undefined ? {} : { cause })
    })
  const keepLogs = (lines: ReadonlyArray<string>) => {
    earlierLogs = [...earlierLogs, ...lines].slice(-keptLogLines)
  }
  const lose = (session: Session, reason: SignalboxError) => {
    if (current === session) {
      current = undefined
      attempt = Deferred.makeUnsafe()
    }
    session.reason ??= reason
    Deferred.doneUnsafe(session.lost, Effect.succeed(reason))
  }

  const note = Effect.annotateLogs({ server: server.name })
  const checked = (session: Session, reason: string | undefined) => {
    const before = info().health
    facts.health = recordCheck(facts.health, reason, managed.health)
    const health = info().health
    if (health.status !== before.status) around.publish({ _tag: "HealthChanged", serverName: server.name, health })
    if (health.status !== "unhealthy" || reason === undefined) return
    lose(session, new ServerUnhealthy({ serverName: server.name, checks: facts.health.failures, reason }))
  }

  /** From the first byte to the loss. Answers why it was lost, and how long it ran. */
  const live = Effect.gen(function* () {
    yield* requireComplete(managed)
    yield* place
    const began = yield* Clock.monotonicTimeNanos
    const { client, list } = yield* note(
      openClient(managed, around, (client, listLimit) => makeReady(managed, client, known, listLimit))
    ).pipe(Effect.onExit(() => Effect.map(since(began), (duration) => void (facts.startDuration = duration))))
    const health = watchHealth(client, managed.health, (reason) => checked(session, reason))
    const session: Session = {
      client,
      isSupervised: true,
      lost: Deferred.makeUnsafe(),
      reason: undefined,
      suspect: health.suspect,
      check: health.check
    }
    yield* Effect.addFinalizer(() => Effect.map(client.stderrTail, keepLogs))
    const running = yield* Clock.monotonicTimeNanos
    if (facts.reason !== undefined) facts.restartCount += 1
    facts.startedAt = yield* DateTime.now
    facts.reason = undefined
    facts.nextRestartAt = undefined
    facts.health = { ...facts.health, failures: 0 }
    current = session
    isSettling = false
    enter("running")
    Deferred.doneUnsafe(attempt, Effect.succeed(session))
    yield* around.onChange
    yield* Effect.forkScoped(note(followTools(server, client, known, list)))
    yield* Effect.forkScoped(health.run)
    yield* Effect.forkScoped(note(followLog(client)))
    const reason = yield* Effect.raceFirst(client.closed, Deferred.await(session.lost))
    lose(session, reason)
    return {
      reason,
      // A server that no longer knows the session still answers what it was asked before.
      drained: reason._tag === "SessionExpired" ? Effect.raceFirst(client.drained, undrained.await) : undefined,
      isHealthy: Duration.isGreaterThanOrEqualTo(yield* since(running), around.restart.healthyAfter)
    }
  })

  /** Runs `live` in a scope of its own. A stop waits for the end of the process, a loss does not wait long. */
  const once = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const exit = yield* Effect.exit(restore(Scope.provide(live, scope)))
      const close = Scope.close(scope, exit)
      if (Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)) {
        yield* close
        return yield* exit
      }
      const drained = Exit.isSuccess(exit) ? exit.value.drained : undefined
      const closing = fork(drained === undefined ? close : Effect.andThen(drained, close))
      const under = drained === undefined ? closings : drainings
      under.add(closing)
      closing.addObserver(() => void under.delete(closing))
      return yield* exit
    })
  )

  /** Answers after which pause the next attempt begins; nothing when there is none. */
  const fail = Effect.fnUntraced(function* (reason: StartError | SignalboxError, failures: number, restarts: number) {
    const delay = mayRestart(managed.restart, reason, restarts)
      ? restartDelay(around.restart, failures, yield* Random.next)
      : undefined
    const now = yield* DateTime.now
    facts.reason = reason
    facts.lastError = reason
    facts.errorCount += 1
    facts.startedAt = undefined
    facts.nextRestartAt = delay === undefined ? undefined : DateTime.addDuration(now, delay)
    if (reason._tag === "ServerExited") facts.exit = exitOf(reason)
    isSettling = false
    attended.closeUnsafe()
    demanded.closeUnsafe()
    enter("error")
    return delay
  })

  const pause = Effect.fnUntraced(function* (delay: Duration.Duration | undefined) {
    const handover = Effect.timeoutOption(Fiber.awaitAll(closings), longestHandover)
    const wait =
      delay === undefined
        ? demanded.await
        : Effect.raceAllFirst([
            Effect.sleep(delay),
            Effect.andThen(Effect.sleep(Duration.min(delay, around.restart.base)), attended.await),
            demanded.await
          ])
    yield* Effect.all([handover, wait], { concurrency: "unbounded", discard: true })
  })

  const loop = Effect.gen(function* () {
    // Whoever builds the layer must not wait for the first spawn.
    yield* Effect.yieldNow
    if (known.areRemembered()) yield* around.onChange
    let failures = 0
    let restarts = 0
    for (;;) {
      if (state !== "starting") enter("starting")
      const waiting = attempt
      const { failed, isHealthy, reason } = yield* Effect.matchCause(once, {
        onSuccess: (loss) => ({ ...loss, failed: undefined }),
        onFailure: (cause) => {
          const failed = startError(server.name, cause)
          return { failed, isHealthy: false, reason: failed }
        }
      })
      if (isHealthy) failures = restarts = 0
      if (failed !== undefined) {
        failures = Math.max(failures, 1)
        attempt = Deferred.makeUnsafe()
        if ("stderrTail" in failed) keepLogs(failed.stderrTail)
      }
      const delay = yield* fail(reason, failures, restarts)
      if (failed !== undefined) Deferred.doneUnsafe(waiting, Effect.fail(failed))
      failures += 1
      restarts += 1
      yield* around.onChange
      yield* note(tellDown(reason, delay, failures))
      yield* pause(delay)
      if (delay === undefined) failures = restarts = 0
    }
  }).pipe(Effect.onExit(() => Effect.suspend(() => ended)))

  /** The fiber is over: by a stop, a restart or the end of the scope. */
  const ended = Effect.gen(function* () {
    undrained.openUnsafe()
    yield* Fiber.awaitAll([...closings, ...drainings])
    undrained.closeUnsafe()
    life = undefined
    current = undefined
    isSettling = false
    facts.startedAt = undefined
    facts.nextRestartAt = undefined
    facts.reason = undefined
    if (!isWanted) known.forget()
    yield* around.onChange
    enter("stopped")
    Deferred.doneUnsafe(attempt, Effect.fail(unavailable("it was stopped.")))
  })

  const launch = () => {
    if (isClosed || life !== undefined) return
    isWanted = true
    isSettling = true
    attempt = Deferred.makeUnsafe()
    known.recall()
    enter("starting")
    life = fork(loop)
  }

  const longestWait = Duration.toMillis(Duration.sum(startTimeout, around.restart.base))
  const session = Effect.fnUntraced(function* (deadline: number | undefined) {
    if (current !== undefined) return current
    if (life === undefined || state === "stopping") return yield* unavailable("it was stopped.")
    if (isGivenUp()) return yield* unavailable(facts.reason?.message ?? "it was lost.", facts.reason)
    attended.openUnsafe()
    const left = deadline === undefined ? longestWait : deadline - (yield* Clock.currentTimeMillis)
    return yield* Deferred.await(attempt).pipe(
      Effect.timeoutOrElse({
        duration: Duration.millis(Math.max(0, Math.min(left, longestWait))),
        orElse: () => Effect.fail(unavailable(facts.reason?.message ?? "it is still being started."))
      }),
      Effect.mapError((error) => (error._tag === "ServerUnavailable" ? error : unavailable(error.message, error)))
    )
  })

  const ensureStarted: Effect.Effect<ServerInfo, StartError> = Effect.suspend(() => {
    if (isClosed) return Effect.fail(unavailable("Signalbox is shutting down."))
    if (current !== undefined) return Effect.succeed(info())
    if (state === "stopping" && life !== undefined) return Effect.andThen(Fiber.await(life), ensureStarted)
    launch()
    // Opening the latch may run the whole attempt at once.
    const outcome = attempt
    demanded.openUnsafe()
    return Effect.map(Deferred.await(outcome), info)
  })

  const end = (isWantedAfter: boolean) =>
    Effect.suspend(() => {
      isWanted = isWantedAfter
      if (life === undefined) return Effect.void
      const fiber = life
      if (state !== "stopping") enter("stopping")
      return Fiber.interrupt(fiber)
    })

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isClosed = true
      return end(false)
    })
  )

  return {
    managed,
    info,
    tools: known.list,
    hasListed: () => known.list() !== undefined && !known.areRemembered(),
    isWanted: () => isWanted,
    isSettling: () => isSettling,
    current: () => current,
    session,
    lose,
    launch,
    start: Effect.suspend((): Effect.Effect<ServerInfo, ServerAlreadyRunning | StartError> =>
      state === "starting" || state === "running"
        ? Effect.fail(new ServerAlreadyRunning({ serverName: server.name, state }))
        : ensureStarted
    ),
    ensureStarted,
    stop: Effect.suspend(() =>
      life === undefined ? Effect.fail(new ServerNotRunning({ serverName: server.name })) : Effect.map(end(false), info)
    ),
    restart: Effect.andThen(end(true), ensureStarted),
    check: Effect.suspend(() =>
      current === undefined
        ? Effect.fail(new ServerNotRunning({ serverName: server.name }))
        : Effect.map(current.check, info)
    ),
    logs: Effect.suspend(() =>
      Effect.map(current?.client.stderrTail ?? Effect.succeed([]), (lines) =>
        [...earlierLogs, ...lines].slice(-keptLogLines)
      )
    )
  } satisfies Supervisor
})

const since = (from: bigint) => Effect.map(Clock.monotonicTimeNanos, (now) => Duration.nanos(now - from))
