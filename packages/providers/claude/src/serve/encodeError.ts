/**
 * Any failure as the Messages API says it: status, headers and envelope, from the status table.
 * Coding agents act on the texts of 400 and 413 (`prompt is too long: …`), so those of an upstream are kept.
 */
import { isSignalboxError, type SignalboxError, statusOf, toJson } from "@signalbox/errors"
import { ModelRequestRejected } from "@signalbox/model"
import { Duration, Predicate } from "effect"
import { type ErrorWire } from "../wire.ts"

/** An error answer, ready to be sent. */
export interface EncodedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ErrorWire
}

const isTooLarge = (error: unknown): boolean => error instanceof ModelRequestRejected && error.httpStatus === 413

const messageOf = (error: unknown): string => {
  if (error instanceof ModelRequestRejected) return error.reason
  return isSignalboxError(error) ? toJson(error).message : "Internal server error"
}

/** The API's own code for a case, wherever an error brings one as `errorCode`: official clients have classes for them. */
const detailsOf = (error: unknown) =>
  isSignalboxError(error) && Predicate.hasProperty(error, "errorCode") && typeof error.errorCode === "string"
    ? { details: { error_code: error.errorCode } }
    : {}

/** The envelope alone: the body of an answer, and the `error` event of a stream. Foreign errors stay unnamed. */
export const errorBody = (error: unknown, requestId: string): ErrorWire => ({
  type: "error",
  error: {
    type: isTooLarge(error) ? "request_too_large" : statusOf(error).anthropic,
    message: messageOf(error),
    ...detailsOf(error)
  },
  request_id: requestId
})

/** Seconds, rounded up: an earlier try would be refused again. */
const retryAfter = (error: SignalboxError) =>
  error.retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(Duration.toSeconds(error.retryAfter))) }

/** The whole answer. `x-should-retry` keeps official clients from trying again what cannot succeed. */
export const encodeError = (error: unknown, requestId: string): EncodedError => ({
  status: isTooLarge(error) ? 413 : statusOf(error).http,
  headers: {
    "content-type": "application/json",
    "request-id": requestId,
    ...(isSignalboxError(error) ? { "x-should-retry": String(error.retryable), ...retryAfter(error) } : {})
  },
  body: errorBody(error, requestId)
})
