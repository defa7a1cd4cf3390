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
import { Duration, Option, Schema } from "effect"
import { excerpt } from "@signalbox/model/http"
import { ErrorWire } from "./wire.ts"

/** The name of this provider in errors and status lines. */
export const provider = "claude"

/** What is known of a refusal. */
interface Refusal {
  readonly httpStatus: number
  /** The model that was asked. */
  readonly model: string
  /** `error.type` of the envelope, or empty. */
  readonly type: string
  /** The provider's own words. */
  readonly reason: string
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

/** The error of an answer that was not 2xx. */
const refusalError = (refusal: Refusal): ModelError => {
  const { httpStatus, model, reason, type } = refusal
  const said = { provider, reason }
  const wait = refusal.retryAfter === undefined ? {} : { retryAfter: refusal.retryAfter }
  if (type === "billing_error" || httpStatus === 402) return new ProviderQuotaExceeded(said)
  if (httpStatus === 401 || httpStatus === 403) return new ProviderAuthFailed({ ...said, httpStatus })
  if (httpStatus === 404 && type !== "") return new ModelNotFound({ ...said, model })
  if (httpStatus === 429) return new ProviderRateLimited({ ...said, ...wait })
  if (httpStatus === 408 || httpStatus === 504) return new ProviderTimeout({ ...said, ...wait, limit: Duration.zero })
  // Not every 5xx passes: what the server does not support it will not support in a minute.
  if (httpStatus === 501) return new ModelRequestRejected({ ...said, httpStatus })
  if (httpStatus >= 500) return new ProviderOverloaded({ ...said, httpStatus, ...wait })
  if (httpStatus === 400 && /content filter/i.test(reason)) return new ContentFiltered(said)
  // Without an envelope it is not this API that answered.
  if (httpStatus === 404 || httpStatus < 400) {
    const hint = "Check the base URL."
    return new ProviderInvalidResponse({ provider, hint, reason: `HTTP ${httpStatus}: ${excerpt(reason)}` })
  }
  return new ModelRequestRejected({ ...said, httpStatus })
}

/** The error that an `error` event, or an error envelope with status 200, stands for. */
export const envelopeError = ({ error }: ErrorWire, model: string): ModelError =>
  refusalError({
    httpStatus: statusOfType[error.type] ?? 500,
    model,
    type: error.type,
    reason: error.message
  })

const decodeEnvelope = Schema.decodeUnknownOption(ErrorWire)

/** The envelope of a body, if it is one. */
export const readEnvelope = (body: unknown): ErrorWire | undefined => Option.getOrUndefined(decodeEnvelope(body))

/** The error of an answer, from its status and what its body says. */
export const answerError = (answer: {
  readonly httpStatus: number
  readonly model: string
  readonly body: unknown
  readonly text: string
  readonly retryAfter: Duration.Duration | undefined
}): ModelError => {
  const envelope = readEnvelope(answer.body)
  return refusalError({
    httpStatus: answer.httpStatus,
    model: answer.model,
    type: envelope?.error.type ?? "",
    reason: envelope?.error.message ?? answer.text,
    retryAfter: answer.retryAfter
  })
}
