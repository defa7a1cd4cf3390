/**
 * HTTP by undici. Connections are kept and used again; those to a proxy too, where `HTTP_PROXY`, `HTTPS_PROXY` and
 * `NO_PROXY` of this process ask for one. No host is treated otherwise. Loaded at the first request.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import Undici from "@effect/platform-node/Undici"
import { Effect } from "effect"
import { sendBy } from "./sendBy.ts"

/** The most connections to one server: a request beyond waits for another to end. */
const maxConnections = 256

const proxyVariables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"]

/** Asking for each request whether a proxy stands before its host costs as much as sending it: only where there is one. */
const makeDispatcher = (): Undici.Dispatcher =>
  proxyVariables.some((name) => (process.env[name] ?? "") !== "")
    ? new Undici.EnvHttpProxyAgent({ connections: maxConnections })
    : new Undici.Agent({ connections: maxConnections })

/** The HTTP client of this process, and the short way for bytes that are only handed on: over the same connections. */
export const makeHttp = Effect.gen(function* () {
  const dispatcher = yield* Effect.acquireRelease(Effect.sync(makeDispatcher), (agent) =>
    Effect.promise(() => agent.destroy())
  )
  // Effect's own layer would bring the whole context of its making to every request.
  const client = yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
  return { client, send: sendBy(dispatcher) }
})
