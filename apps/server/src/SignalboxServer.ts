/**
 * The HTTP server as a layer over a `Host`: it listens while the layer lives. On loopback only, as long as nobody is
 * asked for a key.
 */
import { type Host, isLoopback, isOpenToAll } from "@signalbox/host"
import { ByteSize, Context, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServer } from "effect/http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { createServer } from "node:http"
import { ApiContext, type ServerSection } from "./api/ApiContext.ts"
import { ModelRoutes } from "./api/routes.ts"
import { PortInUse, UnsafeBind } from "./errors.ts"
import { ClientConversations } from "./ws/ClientConversations.ts"
import { socketOptions } from "./ws/socketOptions.ts"

/** The address at which the server listens. */
export class SignalboxServer extends Context.Service<SignalboxServer, { readonly url: string }>()(
  "@signalbox/server/SignalboxServer"
) {
  /** Port 0 lets the system choose one. */
  static readonly layer = (options: ServerSection): Layer.Layer<SignalboxServer, PortInUse | UnsafeBind, Host> =>
    !isOpenToAll(options.auth.mode, options.tools, options.mcpUrls.allowed) || isLoopback(options.host)
      ? listening(options)
      : Layer.effect(SignalboxServer, Effect.fail(new UnsafeBind({ host: options.host })))
}

const listening = (options: ServerSection) => {
  const { host, port } = options
  const http = NodeHttpServer.layer(createServer, {
    host,
    port,
    gracefulShutdownTimeout: "1 second",
    websocket: socketOptions(options)
  }).pipe(Layer.catch(() => Layer.effectContext(Effect.fail(new PortInUse({ host, port })))))
  const routes = HttpRouter.serve(ModelRoutes, { disableListenLog: true, disableLogger: true })
  const address = Layer.effect(
    SignalboxServer,
    Effect.map(HttpServer.HttpServer, (server) => ({ url: HttpServer.formatAddress(server.address) }))
  )
  return Layer.merge(routes, address).pipe(
    Layer.provide(Layer.merge(ApiContext.layer(options), ClientConversations.layer)),
    Layer.provide(http),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(options.maxRequestBytes)))
  )
}
