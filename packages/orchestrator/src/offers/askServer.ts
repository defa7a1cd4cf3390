/**
 * One request to one server, other than a tool call: it waits for the server as calls do, and is made once more where
 * the connection was lost under it. Reading twice does no harm.
 */
import { CorrelationId } from "@signalbox/errors"
import { ConnectionClosed, type McpClient, RequestTimeout, type Respondent, type ServerError } from "@signalbox/mcp"
import type { CallContext } from "@signalbox/model"
import { Cause, Clock, DateTime, Duration, Effect } from "effect"
import { ServerNotFound, type ServerUnavailable } from "../errors.ts"
import { respondentOf } from "../respondent.ts"
import type { Slot } from "../ServerSlots.ts"
import type { Supervisor } from "../Supervisor.ts"

/** Why it could not be asked, or what became of the question. */
export type AskError = ServerError | ServerNotFound | ServerUnavailable

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

/** The supervisor of a server, or nothing. */
export const supervisorOf = (slots: ReadonlyArray<Slot>, serverName: string): Supervisor | undefined =>
  slots.find(({ supervisor }) => supervisor.managed.server.name === serverName)?.supervisor

/** Asks. `slots` is read again each time: another connection may have taken the place of the one that was waited for. */
export const askServer = <A>(
  slots: () => ReadonlyArray<Slot>,
  question: Question<A>,
  context: CallContext
): Effect.Effect<A, AskError> => {
  const { ask, method, serverName } = question
  const deadline = deadlineOf(context)
  const respondent = respondentOf(context, serverName)

  const once: Effect.Effect<A, AskError> = Effect.suspend(() => {
    const supervisor = supervisorOf(slots(), serverName)
    if (supervisor === undefined) return Effect.fail(notThere(serverName, slots()))
    return supervisor.session(deadline).pipe(
      Effect.flatMap((session) =>
        ask(session.client, respondent).pipe(
          // A connection that is closed interrupts its requests; nobody interrupted this one.
          Effect.catchCauseIf(Cause.hasInterruptsOnly, () =>
            Effect.fail(new ConnectionClosed({ serverName, reason: "it was ended." }))
          ),
          Effect.tapError((error) =>
            Effect.sync(() => {
              if (isLost(error)) supervisor.lose(session, error)
            })
          )
        )
      ),
      Effect.catchTag("ServerUnavailable", (error) =>
        supervisorOf(slots(), serverName) === supervisor ? Effect.fail(error) : once
      )
    )
  })
  const twice = Effect.catchIf(once, isLost, () => once)
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
  return context.correlationId === undefined
    ? limited
    : Effect.provideService(limited, CorrelationId, context.correlationId)
}

const notThere = (serverName: string, slots: ReadonlyArray<Slot>) =>
  new ServerNotFound({
    serverName,
    nearest: undefined,
    available: slots.map(({ supervisor }) => supervisor.managed.server.name)
  })
