/**
 * `/ws/chat`: a conversation over a WebSocket, whose history the server keeps. A socket has one conversation, that of the id
 * that its client gives (`?conversation_id=`), and any number of requests at a time: turns come one after the other, other
 * requests are answered meanwhile. Who leaves stops what runs; asked again under the same request id, it goes on.
 */
import { Host } from "@signalbox/host"
import { Cause, Effect, Fiber, FiberSet, Schema, Stream } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Socket } from "effect/socket"
import { ApiContext } from "../api/ApiContext.ts"
import { atEdge, logFailure, type RequestIds } from "../api/edge.ts"
import { messagesDialect } from "../api/messagesDialect.ts"
import { chatTurn, type SocketClient } from "./chatTurn.ts"
import { ClientConversations } from "./ClientConversations.ts"
import { UpgradeMissing } from "./errors.ts"
import { type ChatFrame, type ClientFrame, ServerFrame } from "./frames.ts"
import { readFrame } from "./readFrame.ts"
import { maxMessageBytes } from "./socketOptions.ts"
import { errorFrame, frame, makeTurnFrames } from "./turnFrames.ts"

/** After so many frames in a row that are none, a client is not worth listening to. */
const mostBadFrames = 10

/** Close codes of RFC 6455, section 7.4.1. */
const closeCodes = { policy: 1008, tooBig: 1009 } as const

const encode = Schema.encodeEffect(ServerFrame)

type Send = (said: ServerFrame) => Effect.Effect<void, Socket.SocketError>

/** Says that a request failed, unless it was stopped: who stopped it says so. */
const tellFailure =
  (id: string, send: Send) =>
  <E>(cause: Cause.Cause<E>): Effect.Effect<void, Socket.SocketError> =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.interrupt
      : Effect.andThen(logFailure("A request over a socket failed", cause), send(errorFrame(id, Cause.squash(cause))))

/** Answers a question. */
const answerChat = (socket: SocketClient, request: ChatFrame, send: Send) => {
  const { begin, of } = makeTurnFrames(request, socket.conversation.id)
  return Effect.gen(function* () {
    yield* send(begin)
    const events = yield* chatTurn(socket, request)
    yield* Stream.runForEach(events, (event) => Effect.forEach(of(event), send, { discard: true }))
  }).pipe(Effect.scoped, Effect.catchCause(tellFailure(request.request_id, send)))
}

/** What a socket does with its frames. */
const makeSocket = Effect.fnUntraced(function* (socket: SocketClient, send: Send) {
  const fibers = yield* FiberSet.make()
  const running = new Map<string, Set<Fiber.Fiber<unknown, unknown>>>()

  const chat = Effect.fnUntraced(function* (request: ChatFrame) {
    const { request_id: id } = request
    const fiber = yield* FiberSet.run(fibers, answerChat(socket, request, send))
    const own = running.get(id) ?? new Set()
    running.set(id, own.add(fiber))
    fiber.addObserver(() => {
      own.delete(fiber)
      if (own.size === 0 && running.get(id) === own) running.delete(id)
    })
  })

  const cancel = Effect.fnUntraced(function* (id: string) {
    const own = [...(running.get(id) ?? [])]
    // There is nothing to stop: it has ended, or was never asked.
    if (own.length === 0) return yield* send(frame(id, { status: "cancelled" }))
    const stopped = send(frame(id, { status: "cancelled" }))
    yield* FiberSet.run(fibers, Effect.andThen(Fiber.interruptAll(own), stopped))
  })

  const history = Effect.fnUntraced(function* (id: string, limit: number | undefined) {
    const { conversation } = socket
    const data = yield* conversation.store.getEvents(conversation.storedAs, limit === undefined ? {} : { limit })
    yield* send(
      frame(id, {
        status: "complete",
        chunk: { type: "history", data },
        metadata: { conversation_id: conversation.id }
      })
    )
  })

  return (request: ClientFrame) => {
    const { request_id: id } = request
    switch (request.action) {
      case "chat":
        return chat(request)
      case "cancel":
        return cancel(id)
      case "ping":
        return send(frame(id, { status: "complete", chunk: {} }))
      case "history":
        return Effect.catchCause(history(id, request.payload?.limit), tellFailure(id, send))
    }
  }
})

/** Listens until the client leaves, or has to. */
const converse = Effect.fnUntraced(function* (upgraded: Socket.Socket, client: SocketClient, maxBytes: number) {
  const writer = yield* upgraded.writer
  const pull = yield* Socket.readerString(upgraded)
  const send: Send = (said) => Effect.flatMap(Effect.orDie(encode(said)), (text) => writer.write(JSON.stringify(text)))
  const handle = yield* makeSocket(client, send)
  let bad = 0
  while (true) {
    for (const text of yield* pull) {
      if (Buffer.byteLength(text) > maxBytes)
        return yield* writer.write(new Socket.CloseEvent(closeCodes.tooBig, `A frame has over ${maxBytes} bytes.`))
      const request = yield* readFrame(text)
      if (request._tag === "Valid") {
        bad = 0
        yield* handle(request.frame)
        continue
      }
      yield* send(errorFrame(request.requestId, request.error))
      if (++bad < mostBadFrames) continue
      return yield* writer.write(new Socket.CloseEvent(closeCodes.policy, "Too many frames are no requests."))
    }
  }
})

/** The conversation that a client wants, or a new one. */
const wantedId = (url: string, digits: string): string =>
  new URLSearchParams(url.split("?")[1] ?? "").get("conversation_id") ?? `conv_${digits}`

const open = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, ids: RequestIds) {
  const server = yield* ApiContext
  const host = yield* Host
  const { headers } = request
  const client = yield* server.letIn(headers)
  ids.note("client", client.name)
  if (headers["upgrade"]?.toLowerCase() !== "websocket") return yield* new UpgradeMissing({})
  const conversation = yield* (yield* ClientConversations).open(client.name, wantedId(request.url, ids.digits))
  const owner = { principal: client.name, conversationId: conversation.storedAs }
  yield* Effect.addFinalizer(() => host.orchestrator.endConversation(owner))
  const upgraded = yield* request.upgrade
  yield* converse(upgraded, { client, headers, conversation }, maxMessageBytes(server.options)).pipe(
    // Every end of a socket is an error, that of a client who has what it wants too.
    Effect.catchTag("SocketError", () => Effect.void)
  )
  return HttpServerResponse.empty()
}, Effect.scoped)

/** The route. */
export const ChatSocketRoute = HttpRouter.add(
  "GET",
  "/ws/chat",
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    atEdge(request, messagesDialect.failure, (ids) => open(request, ids))
  )
)
