/**
 * The way to a server before anything was said on it: a started process, or a URL with a guarded `fetch`.
 */
import { redactText } from "@signalbox/errors"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { ServerUnreachable } from "./connectErrors.ts"
import { type ServerExited } from "./connectionErrors.ts"
import { guardedFetch } from "./http/guardedFetch.ts"
import { type HttpTransport, makeHttpTransport } from "./http/HttpTransport.ts"
import { logOnce } from "./logOnce.ts"
import { openHttp } from "./sdk.ts"
import { type HttpOptions, type MaybeSecret, type ServerOptions, type StdioOptions } from "./ServerOptions.ts"
import { resolveCommand } from "./stdio/command.ts"
import { childEnvironment, ParentEnvironment } from "./stdio/environment.ts"
import { startProcess } from "./stdio/process.ts"
import { makeStdioTransport } from "./stdio/StdioTransport.ts"
import { type Transport } from "./wire.ts"

/** A way to a server. */
export interface Link {
  readonly transport: Transport
  readonly http: HttpTransport | undefined
  readonly pid: number | undefined
  readonly stderrTail: Effect.Effect<ReadonlyArray<string>>
  /** Waits until the way is gone; over HTTP nothing tells, so it waits for ever. */
  readonly ended: Effect.Effect<ServerExited>
  /** Takes it down at once, when the handshake has failed. */
  readonly abort: Effect.Effect<void>
  /** Ends the session in good order. */
  readonly terminate: Effect.Effect<void>
}

/** Starts the process of a stdio server. */
export const openStdio = Effect.fnUntraced(function* (server: ServerOptions, endpoint: StdioOptions) {
  const env = childEnvironment(yield* ParentEnvironment, endpoint.env, endpoint.inheritsEnv)
  const file = yield* resolveCommand(server.name, endpoint, env)
  const onJunk = yield* logOnce(
    (text) => `Server "${server.name}" writes to standard output what is no message: ${redactText(text.slice(0, 200))}`
  )
  const { receive, transport } = makeStdioTransport(server, (bytes) => process.write(bytes), onJunk)
  const process = yield* startProcess(server, endpoint, file, env, receive)
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

const reveal = (value: MaybeSecret): string => (typeof value === "string" ? value : Redacted.value(value))

/** Prepares the way to an HTTP server. Nothing is sent yet. */
export const openUrl = Effect.fnUntraced(function* (server: ServerOptions, endpoint: HttpOptions) {
  if (!URL.canParse(endpoint.url)) {
    return yield* new ServerUnreachable({
      serverName: server.name,
      url: endpoint.url,
      reason: "this is not a URL",
      retryable: false
    })
  }
  const url = new URL(endpoint.url)
  const fetch = yield* FetchHttpClient.Fetch
  const headers = Object.fromEntries(Object.entries(endpoint.headers).map(([name, value]) => [name, reveal(value)]))
  const http = makeHttpTransport((ways) => openHttp(url, headers, guardedFetch(fetch, { ...server, ...ways })))
  return {
    transport: http.transport,
    http,
    pid: undefined,
    stderrTail: Effect.succeed([]),
    ended: Effect.never,
    abort: Effect.void,
    terminate: Effect.promise(http.settled).pipe(
      Effect.andThen(Effect.tryPromise(http.terminate)),
      Effect.timeoutOption(server.shutdownTimeout),
      Effect.ignore
    )
  } satisfies Link
})
