/**
 * The way to a server before anything was said on it: a started process, a URL with a guarded `fetch`, or a function.
 */
import { redactText } from "@signalbox/errors"
import { Deferred, Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { authorizedFetch } from "./auth/authorizedFetch.ts"
import { makeAuthorizer } from "./auth/makeAuthorizer.ts"
import { metadataFetch } from "./auth/metadataFetch.ts"
import { ServeFailed, ServerUnreachable } from "./connectErrors.ts"
import { ServerExited, StreamLost } from "./connectionErrors.ts"
import { guardedFetch, originFetch } from "./http/guardedFetch.ts"
import { type HttpFacts, makeHttpTransport } from "./http/HttpTransport.ts"
import { makeSseTransport } from "./http/SseTransport.ts"
import { makeTransportPair, serve } from "./inProcess.ts"
import { logOnce } from "./logOnce.ts"
import { openHttp } from "./sdk.ts"
import {
  type HttpOptions,
  type InProcessOptions,
  type MaybeSecret,
  type ServerOptions,
  type StdioOptions
} from "./ServerOptions.ts"
import { resolveCommand } from "./stdio/command.ts"
import { childEnvironment, ParentEnvironment } from "./stdio/environment.ts"
import { startProcess } from "./stdio/process.ts"
import { makeStdioTransport } from "./stdio/StdioTransport.ts"
import { type Transport } from "./wire.ts"

/** A way to a server. */
export interface Link {
  readonly transport: Transport
  readonly http: HttpFacts | undefined
  readonly pid: number | undefined
  readonly stderrTail: Effect.Effect<ReadonlyArray<string>>
  /** Waits until the way is gone; over Streamable HTTP nothing tells, so it waits for ever. */
  readonly ended: Effect.Effect<ServerExited | StreamLost>
  /** Takes it down at once, when the handshake has failed. */
  readonly abort: Effect.Effect<void>
  /** Ends the session in good order. */
  readonly terminate: Effect.Effect<void>
}

/** Starts the process of a stdio server. */
export const openStdio = Effect.fnUntraced(function* (server: ServerOptions, endpoint: StdioOptions) {
  const env = childEnvironment(yield* ParentEnvironment, endpoint.env, endpoint.inheritsEnv)
  const program = yield* resolveCommand(server.name, endpoint, env)
  const onJunk = yield* logOnce(
    (text) => `Server "${server.name}" writes to standard output what is no message: ${redactText(text.slice(0, 200))}`
  )
  const { receive, transport } = makeStdioTransport(server, (bytes) => process.write(bytes), onJunk)
  const process = yield* startProcess(server, endpoint, program, env, receive)
  return {
    transport,
    http: undefined,
    pid: process.pid,
    stderrTail: process.stderrTail,
    ended: process.ended,
    abort: process.abort,
    terminate: Effect.void
  } satisfies Link
})

const remote = { pid: undefined, stderrTail: Effect.succeed([]) }

/** Connects a server of this program. */
export const openInProcess = Effect.fnUntraced(function* (server: ServerOptions, endpoint: InProcessOptions) {
  const closed = Deferred.makeUnsafe<ServerExited>()
  const { ours, theirs } = makeTransportPair(server, () => {
    const end = { exitCode: undefined, signal: undefined, stderrTail: [] }
    Deferred.doneUnsafe(closed, Effect.succeed(new ServerExited({ serverName: server.name, ...end })))
  })
  const close = Effect.promise(() => ours.close())
  yield* Effect.tryPromise({
    try: () => serve(endpoint, theirs),
    catch: (cause) =>
      new ServeFailed({
        serverName: server.name,
        reason: (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, ""),
        cause
      })
  }).pipe(Effect.onError(() => close))
  return {
    ...remote,
    transport: ours,
    http: undefined,
    ended: Deferred.await(closed),
    abort: close,
    terminate: close
  } satisfies Link
})

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
    ...remote,
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
    ...remote,
    transport: http.transport,
    http,
    ended: Deferred.await(lost),
    // Closing what is closed already is all that can fail.
    abort: Effect.ignore(Effect.tryPromise(() => http.transport.close())),
    terminate: settle(server, http.settled, () => Promise.resolve())
  } satisfies Link
})
