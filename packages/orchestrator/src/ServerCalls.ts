/**
 * The calls of one server: how many run at once, which wait for one another, how long each may take, and the
 * one repetition that is allowed. This is the hot path: no spans, no fibers, and no timer where none is needed.
 */
import { CorrelationId, type SignalboxError } from "@signalbox/errors"
import { type CallResult, type ToolCall, ToolOutcomeUnknown } from "@signalbox/mcp"
import { type CallContext, Interaction, type JsonObject, type ToolResult } from "@signalbox/model"
import { CircuitOpen } from "@signalbox/resilience"
import { Cause, Clock, DateTime, Duration, Effect, Option, Semaphore } from "effect"
import type { Route } from "./Catalogue.ts"
import { toolResult } from "./content.ts"
import { ServerBusy, type ServerUnavailable } from "./errors.ts"
import type { CallGate } from "./guard/CallGate.ts"
import type { ServerSessions } from "./guard/ServerSessions.ts"
import { callSpeaksAgainst, newLosses } from "./guard/speaksAgainst.ts"
import type { CallMark, ServerMeter } from "./metrics/ServerMeter.ts"
import { isCallError, isConnectionLost, mayRepeat } from "./mayRepeat.ts"
import { respondentOf } from "./respondent.ts"
import type { Session } from "./Session.ts"
import type { Supervisor } from "./Supervisor.ts"

export interface ServerCalls {
  /** Held by each call that writes, where writes are serial. Connections that follow one another share it. */
  readonly writer: Semaphore.Semaphore
  /** Waits until the calls that were made so far have ended. */
  readonly idle: Effect.Effect<void>
  readonly call: (route: Route, input: JsonObject, context: CallContext) => Effect.Effect<ToolResult, SignalboxError>
}

/** What is around the calls of one server. */
export interface CallSurroundings {
  /** What counts them. */
  readonly meter: ServerMeter
  /** What keeps them away from a server that fails. */
  readonly gate: CallGate
  /** Where they do not all run on the session that is supervised. */
  readonly sessions: ServerSessions | undefined
}

/** A process that dies takes its answers with it; its end is noticed a moment later. */
const noticeGrace = Duration.millis(100)

/** The calls to one supervised server. `writer` is that of the connection before, where there was one. */
export const makeServerCalls = (
  supervisor: Supervisor,
  { gate, meter, sessions }: CallSurroundings,
  writer = Semaphore.makeUnsafe(1)
): ServerCalls => {
  const { server, writes, maxConcurrent } = supervisor.managed
  const callTimeout = Duration.toMillis(server.callTimeout)
  // Sessions have limits of their own.
  const places = sessions === undefined ? maxConcurrent : Number.MAX_SAFE_INTEGER
  const slots = Semaphore.makeUnsafe(places)
  let waiting = 0

  const whenFree = <A, E>(isSerial: boolean, body: Effect.Effect<A, E>) =>
    isSerial ? writer.withPermit(slots.withPermit(body)) : slots.withPermit(body)

  const ifFree = <A, E>(isSerial: boolean, body: Effect.Effect<A, E>) => {
    const inSlot = slots.withPermitsIfAvailable(1)(body)
    return isSerial ? Effect.map(writer.withPermitsIfAvailable(1)(inSlot), Option.flatten) : inSlot
  }

  /** Waits until the deadline for `body` to be begun. Then the deadline is that of the call itself. */
  const patiently = <A, E>(
    route: Route,
    deadline: number,
    waitFor: (begin: <B, E2>(body: Effect.Effect<B, E2>) => Effect.Effect<B, E2>) => Effect.Effect<A, E>
  ) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      let phase: "waiting" | "sent" | "refused" = "waiting"
      const wait = Duration.millis(Math.max(0, deadline - now))
      const begin = <B, E2>(body: Effect.Effect<B, E2>) =>
        Effect.suspend(() => {
          if (phase === "refused") return Effect.never
          phase = "sent"
          return body
        })
      const refusal = Effect.suspend(() => {
        if (phase === "sent") return Effect.never
        phase = "refused"
        return Effect.fail(new ServerBusy({ serverName: server.name, toolName: route.toolName, waited: wait }))
      })
      return Effect.raceFirst(waitFor(begin), Effect.andThen(Effect.sleep(wait), refusal))
    })

  const queued = <A, E>(route: Route, isSerial: boolean, deadline: number, body: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      waiting += 1
      return Effect.ensuring(
        patiently(route, deadline, (begin) => whenFree(isSerial, begin(body))),
        Effect.sync(() => void (waiting -= 1))
      )
    })

  const inTurn = <A, E>(route: Route, deadline: number | undefined, body: Effect.Effect<A, E>) => {
    const isSerial = writes === "serial" && !route.isReadOnly
    if (deadline === undefined) return whenFree(isSerial, body)
    // Overtaking those who wait would let a busy server starve them.
    if (waiting > 0) return queued(route, isSerial, deadline, body)
    return Effect.flatMap(ifFree(isSerial, body), (result) =>
      result._tag === "Some" ? Effect.succeed(result.value) : queued(route, isSerial, deadline, body)
    )
  }

  /** Runs an attempt, in its turn, on the session that it is for. */
  const onSession = <A, E>(
    route: Route,
    context: CallContext,
    deadline: number | undefined,
    attempt: (session: Session) => Effect.Effect<A, E>
  ) => {
    if (sessions === undefined) return inTurn(route, deadline, onConnected(deadline, attempt))
    const { comesFirst, use } = sessions
    const work = (session: Session) => (comesFirst ? inTurn(route, deadline, attempt(session)) : attempt(session))
    const used =
      deadline === undefined
        ? use(context, work)
        : patiently(route, deadline, (begin) => use(context, (session) => begin(work(session))))
    return comesFirst ? used : inTurn(route, deadline, used)
  }

  const onConnected = <A, E>(deadline: number | undefined, attempt: (session: Session) => Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | ServerUnavailable> => {
      const now = supervisor.current()
      return now === undefined ? Effect.flatMap(supervisor.session(deadline), attempt) : attempt(now)
    })

  const connected = (deadline: number | undefined) => onConnected(deadline, Effect.succeed)

  const send = (session: Session, call: ToolCall, deadline: number | undefined) => {
    if (deadline === undefined) return session.client.callTool(call)
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const timeout = Math.max(1, Math.min(callTimeout, deadline - now))
      return session.client.callTool({ ...call, timeout: Duration.millis(timeout) })
    })
  }

  const speaksAgainst = (session: Session) => {
    const isNewLoss = newLosses(gate, supervisor, session)
    return (error: unknown) => callSpeaksAgainst(error, { callTimeout, isNewLoss })
  }

  return {
    writer,
    idle: writer.withPermit(slots.withPermits(places)(Effect.void)),
    call: (route, input, context) => {
      const deadline = context.deadline === undefined ? undefined : DateTime.toEpochMillis(context.deadline)
      const progress = context.interaction.progress
      const respondent = respondentOf(context, server.name)
      const call: ToolCall = {
        name: route.toolName,
        input,
        ...(progress === Interaction.decline.progress ? {} : { onProgress: progress }),
        ...(respondent === undefined ? {} : { respondent })
      }
      const mark: CallMark = { name: route.toolName, isTool: true, startedAt: undefined, isSent: false }
      let used: Session | undefined
      const attempt = (session: Session) => {
        used = session
        meter.sent(mark)
        const answer = Effect.catchCauseIf(send(session, call, deadline), Cause.hasInterruptsOnly, () =>
          Effect.fail(cutOff(session, route))
        )
        return gate.protect(answer, speaksAgainst(session))
      }
      const onIts = onSession(route, context, deadline, attempt)
      const turn = Effect.suspend(() =>
        gate.isClosed() && supervisor.current() !== undefined
          ? onIts
          : Effect.flatMap(gate.check, () => Effect.flatMap(connected(deadline), () => onIts))
      )
      const once = Effect.suspend(() => {
        meter.began(mark)
        return turn
      })
      const named = (error: SignalboxError) =>
        error instanceof CircuitOpen ? gate.refusal(route.toolName, error) : error
      const again = (error: SignalboxError): Effect.Effect<CallResult, SignalboxError> => {
        if (error instanceof CircuitOpen) return Effect.fail(named(error))
        const session = used
        if (session === undefined || !isCallError(error)) return Effect.fail(error)
        meter.failed(mark)
        if (isConnectionLost(error)) supervisor.lose(session, error)
        if (error._tag === "ToolCallTimeout") session.suspect()
        if (!mayRepeat(error, route)) return Effect.fail(error)
        return Effect.matchEffect(Effect.andThen(noticed(supervisor, session), connected(deadline)), {
          // Nothing new was learnt about the call; the first failure says what is known of it.
          onFailure: () => Effect.fail(error),
          onSuccess: () => {
            meter.repeated(error._tag === "ToolOutcomeUnknown")
            return Effect.mapError(turn, named)
          }
        })
      }
      // Also when it is interrupted before it has begun, so that what began always ends.
      const result = Effect.onExitPrimitive(Effect.map(Effect.catch(once, again), toolResult), (exit) => {
        meter.ended(mark, exit)
        return undefined
      })
      return context.correlationId === undefined
        ? result
        : Effect.provideService(result, CorrelationId, context.correlationId)
    }
  }
}

/**
 * A connection that is closed interrupts its calls. To the caller, who interrupted nothing, that is an answer
 * that got lost; were the caller interrupted, this would not be reached.
 */
const cutOff = (session: Session, route: Route): ToolOutcomeUnknown => {
  const loss = session.reason
  return new ToolOutcomeUnknown({
    serverName: route.serverName,
    toolName: route.toolName,
    reason: loss?.message ?? `Server "${route.serverName}" was stopped.`,
    ...(loss === undefined ? {} : { cause: loss })
  })
}

/** Waits until the end of a dead process is known, so that the call is not repeated on what is left of it. */
const noticed = (supervisor: Supervisor, session: Session): Effect.Effect<void> =>
  supervisor.current() !== session || supervisor.managed.server.endpoint.transport === "http"
    ? Effect.void
    : Effect.timeoutOption(session.client.closed, noticeGrace).pipe(
        Effect.map((reason) => {
          if (reason._tag === "Some") supervisor.lose(session, reason.value)
        })
      )
