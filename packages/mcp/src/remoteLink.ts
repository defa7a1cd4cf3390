/**
 * The way to a server over HTTP, with the credentials that it wants. Loaded when there is such a server.
 */
import { Deferred, Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { authorizedFetch } from "./auth/authorizedFetch.ts"
import { makeAuthorizer } from "./auth/makeAuthorizer.ts"
import { metadataFetch } from "./auth/metadataFetch.ts"
import { ServerUnreachable } from "./connectErrors.ts"
import { StreamLost } from "./connectionErrors.ts"
import { guardedFetch, originFetch } from "./http/guardedFetch.ts"
import { makeHttpTransport } from "./http/HttpTransport.ts"
import { makeSseTransport } from "./http/SseTransport.ts"
import { type Link, withoutProcess } from "./link.ts"
import { openHttp } from "./sdk.ts"
import type { HttpOptions, MaybeSecret, ServerOptions } from "./ServerOptions.ts"

const reveal = (value: MaybeSecret): string => (typeof value === "string" ? value : Redacted.value(value))

/** The URL, the headers to send there, and the `fetch` to do it with. */
const placeOf = Effect.fnUntraced(function* (server: ServerOptions, endpoint: HttpOptions) {
  if (!URL.canParse(endpoint.url)) {
    return yield* new ServerUnreachable({
      serverName: server.name,
      url: endpoint.url,
      reason: "this is not a URL",
      retryable: false
    })
  }
  const headers = Object.entries(endpoint.headers).map(([name, value]) => [name, reveal(value)] as const)
  const fetch = yield* FetchHttpClient.Fetch
  const url = new URL(endpoint.url)
  const authorizer = yield* makeAuthorizer(server, endpoint, metadataFetch(fetch, url))
  return {
    url,
    headers: Object.fromEntries(headers),
    fetch: authorizer === undefined ? fetch : yield* authorizedFetch(fetch, authorizer, server)
  }
})

/** Messages that are under way, cancellations above all, still reach the server. */
const settle = (server: ServerOptions, settled: () => Promise<unknown>, then: () => Promise<unknown>) =>
  Effect.promise(settled).pipe(
    Effect.andThen(Effect.tryPromise(then)),
    Effect.timeoutOption(server.shutdownTimeout),
    // A server that cannot be told that the session is over finds out by itself.
    Effect.ignore
  )

/** Prepares the way to a Streamable HTTP server. Nothing is sent yet. */
export const openUrl = Effect.fnUntraced(function* (server: ServerOptions, endpoint: HttpOptions) {
  const { fetch, headers, url } = yield* placeOf(server, endpoint)
  const http = makeHttpTransport((ways) => openHttp(url, headers, guardedFetch(fetch, { ...server, ...ways })))
  return {
    ...withoutProcess,
    transport: http.transport,
    http,
    ended: Effect.never,
    abort: Effect.void,
    terminate: settle(server, http.settled, http.terminate)
  } satisfies Link
})

/** Prepares the way to a server of the transport before Streamable HTTP. Nothing is sent yet. */
export const openStream = Effect.fnUntraced(function* (server: ServerOptions, endpoint: HttpOptions) {
  const { fetch, headers, url } = yield* placeOf(server, endpoint)
  const lost = Deferred.makeUnsafe<StreamLost>()
  const http = makeSseTransport({
    url,
    headers,
    fetch: originFetch(fetch, server),
    maxMessageBytes: server.maxMessageBytes,
    onLost: (reason) => {
      Deferred.doneUnsafe(lost, Effect.succeed(new StreamLost({ serverName: server.name, reason })))
    }
  })
  return {
    ...withoutProcess,
    transport: http.transport,
    http,
    ended: Deferred.await(lost),
    // Closing what is closed already is all that can fail.
    abort: Effect.ignore(Effect.tryPromise(() => http.transport.close())),
    terminate: settle(server, http.settled, () => Promise.resolve())
  } satisfies Link
})
