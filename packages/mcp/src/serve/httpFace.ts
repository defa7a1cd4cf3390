/**
 * Tools for MCP clients over Streamable HTTP, as an answer to each request; who listens for them is another's business. Clients
 * of the newest era have no session. Those before it have one each, and lose the one that was used the longest ago when
 * there are too many: they are told, and begin anew. A call ends with the stream that its answer would come over, in every
 * era: nothing is kept that a client could come back for.
 */
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
  type RequestId,
  type Server,
  WebStandardStreamableHTTPServerTransport
} from "@modelcontextprotocol/server"
import { Effect, FiberSet, type Scope, Stream } from "effect"
import { makeServer } from "./sdkServer.ts"
import type { ServedTools } from "./ServedTools.ts"

/** Answers the requests of clients. */
export interface HttpFace {
  /** Interrupted when the client leaves before there is an answer; what still comes of it ends when its body is cancelled. */
  readonly answer: (request: Request) => Effect.Effect<Response>
}

/** How it is reached. */
export interface HttpFaceOptions {
  /**
   * Only under the names of this machine (`localhost`, `127.0.0.1`, `[::1]`), so that no page of the web reaches it under a
   * name of its own. Pages of other origins are refused in any case.
   */
  readonly isLocal: boolean
}

/** Sessions of clients of older eras. */
const maxSessions = 256

interface Session {
  readonly server: Server
  /** Answers it, and cancels what it asks for where its client leaves before that has come. */
  readonly answer: (request: Request) => Promise<Response>
}

/** A response that tells when nobody reads it to its end. */
const watched = (response: Response, onLeft: () => void): Response => {
  const { body, headers, status } = response
  if (body === null) return response
  const reader = body.getReader()
  const read = new ReadableStream<Uint8Array>({
    pull: (controller) =>
      reader.read().then(({ done, value }) => (done ? controller.close() : controller.enqueue(value))),
    cancel: (reason) => {
      onLeft()
      return reader.cancel(reason)
    }
  })
  return new Response(read, { status, headers })
}

/** A session over a transport that its server is connected to. */
const makeSession = (server: Server, transport: WebStandardStreamableHTTPServerTransport): Session => {
  const asked = new WeakMap<Request, Array<RequestId>>()
  const { onmessage } = transport
  const noted: Pick<typeof transport, "onmessage"> = {
    onmessage: (message, extra) => {
      const ids = extra?.request === undefined ? undefined : asked.get(extra.request)
      if ("method" in message && "id" in message) ids?.push(message.id)
      onmessage?.(message, extra)
    }
  }
  Object.assign(transport, noted)
  const answer = (request: Request): Promise<Response> => {
    const ids: Array<RequestId> = []
    asked.set(request, ids)
    const cancel = () => {
      for (const requestId of ids)
        onmessage?.({
          jsonrpc: "2.0",
          method: "notifications/cancelled",
          params: { requestId, reason: "Its client left." }
        })
    }
    return transport.handleRequest(request).then((response) => watched(response, cancel))
  }
  return { server, answer }
}

/** JSON-RPC has no request that this answers. */
const refused = (status: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", error: { code: -32_000, message }, id: null }, { status })

/** Serves over HTTP while the scope lives. */
export const makeHttpFace = Effect.fnUntraced(function* (
  tools: ServedTools,
  { isLocal }: HttpFaceOptions
): Effect.fn.Return<HttpFace, never, Scope.Scope> {
  const run = yield* FiberSet.makeRuntimePromise()
  const sessions = new Map<string, Session>()
  const modern = createMcpHandler(() => makeServer(tools, run), { legacy: "reject" })

  const close = ({ server }: Session) =>
    // It is forgotten: that it cannot be closed properly is nobody's business any more.
    Effect.ignore(Effect.tryPromise(() => server.close()))
  const keep = (id: string, session: Session): void => {
    sessions.delete(id)
    sessions.set(id, session)
    for (const [oldest, { server }] of sessions) {
      if (sessions.size <= maxSessions) return
      sessions.delete(oldest)
      void server.close()
    }
  }

  const begin = (request: Request): Promise<Response> => {
    const server = makeServer(tools, run)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => keep(id, makeSession(server, transport)),
      onsessionclosed: (id) => void sessions.delete(id)
    })
    return server
      .connect(transport)
      .then(() => transport.handleRequest(request))
      .then((response) => {
        // What begins no session is answered, and over.
        if (transport.sessionId === undefined) void server.close()
        return response
      })
  }
  const legacy = (request: Request): Promise<Response> => {
    const id = request.headers.get("mcp-session-id")
    if (id === null) return begin(request)
    const session = sessions.get(id)
    if (session === undefined) return Promise.resolve(refused(404, "There is no such session. Begin a new one."))
    keep(id, session)
    return session.answer(request)
  }

  yield* tools.changes.pipe(
    Stream.runForEach(() =>
      Effect.sync(() => {
        modern.notify.toolsChanged()
        for (const { server } of sessions.values()) void server.sendToolListChanged().catch(() => undefined)
      })
    ),
    Effect.forkScoped
  )
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Effect.promise(() => modern.close()),
      Effect.forEach([...sessions.values()], close, { discard: true, concurrency: "unbounded" })
    )
  )

  const rejection = (request: Request): Response | undefined =>
    (isLocal ? hostHeaderValidationResponse(request, localhostAllowedHostnames()) : undefined) ??
    originValidationResponse(request, localhostAllowedOrigins())

  return {
    answer: (request) =>
      Effect.promise(() => {
        const rejected = rejection(request)
        if (rejected !== undefined) return Promise.resolve(rejected)
        return isLegacyRequest(request).then((isLegacy) => (isLegacy ? legacy(request) : modern.fetch(request)))
      })
  }
})
