/**
 * What every answer has, whatever is asked: ids in its headers, and errors in the envelope of the API that was asked.
 */
import { isSignalboxError, parseCorrelationId, withCorrelationId } from "@signalbox/errors"
import { isToldInPart } from "@signalbox/model"
import { Cause, Clock, Effect, Random } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { isLoopback } from "@signalbox/host"
import { OriginRefused } from "../errors.ts"
import type { EncodedFailure } from "./Dialect.ts"

/** What a handler knows of the request that it answers. */
export interface RequestIds {
  /** `req_…`: ours, on every answer, in the header that official SDKs read. */
  readonly requestId: string
  /** Those of the request id, for the ids of what answers it. */
  readonly digits: string
  readonly headers: Readonly<Record<string, string>>
}

/** How an API says that a request failed. */
export type SayFailure = (error: unknown, requestId: string) => EncodedFailure

/** 24 hexadecimal characters: the length that ids of the Messages API have. */
const randomDigits: Effect.Effect<string> = Effect.map(
  // Not an effect for each digit: every request waits for this.
  Effect.all([Random.next, Random.next, Random.next]),
  (parts) =>
    parts
      .map((part) =>
        Math.floor(part * 2 ** 32)
          .toString(16)
          .padStart(8, "0")
      )
      .join("")
)

/** Logs a failure where more is known of it than its client is told, and else where somebody looks for it. */
export const logFailure = (what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasDies(cause)) return Effect.logError(what, cause)
  const error = Cause.squash(cause)
  return isSignalboxError(error) && isToldInPart(error)
    ? Effect.logWarning(`${what}: ${error.message}`)
    : Effect.logDebug(what, cause)
}

/** Logs a failure and says it in the envelope; a defect is told in general words only. */
export const refuse = (
  say: SayFailure,
  cause: Cause.Cause<unknown>,
  ids: RequestIds,
  more: Readonly<Record<string, string>> = {}
) => {
  const { body, headers, status } = say(Cause.squash(cause), ids.requestId)
  const response = HttpServerResponse.jsonUnsafe(body, { status, headers: { ...headers, ...ids.headers, ...more } })
  return Effect.as(logFailure("The request failed", cause), response)
}

/**
 * A page in a browser can post to this machine without being asked, and where nobody is asked for a key there is none
 * that it would lack. Browsers name the page; other clients send no origin.
 */
const checkOrigin = (origin: string | undefined): Effect.Effect<void, OriginRefused> => {
  if (origin === undefined) return Effect.void
  const host = /^https?:\/\/(\[[^\]]*\]|[^:/]*)(:\d+)?$/.exec(origin)?.[1] ?? ""
  return isLoopback(host) ? Effect.void : Effect.fail(new OriginRefused({ origin }))
}

/**
 * Runs a handler as one request: adopts the caller's correlation id or makes one, logs one line, and answers
 * failures and defects with the error envelope. A caller that left is no failure.
 */
export const atEdge = <E, R>(
  request: HttpServerRequest.HttpServerRequest,
  say: SayFailure,
  handler: (ids: RequestIds) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) =>
  Effect.gen(function* () {
    const digits = yield* randomDigits
    const requestId = `req_${digits}`
    const given = [request.headers["x-correlation-id"], request.headers["x-request-id"]].map(parseCorrelationId)
    // The id of the program that serves would tie all of its requests together.
    const correlationId = given[0] ?? given[1] ?? requestId
    const headers = { "request-id": requestId, "x-request-id": requestId, "x-correlation-id": correlationId }
    const ids = { requestId, digits, headers }
    const context = {
      request_id: requestId,
      method: request.method,
      endpoint: request.url.split("?")[0],
      user_agent: request.headers["user-agent"]
    }
    const started = yield* Clock.monotonicTimeNanos
    const duration = Effect.map(Clock.monotonicTimeNanos, (now) => ({ duration_ms: Number(now - started) / 1e6 }))
    return yield* Effect.andThen(checkOrigin(request.headers["origin"]), handler(ids)).pipe(
      Effect.catchCause((cause) =>
        // Interruptions carry no error, so the cause is one of none.
        Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause as Cause.Cause<never>) : refuse(say, cause, ids)
      ),
      Effect.tap(({ status }) => Effect.flatMap(duration, (took) => Effect.logInfo("request", { status, ...took }))),
      Effect.onInterrupt(() => Effect.flatMap(duration, (took) => Effect.logInfo("request left by its client", took))),
      Effect.annotateLogs(context),
      withCorrelationId(correlationId)
    )
  })
