/**
 * The handshake on a way to a server, and the connection that comes out of it. Loaded when the way is being made: the
 * protocol client takes as long to load as a server takes to start.
 */
import { Effect, PubSub } from "effect"
import { makeChanges } from "./Changes.ts"
import { makeChannel } from "./Channel.ts"
import { ProtocolMismatch } from "./connectErrors.ts"
import { type Connection, makeEnding } from "./Connection.ts"
import { connectError } from "./faults.ts"
import type { Link } from "./link.ts"
import { logOnce } from "./logOnce.ts"
import type { LogMessage } from "./McpClient.ts"
import { makeQuestionDesk, type QuestionDesk } from "./QuestionDesk.ts"
import { capabilitiesOf } from "./Questions.ts"
import { makeRunningCalls } from "./RunningCalls.ts"
import { failureOf, isKnownVersion, openSession, rpcFailure } from "./sdk.ts"
import type { Negotiation, Session } from "./Session.ts"
import { watchLists } from "./subscriptions.ts"
import { Refused, type Target } from "./Target.ts"

export { makeClient } from "./makeClient.ts"

/** Notices that a slow reader may be behind. */
const keptMessages = 256

/** Shakes hands. The connection lives as long as the scope. */
export const establish = Effect.fnUntraced(function* (
  { questions, server }: Target,
  link: Link,
  negotiation: Negotiation
) {
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
