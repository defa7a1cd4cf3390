/**
 * One request to one server, other than a tool call: it waits for the server as calls do, asks the same circuit and
 * counts in the same numbers, and is made once more where the connection was lost under it. Reading twice does no harm.
 */
import { CorrelationId } from "@signalbox/errors"
import { ConnectionClosed, type McpClient, RequestTimeout, type Respondent, type ServerError } from "@signalbox/mcp"
import type { CallContext } from "@signalbox/model"
import { CircuitOpen } from "@signalbox/resilience"
import { Cause, Clock, DateTime, Duration, Effect, Exit } from "effect"
import { type ServerCircuitOpen, ServerNotFound, type ServerUnavailable } from "../errors.ts"
import { newLosses, requestSpeaksAgainst } from "../guard/speaksAgainst.ts"
import type { CallMark } from "../metrics/ServerMeter.ts"
import { respondentOf } from "../respondent.ts"
import type { Slot } from "../ServerSlots.ts"
import type { Session } from "../Session.ts"

/** Why it could not be asked, or what became of the question. */
export type AskError = ServerCircuitOpen | ServerError | ServerNotFound | ServerUnavailable

/** What is asked, of the connection that there is. */
export interface Question<A> {
  readonly serverName: string
  /** As the protocol calls it, for messages. */
  readonly method: string
  readonly ask: (client: McpClient, respondent: Respondent | undefined) => Effect.Effect<A, ServerError>
}

/** Whether the next connection may be asked the same. */
const isLost = (error: AskError): boolean =>
  error._tag === "ConnectionClosed" ||
  error._tag === "SessionExpired" ||
  error._tag === "ServerUnreachable" ||
  error._tag === "ServerExited"

/** Milliseconds of the clock. */
export const deadlineOf = ({ deadline }: CallContext): number | undefined =>
  deadline === undefined ? undefined : DateTime.toEpochMillis(deadline)

/** The place of a server, or nothing. */
export const slotOf = (slots: ReadonlyArray<Slot>, serverName: string): Slot | undefined =>
  slots.find(({ supervisor }) => supervisor.managed.server.name === serverName)

/** Asks. `slots` is read again each time: another connection may have taken the place of the one that was waited for. */
export const askServer = <A>(
  slots: () => ReadonlyArray<Slot>,
  question: Question<A>,
  context: CallContext
): Effect.Effect<A, AskError> => {
  const { ask, method, serverName } = question
  const deadline = deadlineOf(context)
  const respondent = respondentOf(context, serverName)

  const mark: CallMark = { name: method, isTool: false, startedAt: undefined, isSent: false }

  const attempt = ({ gate, meter, supervisor }: Slot, session: Session) => {
    meter.sent(mark)
    const isNewLoss = newLosses(gate, supervisor, session)
    const answer = ask(session.client, respondent).pipe(
      // A connection that is closed interrupts its requests; nobody interrupted this one.
      Effect.catchCauseIf(Cause.hasInterruptsOnly, () =>
        Effect.fail(new ConnectionClosed({ serverName, reason: "it was ended." }))
      )
    )
    return gate
      .protect(answer, (error) => requestSpeaksAgainst(error, { isNewLoss }))
      .pipe(
        Effect.tapError((error) =>
          Effect.sync(() => {
            if (error instanceof CircuitOpen) return
            meter.failed(mark)
            if (isLost(error)) supervisor.lose(session, error)
            if (error._tag === "RequestTimeout") session.suspect()
          })
        )
      )
  }

  const once: Effect.Effect<A, AskError> = Effect.suspend(() => {
    const slot = slotOf(slots(), serverName)
    if (slot === undefined) return Effect.fail(notThere(serverName, slots()))
    const { gate, supervisor } = slot
    return gate.check.pipe(
      Effect.andThen(supervisor.session(deadline)),
      Effect.flatMap((session) => attempt(slot, session)),
      Effect.mapError((error) => (error instanceof CircuitOpen ? gate.refusal(method, error) : error)),
      Effect.catchTag("ServerUnavailable", (error) =>
        slotOf(slots(), serverName) === slot ? Effect.fail(error) : once
      )
    )
  })
  const twice = Effect.catchIf(once, isLost, () => {
    slotOf(slots(), serverName)?.meter.repeated(false)
    return once
  })
  const limited =
    deadline === undefined
      ? twice
      : Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const limit = Duration.millis(Math.max(1, deadline - now))
          return Effect.timeoutOrElse(twice, {
            duration: limit,
            orElse: () => Effect.fail(new RequestTimeout({ serverName, method, limit }))
          })
        })
  const counted = Effect.suspend(() => {
    const meter = slotOf(slots(), serverName)?.meter
    meter?.began(mark)
    return Effect.onExitPrimitive(limited, (exit) => {
      meter?.ended(
        mark,
        Exit.map(exit, () => answered)
      )
      return undefined
    })
  })
  return context.correlationId === undefined
    ? counted
    : Effect.provideService(counted, CorrelationId, context.correlationId)
}

/** Only a tool can answer that it failed. */
const answered = { isError: false }

const notThere = (serverName: string, slots: ReadonlyArray<Slot>) =>
  new ServerNotFound({
    serverName,
    nearest: undefined,
    available: slots.map(({ supervisor }) => supervisor.managed.server.name)
  })
