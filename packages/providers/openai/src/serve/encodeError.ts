/**
 * Any failure as OpenAI's APIs say it: status, headers and `{ error: { message, type, param, code } }`, from the
 * status table. Clients act upon `code`, so the API's own is said wherever it has one for the case.
 */
import { statuses, statusOf } from "@signalbox/errors"
import {
  clientMessage,
  ContentFiltered,
  ModelNotFound,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderOverloaded,
  retryHeaders
} from "@signalbox/model"
import { InvalidChatRequest, InvalidResponsesRequest } from "./InvalidRequest.ts"

/** The error envelope of both APIs. */
export interface OpenAiErrorWire {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

/** An error answer, ready to be sent. */
export interface EncodedOpenAiError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: OpenAiErrorWire
}

interface Row {
  readonly status: number
  readonly type: string
  readonly code: string | null
}

const invalidRequest = (status: number, code: string | null = null): Row => ({
  status,
  type: "invalid_request_error",
  code
})

const serverError = (status: number, code: string | null = null): Row => ({ status, type: "server_error", code })

/** The status table's rows in the words of this API, by their HTTP status. This API has no 402 and no 529. */
const rows: ReadonlyMap<number, Row> = new Map([
  [400, invalidRequest(400)],
  [401, invalidRequest(401, "invalid_api_key")],
  [402, { status: 429, type: "insufficient_quota", code: "insufficient_quota" }],
  [403, { status: 403, type: "permission_error", code: "permission_denied" }],
  [404, invalidRequest(404)],
  [409, invalidRequest(409, "conflict")],
  [413, invalidRequest(413, "request_too_large")],
  [429, { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" }],
  [500, serverError(500)],
  [501, serverError(501, "not_supported")],
  [502, serverError(502)],
  [503, { status: 503, type: "service_unavailable_error", code: "server_is_overloaded" }],
  [504, serverError(504, "timeout")],
  [529, { status: 503, type: "service_unavailable_error", code: "server_is_overloaded" }]
])

/** Statuses of an upstream that one of our errors covers together with others, and that clients tell apart. */
const kept = new Set([403, 409, 413, 500, 501, 502])

/** What upstreams of any kind say of a conversation that does not fit. Clients shorten it when they read the code. */
const tooLong = /prompt is too long|context_length_exceeded|maximum context length/i

const isInvalid = (error: unknown): error is InvalidChatRequest | InvalidResponsesRequest =>
  error instanceof InvalidChatRequest || error instanceof InvalidResponsesRequest

const isBroad = (error: unknown): error is ModelRequestRejected | ProviderAuthFailed | ProviderOverloaded =>
  error instanceof ModelRequestRejected || error instanceof ProviderAuthFailed || error instanceof ProviderOverloaded

const rowOf = (error: unknown): Row => {
  if (isInvalid(error)) return invalidRequest(400, error.errorCode ?? null)
  if (error instanceof ModelNotFound) return invalidRequest(404, "model_not_found")
  if (error instanceof ContentFiltered) return invalidRequest(400, "content_filter")
  if (error instanceof ModelRequestRejected && tooLong.test(`${error.reason} ${error.errorCode}`)) {
    return invalidRequest(400, "context_length_exceeded")
  }
  const http = isBroad(error) && kept.has(error.httpStatus) ? error.httpStatus : statusOf(error).http
  return rows.get(http) ?? serverError(statuses.internal.http)
}

const paramOf = (error: unknown): string | null => {
  if (isInvalid(error)) return error.path === "" ? null : error.path
  return error instanceof ModelNotFound ? "model" : null
}

const codeOfUpstream = (error: unknown): string | null =>
  error instanceof ModelRequestRejected ? (error.errorCode ?? null) : null

/** The envelope alone, as streams carry it. */
export const openAiErrorBody = (error: unknown): OpenAiErrorWire => {
  const { code, type } = rowOf(error)
  return { error: { message: clientMessage(error), type, param: paramOf(error), code: code ?? codeOfUpstream(error) } }
}

/** The whole answer. */
export const encodeOpenAiError = (error: unknown, requestId: string): EncodedOpenAiError => ({
  status: rowOf(error).status,
  headers: {
    "content-type": "application/json",
    "x-request-id": requestId,
    ...retryHeaders(error)
  },
  body: openAiErrorBody(error)
})
