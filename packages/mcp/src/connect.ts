/**
 * Makes a connection: start, handshake, and the promise that nothing is left behind. One budget covers all
 * of it. A child process that does not come up is killed before the failure is reported.
 */
import { Effect, Exit, type FileSystem, type Path, Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { HandshakeTimeout } from "./connectErrors.ts"
import type { ConnectError } from "./errors.ts"
import { type Link, openInProcess, openStdio } from "./link.ts"
import type { McpClient } from "./McpClient.ts"
import { noQuestions, type Questions } from "./Questions.ts"
import type { Failure, Negotiation } from "./Session.ts"
import type { HttpOptions, ServerOptions } from "./ServerOptions.ts"
import { Refused, type Target } from "./Target.ts"
import { tapLink, WireTap } from "./WireTap.ts"

/** What the platform has to provide; `NodeServices.layer` has it all. */
type Platform = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path

/**
 * Connects to one server and shakes hands. The connection lives as long as the scope, which ends the
 * process or the session. Fails within `connectTimeout`, with nothing left running. The server is told that it
 * may ask what `questions` says.
 */
export const connect = Effect.fn("McpClient.connect")(function* (
  server: ServerOptions,
  questions: Questions = noQuestions
): Effect.fn.Return<McpClient, ConnectError, Scope.Scope | Platform> {
  let lastWords: Link["stderrTail"] = Effect.succeed([])
  const see = (link: Link) => {
    lastWords = link.stderrTail
  }
  const connection = yield* reach({ server, questions, see }).pipe(
    Effect.mapError((error) => (error instanceof Refused ? error.error : error)),
    Effect.timeoutOrElse({
      duration: server.connectTimeout,
      orElse: () =>
        Effect.flatMap(lastWords, (stderrTail) =>
          Effect.fail(
            new HandshakeTimeout({ serverName: server.name, limit: server.connectTimeout, stderrTail: [...stderrTail] })
          )
        )
    }),
    Effect.annotateSpans({ "mcp.server": server.name })
  )
  const { makeClient } = yield* handshaking
  return makeClient(connection)
})

/** What is not loaded before there is a way to a server. */
const handshaking = Effect.promise(() => import("./handshake.ts"))
const remoteLinks = Effect.promise(() => import("./remoteLink.ts"))

const openStreamOf = (server: ServerOptions, endpoint: HttpOptions) =>
  Effect.flatMap(remoteLinks, ({ openStream }) => openStream(server, endpoint))

/** `initialize` is unknown to a server of the new era, or its version is. */
const speaksOnlyModern = (failure: Failure): boolean =>
  failure._tag === "Version" || (failure._tag === "Rpc" && (failure.code === -32022 || failure.code === -32601))

/** Whether a server that refused Streamable HTTP so may speak the transport before it (MCP transports, "Backwards Compatibility"). */
const mayBeOlder = ({ error }: Refused): boolean =>
  error._tag === "ServerHttpStatus" && [400, 404, 405].includes(error.httpStatus)

const isRefused = (error: ConnectError | Refused): error is Refused => error instanceof Refused

/** The handshakes that make sense, one after the other. */
const reach = (target: Target) => {
  const { server } = target
  const { endpoint, protocol } = server
  // But for HTTP the old handshake comes first: many older servers exit when anything else does.
  const first: Negotiation = protocol === "auto" && endpoint.transport !== "http" ? "legacy" : protocol
  switch (endpoint.transport) {
    case "stdio":
    case "in-process": {
      const link = endpoint.transport === "stdio" ? openStdio(server, endpoint) : openInProcess(server, endpoint)
      const start = (negotiation: Negotiation) => attempt(target, link, negotiation)
      if (first === protocol) return start(first)
      return Effect.catch(start(first), (error) =>
        isRefused(error) && speaksOnlyModern(error.failure) ? start("2026-07-28") : Effect.fail(error)
      )
    }
    case "http": {
      const link = Effect.flatMap(remoteLinks, ({ openUrl }) => openUrl(server, endpoint))
      const streamable = attempt(target, link, protocol)
      if (protocol === "2026-07-28") return streamable
      return Effect.catch(streamable, (error) => {
        if (!isRefused(error) || !mayBeOlder(error)) return Effect.fail(error)
        // Where there is no stream either, the first refusal says more.
        return attempt(target, openStreamOf(server, endpoint), "legacy").pipe(
          Effect.mapError((second) => (isRefused(second) && hasNoStream(second.failure) ? error : second))
        )
      })
    }
    case "sse":
      return attempt(target, openStreamOf(server, endpoint), first)
  }
}

/** Whether there was no stream at all, in contrast to a handshake that failed on it. */
const hasNoStream = (failure: Failure): boolean =>
  failure._tag === "Http" ||
  failure._tag === "Network" ||
  (failure._tag === "Wire" && failure.fault.fault._tag === "NoStream")

/** One start and one handshake, in a scope of its own that is closed at once when they fail. */
const attempt = Effect.fnUntraced(function* <R>(
  target: Target,
  open: Effect.Effect<Link, ConnectError, R>,
  negotiation: Negotiation
) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  let abort: Effect.Effect<void> = Effect.void
  return yield* Effect.gen(function* () {
    const link = tapLink(yield* open, (yield* WireTap)?.())
    abort = link.abort
    target.see(link)
    const { establish } = yield* handshaking
    return yield* establish(target, link, negotiation)
  }).pipe(
    Scope.provide(scope),
    Effect.onError((cause) => abort.pipe(Effect.andThen(Scope.close(scope, Exit.failCause(cause)))))
  )
})
