/**
 * The way to a server before anything was said on it: a started process, or a function of this program.
 */
import { redactText } from "@signalbox/errors"
import { Deferred, Effect } from "effect"
import { ServeFailed } from "./connectErrors.ts"
import { ServerExited, type StreamLost } from "./connectionErrors.ts"
import type { HttpFacts } from "./http/HttpTransport.ts"
import { makeTransportPair, serve } from "./inProcess.ts"
import { logOnce } from "./logOnce.ts"
import type { InProcessOptions, ServerOptions, StdioOptions } from "./ServerOptions.ts"
import { resolveCommand } from "./stdio/command.ts"
import { childEnvironment, ParentEnvironment } from "./stdio/environment.ts"
import { startProcess } from "./stdio/process.ts"
import { makeStdioTransport } from "./stdio/StdioTransport.ts"
import type { Transport } from "./wire.ts"

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
  const { receive, transport } = makeStdioTransport(server, (text) => process.write(text), onJunk)
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

/** What a way without a process says of one. */
export const withoutProcess = { pid: undefined, stderrTail: Effect.succeed([]) }

/** Connects a server of this program. */
export const openInProcess = Effect.fnUntraced(function* (server: ServerOptions, endpoint: InProcessOptions) {
  const closed = Deferred.makeUnsafe<ServerExited | StreamLost>()
  const { ours, theirs } = makeTransportPair(server, () => {
    const end = { exitCode: undefined, signal: undefined, stderrTail: [] }
    const reason = endpoint.lostBy?.() ?? new ServerExited({ serverName: server.name, ...end })
    Deferred.doneUnsafe(closed, Effect.succeed(reason))
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
    ...withoutProcess,
    transport: ours,
    http: undefined,
    ended: Deferred.await(closed),
    abort: close,
    terminate: close
  } satisfies Link
})
