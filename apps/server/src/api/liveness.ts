/**
 * `/` and `/api/hello`, by which coding agents find out whether somebody listens, without a key. They ask with HEAD,
 * which is answered as GET is.
 */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

const alive = Effect.succeed(HttpServerResponse.jsonUnsafe({ status: "ok" }))

/** The routes. */
export const LivenessRoutes = Layer.merge(HttpRouter.add("GET", "/", alive), HttpRouter.add("GET", "/api/hello", alive))
