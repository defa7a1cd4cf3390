/**
 * The HTTP server as a layer over a `Host`: it listens while the layer lives, on loopback only, because
 * nobody is asked for credentials yet.
 */
import { type Host, isLoopback } from "@signalbox/host"
import { ByteSize, Context, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServer } from "effect/http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { createServer } from "node:http"
import { unknownRoutes } from "./unknownRoutes.ts"
import { atEdge } from "./edge.ts"
import { PortInUse, RouteNotFound, UnsafeBind } from "./errors.ts"
import { MessagesRoute } from "./messages.ts"

/** Where to listen, and how much to read. Port 0 lets the system choose one. */
export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly maxRequestBytes: number
}

/** The address at which the server listens. */
export class MessagesServer extends Context.Service<MessagesServer, { readonly url: string }>()(
  "@signalbox/server/MessagesServer"
) {
  static readonly layer = (options: ServerOptions): Layer.Layer<MessagesServer, PortInUse | UnsafeBind, Host> =>
    isLoopback(options.host)
      ? listening(options)
      : Layer.effect(MessagesServer, Effect.fail(new UnsafeBind({ host: options.host })))
}

const NotFound = unknownRoutes((request, route) => atEdge(request, () => Effect.fail(new RouteNotFound(route))))

const listening = (options: ServerOptions) => {
  const { host, port } = options
  const http = NodeHttpServer.layer(createServer, { host, port, gracefulShutdownTimeout: "1 second" }).pipe(
    Layer.catch(() => Layer.effectContext(Effect.fail(new PortInUse({ host, port }))))
  )
  const routes = HttpRouter.serve(Layer.merge(MessagesRoute, NotFound), { disableListenLog: true, disableLogger: true })
  const address = Layer.effect(
    MessagesServer,
    Effect.map(HttpServer.HttpServer, (server) => ({ url: HttpServer.formatAddress(server.address) }))
  )
  return Layer.merge(routes, address).pipe(
    Layer.provide(http),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(options.maxRequestBytes)))
  )
}
