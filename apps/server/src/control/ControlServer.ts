/**
 * The control API on the local socket of a place that this process has claimed, while the layer lives. Whoever may use
 * the socket may do everything, so it is for its user alone.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { makeCorrelationId, parseCorrelationId, withCorrelationId } from "@signalbox/errors"
import type { Host } from "@signalbox/host"
import { ByteSize, Context, Deferred, Effect, FileSystem, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { createServer } from "node:http"
import { unknownRoutes } from "../unknownRoutes.ts"
import { RouteNotFound } from "../errors.ts"
import { apiFailure } from "./ApiFailure.ts"
import { ControlApi, controlRoutes } from "./ControlApi.ts"
import { correlationHeader } from "./controlGroup.ts"
import { ControlHost } from "./ControlHost.ts"
import { HostNotAnswering } from "./errors.ts"
import type { ClaimedPlace } from "./HostRecord.ts"

/** The served socket. */
export class ControlServer extends Context.Service<
  ControlServer,
  {
    /** Waits until somebody asks the host to end. */
    readonly shutdownAsked: Effect.Effect<void>
  }
>()("@signalbox/server/ControlServer") {
  /** Listens on the socket of the place, and says in its record that it does. */
  static readonly layer = (
    place: ClaimedPlace
  ): Layer.Layer<ControlServer, HostNotAnswering, Host | FileSystem.FileSystem> =>
    Layer.unwrap(
      Effect.gen(function* () {
        const asked = yield* Deferred.make<void>()
        const closing = yield* Deferred.make<void>()
        const host = ControlHost.of({
          record: place.record,
          shutdown: Effect.asVoid(Deferred.succeed(asked, undefined)),
          closing: Deferred.await(closing)
        })
        const announced = Layer.effect(
          ControlServer,
          Effect.gen(function* () {
            const fs = yield* FileSystem.FileSystem
            const { socket } = place.record()
            // Its folder is closed to others already; the socket of a later version may stand elsewhere.
            if (process.platform !== "win32") yield* Effect.orDie(fs.chmod(socket, 0o600))
            yield* place.tell({ ready: true })
            // Runs before the server is closed, which waits for open answers.
            yield* Effect.addFinalizer(() => Deferred.succeed(closing, undefined))
            return { shutdownAsked: Deferred.await(asked) }
          })
        )
        return announced.pipe(Layer.provide(listening(place)), Layer.provide(Layer.succeed(ControlHost, host)))
      })
    )
}

const NotFound = unknownRoutes((_, route) => {
  const failure = apiFailure(new RouteNotFound({ ...route, hint: "The routes are below /v1/mcp." }))
  return Effect.succeed(HttpServerResponse.jsonUnsafe(failure, { status: failure.http_status }))
})

/** Where the same routes are looked for by older clients, and where Prometheus looks by itself. */
const otherPaths: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\/metrics(?=\?|$)/, "/v1/mcp/metrics/prometheus"],
  [/^\/api\/v1\/mcp\/status(?=\?|$)/, "/v1/mcp/servers/status"],
  [/^\/api\/v1\/mcp\/metrics\/summary(?=\?|$)/, "/v1/mcp/metrics"],
  [/^\/api(?=\/v1\/mcp(?:[/?]|$))/, ""]
]

const makeServer = () => {
  const server = createServer().prependListener("request", (request) => {
    for (const [path, own] of otherPaths) request.url = request.url?.replace(path, own)
  })
  // A new connection costs nothing here, and one that is kept open would hold up the end of the program.
  server.maxRequestsPerSocket = 1
  return server
}

/** Takes over the correlation id of whoever asks, or makes one, so that both sides log the same. */
const Correlated = HttpRouter.middleware(
  (handler) =>
    Effect.gen(function* () {
      const { headers, method, url } = yield* HttpServerRequest.HttpServerRequest
      // The id of the program that serves would tie all of its requests together.
      const id = parseCorrelationId(headers[correlationHeader]) ?? (yield* makeCorrelationId)
      return yield* handler.pipe(
        Effect.annotateLogs({ method, endpoint: url.split("?")[0] }),
        withCorrelationId(id),
        Effect.map(HttpServerResponse.setHeader(correlationHeader, id))
      )
    }),
  { global: true }
)

const listening = (place: ClaimedPlace) => {
  const { pid, socket } = place.record()
  const http = NodeHttpServer.layer(makeServer, { path: socket, gracefulShutdownTimeout: "1 second" }).pipe(
    Layer.catch((error) =>
      Layer.effectContext(Effect.fail(new HostNotAnswering({ pid, socket, reason: String(error.cause) })))
    )
  )
  const routes = Layer.merge(
    HttpApiBuilder.layer(ControlApi, { openapiPath: "/openapi.json" }).pipe(Layer.provide(controlRoutes)),
    Layer.merge(NotFound, Correlated)
  )
  return HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provideMerge(http),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, maxRequestSize))
  )
}

const maxRequestSize = ByteSize.mebibytes(1)
