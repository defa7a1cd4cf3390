/**
 * HTTP by undici. Connections are kept and used again; those to a proxy too, where `HTTP_PROXY`, `HTTPS_PROXY` and
 * `NO_PROXY` of this process ask for one. No host is treated otherwise. Loaded at the first request.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import Undici from "@effect/platform-node/Undici"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"

/** The most connections to one server: a request beyond waits for another to end. */
const maxConnections = 256

const dispatcher = Layer.effect(
  NodeHttpClient.Dispatcher,
  Effect.acquireRelease(
    Effect.sync(() => new Undici.EnvHttpProxyAgent({ connections: maxConnections })),
    (agent) => Effect.promise(() => agent.destroy())
  )
)

/** The HTTP client of this process. */
export const layer = Layer.provide(
  // Effect's own layer brings the whole context of its making to every request, which costs more than the request.
  Layer.effect(HttpClient.HttpClient, NodeHttpClient.makeUndici),
  dispatcher
)
