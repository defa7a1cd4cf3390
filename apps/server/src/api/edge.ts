/**
 * What every answer has, whatever is asked: ids in its headers, and errors in the envelope of the API that was asked.
 */
import { correlate, isSignalboxError, parseCorrelationId } from "@signalbox/errors"
import { isToldInPart } from "@signalbox/model"
import { Cause, Clock, Context, Effect, Exit, Random, References } from "effect"
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
  /** Puts a field into every line that is logged for the request from now on. */
  readonly note: (name: string, value: string) => void
}

/** How an API says that a request failed. */
export type SayFailure = (error: unknown, requestId: string) => EncodedFailure

const hexDigits = (random: number): string =>
  Math.floor(random * 2 ** 32)
    .toString(16)
    .padStart(8, "0")

/** 24 hexadecimal characters: the length that ids of the Messages API have. */
const randomDigits = (random: typeof Random.Random.Service): string =>
  hexDigits(random.nextDoubleUnsafe()) + hexDigits(random.nextDoubleUnsafe()) + hexDigits(random.nextDoubleUnsafe())

/** Logs a failure where more is known of it than its client is told, and else where somebody looks for it. */
export const logFailure = (what: string, cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasDies(cause)) return Effect.logError(what, cause)
  const error = Cause.squash(cause)
  return isSignalboxError(error) && isToldInPart(error)
    ? Effect.logWarning(`${what}: ${error.message}`, { error_code: error.code })
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
const checkOrigin = (origin: string): Effect.Effect<void, OriginRefused> => {
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
  // In one go, since every request waits for this.
  Effect.contextWith((context: Context.Context<never>) => {
    const clock = Context.get(context, Clock.Clock)
    const digits = randomDigits(Context.get(context, Random.Random))
    const requestId = `req_${digits}`
    const given = request.headers
    // The id of the program that serves would tie all of its requests together.
    const correlationId =
      parseCorrelationId(given["x-correlation-id"]) ?? parseCorrelationId(given["x-request-id"]) ?? requestId
    const headers = { "request-id": requestId, "x-request-id": requestId, "x-correlation-id": correlationId }
    const fields: Record<string, unknown> = {
      ...Context.get(context, References.CurrentLogAnnotations),
      request_id: requestId,
      method: request.method,
      endpoint: request.url.split("?", 1)[0],
      user_agent: given["user-agent"]
    }
    const ids = { requestId, digits, headers, note: (name: string, value: string) => void (fields[name] = value) }
    const started = clock.monotonicTimeNanosUnsafe()
    const log = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse>) => {
      const duration = { duration_ms: Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6 }
      return Exit.isSuccess(exit)
        ? Effect.logInfo("request", { status: exit.value.status, ...duration })
        : Effect.logInfo("request left by its client", duration)
    }
    const origin = given["origin"]
    return (origin === undefined ? handler(ids) : Effect.andThen(checkOrigin(origin), handler(ids))).pipe(
      Effect.catchCause((cause) =>
        // Interruptions carry no error, so the cause is one of none.
        Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause as Cause.Cause<never>) : refuse(say, cause, ids)
      ),
      Effect.onExit(log),
      Effect.updateContext((outer: Context.Context<R>) =>
        // The object itself: what is noted later stands in the lines that follow.
        correlate<R>(correlationId)(Context.add(outer, References.CurrentLogAnnotations, fields))
      )
    )
  })
