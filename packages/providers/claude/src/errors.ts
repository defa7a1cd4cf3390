/**
 * What a refusal of the Messages API means: by HTTP status for an answer, by error type inside a stream,
 * where the status was 200 before anything went wrong.
 */
import {
  ContentFiltered,
  type ModelError,
  ModelNotFound,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderInvalidResponse,
  ProviderOverloaded,
  ProviderQuotaExceeded,
  ProviderRateLimited,
  ProviderTimeout
} from "@signalbox/model"
import { Duration, Option, Predicate, Schema } from "effect"
import { type Answer, excerpt } from "@signalbox/model/http"
import { ErrorWire } from "./wire/reply.ts"

/** Whom was asked for what. */
export interface Asked {
  readonly provider: string
  readonly model: string
}

/** An answer that the API does not give. */
export const invalidResponse = ({ provider }: Pick<Asked, "provider">, reason: string): ProviderInvalidResponse =>
  new ProviderInvalidResponse({ provider, reason })

/** What is known of a refusal. */
interface Refusal {
  readonly asked: Asked
  readonly httpStatus: number
  /** `error.type` of the envelope, or empty. */
  readonly type: string
  /** The provider's own words. */
  readonly reason: string
  /** `error.details.error_code` of the envelope. */
  readonly errorCode: string | undefined
  readonly retryAfter?: Duration.Duration | undefined
}

/** The status that the API gives to each type of error ("Errors" in its reference). */
const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  not_supported: 501,
  timeout_error: 504,
  overloaded_error: 529
}

type ErrorOf = (refusal: Refusal) => ModelError

const said = ({ asked, errorCode, reason }: Refusal) => ({
  provider: asked.provider,
  reason,
  ...(errorCode === undefined ? {} : { errorCode })
})

const errorCodeOf = (envelope: ErrorWire | undefined): string | undefined => {
  const code = envelope?.error.details?.["error_code"]
  return typeof code === "string" ? code : undefined
}

const wait = ({ retryAfter }: Refusal) => (retryAfter === undefined ? {} : { retryAfter })

const authFailed: ErrorOf = (refusal) => new ProviderAuthFailed({ ...said(refusal), httpStatus: refusal.httpStatus })

const quotaExceeded: ErrorOf = (refusal) => new ProviderQuotaExceeded(said(refusal))

const rejected: ErrorOf = (refusal) => new ModelRequestRejected({ ...said(refusal), httpStatus: refusal.httpStatus })

const timedOut: ErrorOf = (refusal) => new ProviderTimeout({ ...said(refusal), ...wait(refusal), limit: Duration.zero })

/** Not this API has answered, but something else under its URL. */
const notThisApi: ErrorOf = ({ asked, httpStatus, reason }) =>
  new ProviderInvalidResponse({
    provider: asked.provider,
    hint: "Check the base URL.",
    reason: `HTTP ${httpStatus}: ${excerpt(reason)}`
  })

/** Without an envelope it is not this API that answered; a code of its own says that something else is missing. */
const notFound: ErrorOf = (refusal) => {
  if (refusal.type === "") return notThisApi(refusal)
  if (refusal.errorCode !== undefined) return rejected(refusal)
  return new ModelNotFound({ ...said(refusal), model: refusal.asked.model })
}

const errorOfStatus: ReadonlyMap<number, ErrorOf> = new Map<number, ErrorOf>([
  [400, (refusal) => (/content filter/i.test(refusal.reason) ? new ContentFiltered(said(refusal)) : rejected(refusal))],
  [401, authFailed],
  [402, quotaExceeded],
  [403, authFailed],
  [404, notFound],
  [408, timedOut],
  [429, (refusal) => new ProviderRateLimited({ ...said(refusal), ...wait(refusal) })],
  // Not every 5xx passes: what the server does not support it will not support in a minute.
  [501, rejected],
  [504, timedOut]
])

/** The error of an answer that was not 2xx. */
const refusalError: ErrorOf = (refusal) => {
  const { httpStatus, type } = refusal
  if (type === "billing_error") return quotaExceeded(refusal)
  const ofStatus = errorOfStatus.get(httpStatus)
  if (ofStatus !== undefined) return ofStatus(refusal)
  if (httpStatus >= 500) return new ProviderOverloaded({ ...said(refusal), httpStatus, ...wait(refusal) })
  return httpStatus < 400 ? notThisApi(refusal) : rejected(refusal)
}

/** The error that an `error` event, or an error envelope with status 200, stands for. */
export const envelopeError = (asked: Asked, envelope: ErrorWire): ModelError =>
  refusalError({
    asked,
    httpStatus: statusOfType[envelope.error.type] ?? 500,
    type: envelope.error.type,
    reason: envelope.error.message,
    errorCode: errorCodeOf(envelope)
  })

const decodeEnvelope = Schema.decodeUnknownOption(ErrorWire)

/** The envelope of a body, if it is one. */
export const readEnvelope = (body: unknown): ErrorWire | undefined =>
  // Most bodies are none, which costs less to see than a schema does.
  Predicate.hasProperty(body, "error") ? Option.getOrUndefined(decodeEnvelope(body)) : undefined

/** The error of an answer, from its status and what its body says. */
export const answerError =
  (asked: Asked) =>
  ({ body, httpStatus, retryAfter, text }: Answer): ModelError => {
    const envelope = readEnvelope(body)
    return refusalError({
      asked,
      httpStatus,
      type: envelope?.error.type ?? "",
      reason: envelope?.error.message ?? text,
      errorCode: errorCodeOf(envelope),
      retryAfter
    })
  }
