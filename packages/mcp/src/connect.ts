/**
 * Makes a connection: start, handshake, and the promise that nothing is left behind. One budget covers all
 * of it. A child process that does not come up is killed before the failure is reported.
 */
import { Effect, Exit, type FileSystem, type Path, PubSub, Scope } from "effect"
import { type ChildProcessSpawner } from "effect/process"
import { makeChanges } from "./Changes.ts"
import { makeChannel } from "./Channel.ts"
import { HandshakeTimeout, ProtocolMismatch } from "./connectErrors.ts"
import { type Connection, makeEnding } from "./Connection.ts"
import { type ConnectError } from "./errors.ts"
import { connectError } from "./faults.ts"
import { type Link, openInProcess, openStdio, openStream, openUrl } from "./link.ts"
import { logOnce } from "./logOnce.ts"
import { makeClient } from "./makeClient.ts"
import { type LogMessage, type McpClient } from "./McpClient.ts"
import { makeQuestionDesk, type QuestionDesk } from "./QuestionDesk.ts"
import { capabilitiesOf, noQuestions, type Questions } from "./Questions.ts"
import { makeRunningCalls } from "./RunningCalls.ts"
import { failureOf, isKnownVersion, openSession, rpcFailure } from "./sdk.ts"
import { type Failure, type Negotiation, type Session } from "./Session.ts"
import { type ServerOptions } from "./ServerOptions.ts"
import { watchLists } from "./subscriptions.ts"

/** What the platform has to provide; `NodeServices.layer` has it all. */
type Platform = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path

/** What is connected to, and on whose behalf. */
interface Target {
  readonly server: ServerOptions
  readonly questions: Questions
  /** Is shown the way to the server before the handshake. */
  readonly see: (link: Link) => void
}

/** Notices that a slow reader may be behind. */
const keptMessages = 256

/** The handshake failed with this. */
class Refused {
  readonly failure: Failure
  readonly error: ConnectError
  constructor(failure: Failure, error: ConnectError) {
    this.failure = failure
    this.error = error
  }
}

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
  return makeClient(connection)
})

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
      const streamable = attempt(target, openUrl(server, endpoint), protocol)
      if (protocol === "2026-07-28") return streamable
      return Effect.catch(streamable, (error) => {
        if (!isRefused(error) || !mayBeOlder(error)) return Effect.fail(error)
        // Where there is no stream either, the first refusal says more.
        return attempt(target, openStream(server, endpoint), "legacy").pipe(
          Effect.mapError((second) => (isRefused(second) && hasNoStream(second.failure) ? error : second))
        )
      })
    }
    case "sse":
      return attempt(target, openStream(server, endpoint), first)
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
    const link = yield* open
    abort = link.abort
    target.see(link)
    return yield* establish(target, link, negotiation)
  }).pipe(
    Scope.provide(scope),
    Effect.onError((cause) => abort.pipe(Effect.andThen(Scope.close(scope, Exit.failCause(cause)))))
  )
})

const establish = Effect.fnUntraced(function* ({ questions, server }: Target, link: Link, negotiation: Negotiation) {
  const ending = yield* makeEnding
  const changes = { tools: yield* makeChanges, prompts: yield* makeChanges, resources: yield* makeChanges }
  const updates = yield* Effect.acquireRelease(PubSub.sliding<string>(keptMessages), PubSub.shutdown)
  const logs = yield* Effect.acquireRelease(PubSub.sliding<LogMessage>(keptMessages), PubSub.shutdown)
  const calls = makeRunningCalls()
  const onStray = yield* logOnce((id) => `Server "${server.name}" answers what nobody asked (id ${id}).`)
  let era: Session["handshake"]["era"] | undefined
  const isModern = () => era === "modern"
  const desk: QuestionDesk = yield* makeQuestionDesk(questions, calls, (answer) => channel.send(answer))
  const channel = makeChannel(link.transport, {
    onLog: (message) => void PubSub.publishUnsafe(logs, message),
    // The newest era has no requests of servers; what looks like one is not answered.
    onQuestion: (question, call) => (isModern() ? onStray(String(question.id)) : desk.ask(question, call)),
    onWithdrawn: (id) => desk.withdraw(id),
    onListChanged: (kind) => changes[kind].announce(),
    onResourceUpdated: (uri) => void PubSub.publishUnsafe(updates, uri),
    onStray: (id) => onStray(String(id))
  })

  const session = yield* Effect.callback<Session, Refused>((resume) => {
    const abort = new AbortController()
    openSession(channel.transport, negotiation, capabilitiesOf(questions), abort.signal).then(
      (opened) => resume(Effect.succeed(opened)),
      (error: unknown) => resume(Effect.fail(refused(error)))
    )
    return Effect.sync(() => abort.abort())
  }).pipe(Effect.raceFirst(Effect.flip(link.ended)))

  era = session.handshake.era
  const connection: Connection = {
    server,
    session,
    channel,
    http: link.http,
    ending,
    changes,
    updates,
    logLevel: { current: undefined },
    logs,
    calls,
    questions,
    pid: link.pid,
    stderrTail: link.stderrTail
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(ending.finish).pipe(
      Effect.andThen(link.terminate),
      // The connection has ended already; the SDK only clears up after itself.
      Effect.andThen(Effect.ignore(Effect.tryPromise(() => session.close())))
    )
  )
  yield* link.ended.pipe(
    Effect.flatMap((reason) =>
      Effect.suspend(() => {
        ending.lose(reason)
        // As above: everybody was told by the line before.
        return Effect.ignore(Effect.tryPromise(() => session.close()))
      })
    ),
    Effect.forkScoped
  )
  yield* Effect.forkScoped(watchLists(connection))
  return connection

  function refused(error: unknown): Refused {
    const failure = failureOf(error)
    const offered = channel.offeredVersion()
    const mismatch = offered !== undefined && !isKnownVersion(offered)
    const exchange = link.http?.exchangeBehind(error) ?? link.http?.lastFailed()
    const context = { server, method: "the handshake", exchange, hasSession: false }
    if (mismatch) {
      return new Refused(
        failure,
        new ProtocolMismatch({ serverName: server.name, wanted: server.protocol, offered: [offered] })
      )
    }
    const explained = connectError(context, failure)
    // A server that fails in the newer handshake is taken for an older one. What it said there tells more.
    const discoverError = channel.discoverError()
    return new Refused(
      failure,
      explained._tag === "ProtocolMismatch" && discoverError !== undefined
        ? connectError(context, rpcFailure(discoverError))
        : explained
    )
  }
})
