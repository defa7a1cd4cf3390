/**
 * Answers for paths that no route has: the router has no words for a path that it does not know or cannot read.
 */
import { Cause, Effect } from "effect"
import { HttpRouter, HttpServerError, type HttpServerRequest, type HttpServerResponse } from "effect/http"

/** What was asked for; the path without its query. */
interface Asked {
  readonly method: string
  readonly path: string
}

/** A middleware for all routes that gives `answer` where there is none. */
export const unknownRoutes = <R>(
  answer: (
    request: HttpServerRequest.HttpServerRequest,
    asked: Asked
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
) =>
  HttpRouter.middleware(
    Effect.catchCause((cause) => {
      const error = Cause.squash(cause)
      if (!HttpServerError.isHttpServerError(error) || error.reason._tag !== "RouteNotFound") {
        return Effect.failCause(cause)
      }
      const { method, url } = error.request
      return answer(error.request, { method, path: url.split("?")[0] ?? "" })
    }),
    { global: true }
  )
