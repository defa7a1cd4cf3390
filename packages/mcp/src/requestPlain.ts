/**
 * Requests other than tool calls, and what their failures mean.
 */
import { type Duration, Effect } from "effect"
import { QuestionUnanswered } from "./callErrors.ts"
import { type Connection, contextOf } from "./Connection.ts"
import { ConnectionClosed, RequestTimeout } from "./connectionErrors.ts"
import type { ServerError } from "./errors.ts"
import { serverError } from "./faults.ts"
import type { JsonObject } from "./McpTool.ts"
import type { Respondent } from "./Questions.ts"
import { request, type Sent } from "./request.ts"
import { requestInRounds } from "./rounds.ts"
import { failureOf } from "./sdk.ts"

/** Asks the server. `respondent` answers what it asks back, where the request is of a kind that may. */
export const requestPlain = (
  connection: Connection,
  method: string,
  params: JsonObject,
  respondent?: Respondent
): Effect.Effect<JsonObject, ServerError> => {
  const asked =
    connection.session.handshake.era === "modern"
      ? requestInRounds(connection, method, params, {}, respondent)
      : request(connection, method, params)
  return Effect.mapError(asked, (error) =>
    error instanceof ConnectionClosed || error instanceof QuestionUnanswered
      ? error
      : explain(connection, method, error)
  )
}

/** Holds a request, or several, to a limit. */
export const within =
  (serverName: string, method: string, limit: Duration.Duration) =>
  <A>(effect: Effect.Effect<A, ServerError>): Effect.Effect<A, ServerError> =>
    Effect.timeoutOrElse(effect, {
      duration: limit,
      orElse: () => Effect.fail(new RequestTimeout({ serverName, method, limit }))
    })

const explain = (connection: Connection, method: string, { error }: Sent): ServerError => {
  const failure = failureOf(error)
  const lost = connection.ending.reason()
  if (failure._tag === "Closed" && lost !== undefined) return lost
  const explained = serverError(contextOf(connection, method, error), failure)
  if (explained._tag === "SessionExpired") connection.ending.lose(explained)
  return explained
}
