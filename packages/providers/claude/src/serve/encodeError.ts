/**
 * Any failure as the Messages API says it: status, headers and envelope, from the status table.
 * Coding agents act on the texts of 400 and 413 (`prompt is too long: …`), so those of an upstream are kept.
 */
import { type ErrorStatus, isSignalboxError, statuses, statusOf } from "@signalbox/errors"
import {
  clientMessage,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderOverloaded,
  retryHeaders
} from "@signalbox/model"
import { Predicate } from "effect"
import type { ErrorWire } from "../wire/reply.ts"

/** An error answer, ready to be sent. */
export interface EncodedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ErrorWire
}

type Row = Pick<ErrorStatus, "http" | "anthropic">

/** Statuses of an upstream that one of our errors covers together with others, and that clients tell apart. */
const rowsOfUpstream: ReadonlyMap<number, Row> = new Map<number, Row>([
  [403, statuses.forbidden],
  [404, statuses.notFound],
  [409, statuses.conflict],
  [412, { http: 412, anthropic: "invalid_request_error" }],
  [413, statuses.tooLarge],
  [500, statuses.internal],
  [501, { http: 501, anthropic: "not_supported" }],
  [502, statuses.badGateway],
  [503, statuses.unavailable]
])

const rowOf = (error: unknown): Row => {
  const isBroad =
    error instanceof ModelRequestRejected || error instanceof ProviderAuthFailed || error instanceof ProviderOverloaded
  return (isBroad ? rowsOfUpstream.get(error.httpStatus) : undefined) ?? statusOf(error)
}

/** The API's own code for a case, wherever an error brings one as `errorCode`: official clients have classes for them. */
const detailsOf = (error: unknown) =>
  isSignalboxError(error) && Predicate.hasProperty(error, "errorCode") && typeof error.errorCode === "string"
    ? { details: { error_code: error.errorCode } }
    : {}

/** The envelope alone: the body of an answer, and the `error` event of a stream. */
export const errorBody = (error: unknown, requestId?: string): ErrorWire => ({
  type: "error",
  error: {
    type: rowOf(error).anthropic,
    message: clientMessage(error),
    ...detailsOf(error)
  },
  ...(requestId === undefined ? {} : { request_id: requestId })
})

/** The whole answer. */
export const encodeError = (error: unknown, requestId: string): EncodedError => ({
  status: rowOf(error).http,
  headers: {
    "content-type": "application/json",
    "request-id": requestId,
    ...retryHeaders(error)
  },
  body: errorBody(error, requestId)
})
