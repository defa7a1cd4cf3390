/**
 * Asks a server all cases and says which of its answers are wrong. Any server of these APIs can be asked: only form is
 * looked at, and what no model could decide.
 */
import { Effect, Redacted } from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import type { Api, Case } from "./Case.ts"
import { issueOf } from "./check.ts"
import { messagesCases } from "./messagesCases.ts"
import { chatCases, responsesCases } from "./openAiCases.ts"

/** Every case, in order. */
export const conformanceCases: ReadonlyArray<Case> = [...messagesCases, ...chatCases, ...responsesCases]

/** Whom to ask, and what for. */
export interface ConformanceRun {
  /** Without a path: `http://127.0.0.1:4000`. */
  readonly url: string
  /** Named in every request that names one. */
  readonly model: string
  readonly apiKey: Redacted.Redacted | undefined
  readonly apis: ReadonlyArray<Api>
  /** How many cases are under way at the same time. */
  readonly concurrency: number
}

/** What came of one case. */
export interface CaseResult {
  readonly api: Api
  readonly name: string
  /** What is wrong with the answer; `undefined` where it is right. */
  readonly issue: string | undefined
}

const bodyOf = ({ body }: Case, model: string): string =>
  typeof body === "string" ? body : JSON.stringify({ model, ...body })

/** A key goes where either vendor looks for it. */
const keyHeaders = (apiKey: Redacted.Redacted | undefined): Readonly<Record<string, string>> => {
  if (apiKey === undefined) return {}
  const key = Redacted.value(apiKey)
  return { "x-api-key": key, authorization: `Bearer ${key}` }
}

const requestOf = (given: Case, { apiKey, model, url }: ConformanceRun) => {
  const request = HttpClientRequest.make(given.method)(`${url}${given.path}`, {
    headers: { ...given.headers, ...keyHeaders(apiKey) }
  })
  return given.method === "GET"
    ? request
    : HttpClientRequest.bodyText(request, bodyOf(given, model), "application/json")
}

const ask = Effect.fnUntraced(
  function* (given: Case, run: ConformanceRun) {
    const client = yield* HttpClient.HttpClient
    const response = yield* client.execute(requestOf(given, run))
    const text = yield* response.text
    return issueOf(given, { status: response.status, headers: response.headers, text }, run.model)
  },
  Effect.scoped,
  // One answer that breaks off says nothing of the others.
  Effect.catch((error: HttpClientError.HttpClientError) => Effect.succeed(`there is no answer: ${error.message}`))
)

/** Asks, and gives what came of each case. Never fails: a server that cannot be reached is wrong in every case. */
export const runConformance = (
  run: ConformanceRun
): Effect.Effect<ReadonlyArray<CaseResult>, never, HttpClient.HttpClient> =>
  Effect.forEach(
    conformanceCases.filter(({ api }) => run.apis.includes(api)),
    (given) => Effect.map(ask(given, run), (issue): CaseResult => ({ api: given.api, name: given.name, issue })),
    { concurrency: run.concurrency }
  )
