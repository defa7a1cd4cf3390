/**
 * A request in revision 2026-07-28, where a server that wants to ask something answers with its questions, and is
 * asked again with the answers ("multi round-trip requests"). The state in between is the server's own and goes back unread.
 */
import { Clock, Effect } from "effect"
import { answerQuestion } from "./answerQuestion.ts"
import { QuestionUnanswered } from "./callErrors.ts"
import type { Connection } from "./Connection.ts"
import type { ConnectionClosed } from "./connectionErrors.ts"
import type { JsonObject } from "./McpTool.ts"
import type { Respondent } from "./Questions.ts"
import { request, type RequestExtra, Sent } from "./request.ts"
import { invalidAnswer, isJsonObject } from "./wire.ts"

/** More rounds than this are a fault of the server. */
const maxRounds = 16

/** Asks, and answers, until there is a result. The time limit covers all of it. */
export const requestInRounds = Effect.fnUntraced(function* (
  connection: Connection,
  method: string,
  params: JsonObject,
  extra: RequestExtra,
  respondent: Respondent | undefined
): Effect.fn.Return<JsonObject, Sent | ConnectionClosed | QuestionUnanswered> {
  const { timeoutMillis } = extra
  const deadline = timeoutMillis === undefined ? undefined : (yield* Clock.currentTimeMillis) + timeoutMillis
  let answers: JsonObject = {}
  let left = extra
  for (let round = 0; round < maxRounds; round++) {
    const result = yield* request(connection, method, { ...params, ...answers }, left)
    if (result["resultType"] !== "input_required") return result
    // From here to the next round it is we who take our time.
    if (extra.call !== undefined) connection.calls.setIdle(extra.call, undefined)
    const { inputRequests, requestState } = result
    const questions = isJsonObject(inputRequests) ? inputRequests : {}
    const inputResponses = yield* answerAll(connection, method, questions, respondent)
    answers = { inputResponses, ...(requestState === undefined ? {} : { requestState }) }
    if (deadline !== undefined) {
      left = { ...extra, timeoutMillis: Math.max(1, deadline - (yield* Clock.currentTimeMillis)) }
    }
  }
  return yield* Effect.fail(new Sent(invalidAnswer(`it still asks after ${maxRounds} rounds`)))
})

/** Answers all questions of a server, by their keys, or none. */
export const answerAll = (
  connection: Connection,
  method: string,
  questions: JsonObject,
  respondent: Respondent | undefined
): Effect.Effect<JsonObject, QuestionUnanswered> =>
  Effect.forEach(
    Object.entries(questions),
    ([key, question]) =>
      Effect.map(answerOne(connection, method, question, respondent), (answer) => [key, answer] as const),
    { concurrency: "unbounded" }
  ).pipe(Effect.map((answers) => Object.fromEntries(answers)))

const answerOne = Effect.fnUntraced(function* (
  { questions, server }: Connection,
  method: string,
  question: unknown,
  respondent: Respondent | undefined
) {
  const asked = isJsonObject(question) && typeof question["method"] === "string" ? question["method"] : "nothing known"
  const params = isJsonObject(question) && isJsonObject(question["params"]) ? question["params"] : {}
  const answer = yield* answerQuestion(asked, params, questions, respondent)
  if ("result" in answer) return answer.result
  return yield* new QuestionUnanswered({
    serverName: server.name,
    method,
    question: asked,
    reason: answer.error.message
  })
})
