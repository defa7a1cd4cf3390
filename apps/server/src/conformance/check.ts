/** Which check an answer has to pass. */
import type { JsonObject } from "@signalbox/model"
import type { Api, Case, Check, Expected, Received } from "./Case.ts"
import { checkMessage, checkMessageStream } from "./checkMessages.ts"
import { checkChunks, checkCompletion, checkResponse, checkResponseStream } from "./checkOpenAi.ts"
import { firstWrong, isCount, jsonOf, objectOf, objectsOf } from "./read.ts"

const answers: Readonly<Record<Api, readonly [whole: Check, streamed: Check]>> = {
  messages: [checkMessage, checkMessageStream],
  chat: [checkCompletion, checkChunks],
  responses: [checkResponse, checkResponseStream]
}

/** An error in the envelope of its API. */
const errorIn = (api: Api, { headers, text }: Received): JsonObject | string => {
  const body = objectOf(jsonOf(text))
  const error = objectOf(body["error"])
  const wrong = firstWrong([
    [typeof error["message"] === "string" && typeof error["type"] === "string", "there is no error in the body"],
    [api !== "messages" || body["type"] === "error", 'the type is not "error"'],
    [api !== "messages" || headers["request-id"] !== undefined, "there is no header request-id"]
  ])
  return wrong ?? error
}

/** Servers write a path in their own way: with or without what follows it. */
const names = (error: JsonObject, field: string): boolean =>
  field === "" || String(error["message"]).includes(field) || String(error["param"]).includes(field)

const refusalIssue = (api: Api, received: Received, expected: Extract<Expected, { is: "refused" }>) => {
  const error = errorIn(api, received)
  if (typeof error === "string") return error
  return firstWrong([
    [error["type"] === "invalid_request_error", `the error is ${String(error["type"])}`],
    [names(error, expected.field), `the error does not name ${expected.field}: ${String(error["message"])}`]
  ])
}

const statusOf = ({ is }: Expected): number => (is === "refused" ? 400 : is === "not found" ? 404 : 200)

const bodyIssue = ({ api, expected }: Case, received: Received, model: string): string | undefined => {
  const [whole, streamed] = answers[api]
  switch (expected.is) {
    case "answer":
      return whole(received, model)
    case "stream":
      return received.headers["content-type"]?.startsWith("text/event-stream") === true
        ? streamed(received, model)
        : `the content-type is ${received.headers["content-type"]}`
    case "refused":
      return refusalIssue(api, received, expected)
    case "not found": {
      const error = errorIn(api, received)
      return typeof error === "string" ? error : undefined
    }
    case "count":
      return isCount(objectOf(jsonOf(received.text))["input_tokens"]) ? undefined : "there is no count"
    case "models": {
      const { data } = objectOf(jsonOf(received.text))
      return Array.isArray(data) && objectsOf(data).every(({ id }) => typeof id === "string")
        ? undefined
        : "there is no list of models with ids"
    }
  }
}

/** What is wrong with the answer to a case; `undefined` where it is right. */
export const issueOf = (given: Case, received: Received, model: string): string | undefined => {
  const status = statusOf(given.expected)
  return received.status === status
    ? bodyIssue(given, received, model)
    : `the status is ${received.status} and not ${status}: ${received.text.slice(0, 300)}`
}
