/**
 * fx-mcp over Streamable HTTP: sessions and GET streams in the handshake era, header checks in the stateless one. Listens on
 * 127.0.0.1 only and prints `{"url":…,"pid":…}` as one line once it accepts connections.
 */
import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { makeHttpExchange, readBody, readJson } from "./HttpExchange.ts"
import { sendHttpError } from "./httpFaults.ts"
import { makeLegacySse } from "./legacySse.ts"
import type { Channel, McpServer } from "./McpServer.ts"
import { makeOAuth } from "./oauth.ts"
import { asObject, errorCode, type Json, metaKey, statelessVersion } from "./protocol.ts"

interface Session {
  readonly id: string
  calls: number
}

/** Listens until the process ends. */
export const serveHttp = async (server: McpServer): Promise<void> => {
  const { flags, log } = server
  const sessions = new Map<string, Session>()
  const kept = new Map<string, string>()
  const path = flags.path ?? "/mcp"
  const hasSessions = !flags.stateless && flags.era !== "2026"

  const openSession = (): Session => {
    const session = { id: randomUUID(), calls: 0 }
    sessions.set(session.id, session)
    log("session", { session: session.id, outcome: "opened" })
    return session
  }

  const forget = (session: Session | undefined) => {
    if (session !== undefined && sessions.delete(session.id))
      log("session", { session: session.id, outcome: "forgotten" })
  }

  /** The session of a request, or nothing after an error was answered. */
  const findSession = (incoming: IncomingMessage, response: ServerResponse): Session | undefined => {
    const id = incoming.headers["mcp-session-id"]
    if (typeof id !== "string") {
      sendHttpError(response, 400, errorCode.server, "Bad Request: No valid session ID provided")
      return undefined
    }
    const session = sessions.get(id)
    if (session === undefined) sendHttpError(response, 404, errorCode.sessionNotFound, "Session not found")
    return session
  }

  /** The session that a message opens or belongs to. Where it has none, or has used it up, the client is told so here. */
  const sessionFor = (message: Json, incoming: IncomingMessage, response: ServerResponse): Session | undefined => {
    if (message["method"] === "initialize") return openSession()
    const session = findSession(incoming, response)
    if (session === undefined || message["method"] !== "tools/call") return session
    session.calls += 1
    if (flags.sessionCalls === undefined || session.calls <= flags.sessionCalls) return session
    forget(session)
    sendHttpError(response, 404, errorCode.sessionNotFound, "Session not found")
    return undefined
  }

  const oauth = flags.oauth ? makeOAuth(server, path) : undefined

  const post = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = readJson(await readBody(incoming))
    if (body === undefined) return sendHttpError(response, 400, errorCode.parse, "Parse error")
    const messages = Array.isArray(body) ? body : [body]
    const first = asObject(messages[0])
    const isStateless = flags.era !== "2025" && isStatelessMessage(first, incoming)
    const problem = isStateless ? headerProblem(first, incoming) : undefined
    if (problem !== undefined) return sendHttpError(response, 400, errorCode.headerMismatch, problem)
    const needsSession = hasSessions && !isStateless
    const session = needsSession ? sessionFor(first, incoming, response) : undefined
    if (needsSession && session === undefined) return
    await answer(messages, { incoming, response, isStateless, session })
  }

  const answer = async (
    messages: ReadonlyArray<unknown>,
    { incoming, response, isStateless, session }: Post
  ): Promise<void> => {
    if (oauth?.admitsCall(asObject(messages[0]), incoming, response) === false) return
    const exchange = makeHttpExchange({
      server,
      response,
      isStateless,
      sessionHeader: sessionHeaderFor(asObject(messages[0]), session),
      forgetSession: () => forget(session),
      keep: (message) => {
        const id = randomUUID()
        kept.set(id, message)
        return id
      }
    })
    const gone = new AbortController()
    response.on("close", () => {
      if (response.writableFinished) return
      log("disconnected", { ...sessionOf(session), method: String(asObject(messages[0])["method"]) })
      // Closing the stream cancels only in the stateless revision.
      if (isStateless) gone.abort()
    })
    const channel: Channel = {
      session: session?.id ?? randomUUID(),
      send: exchange.send,
      signal: gone.signal,
      headers: incoming.headers
    }
    const isRequest = messages.some((message) => {
      const { id, method } = asObject(message)
      return id !== undefined && method !== undefined
    })
    // Nothing but notifications and answers: accepted at once, so that a question's answer frees the call that waits for it.
    if (!isRequest) response.writeHead(202).end()
    const outgoing = await Promise.all(messages.map((message) => server.receive(message, channel)))
    if (!isRequest || response.destroyed) return
    const found = outgoing.filter((item) => item !== undefined)
    if (found.length === 0) exchange.endWithout()
    for (const item of found) exchange.deliver(item)
  }

  const get = (incoming: IncomingMessage, response: ServerResponse): void => {
    if (!hasSessions) return refuseMethod(response)
    const session = findSession(incoming, response)
    if (session === undefined) return
    log("request", { method: "GET", session: session.id, headers: incoming.headers })
    if (flags.getStream === "500") return sendHttpError(response, 500, errorCode.server, "No stream today")
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    response.flushHeaders()
    const resumed = kept.get(String(incoming.headers["last-event-id"]))
    if (resumed !== undefined) return void response.end(`event: message\ndata: ${resumed}\n\n`)
    if (flags.getStream === "breaks") return void response.write(": breaks\n\n", () => response.socket?.destroy())
    const stop = server.subscribe((message) => response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`))
    response.on("close", stop)
  }

  const endSession = (incoming: IncomingMessage, response: ServerResponse): void => {
    if (!hasSessions) return refuseMethod(response)
    const session = findSession(incoming, response)
    if (session === undefined) return
    sessions.delete(session.id)
    log("session", { session: session.id, outcome: "ended" })
    response.writeHead(200).end()
  }

  const legacySse = makeLegacySse(server, path)
  const route = (incoming: IncomingMessage, response: ServerResponse): void => {
    if (flags.legacySse) return legacySse(incoming, response)
    if (incoming.method === "GET") return get(incoming, response)
    if (incoming.method === "DELETE") return endSession(incoming, response)
    if (incoming.method !== "POST") return refuseMethod(response)
    post(incoming, response).catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : undefined))
  }
  const listener = createServer((incoming, response) => {
    if (oauth?.serve(incoming, response) === true) return
    if (incoming.url?.split("?")[0] !== path) {
      response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n")
    } else if (oauth?.admits(incoming, response) !== false) {
      route(incoming, response)
    }
  })
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject)
    listener.listen(flags.http ?? 0, "127.0.0.1", resolve)
  })
  // A listening TCP server has an address with a port.
  const { port } = listener.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}${path}`, pid: process.pid })}\n`)
  if (!flags.exitOnEof) return
  process.stdin.resume()
  process.stdin.on("end", () => {
    log("stdin_end")
    process.exit(0)
  })
}

interface Post {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly isStateless: boolean
  readonly session: Session | undefined
}

/** A session is told with the answer that opens it. */
const sessionHeaderFor = ({ method }: Json, session: Session | undefined): Readonly<Record<string, string>> =>
  method === "initialize" && session !== undefined ? { "mcp-session-id": session.id } : {}

const sessionOf = (session: Session | undefined) => (session === undefined ? {} : { session: session.id })

const refuseMethod = (response: ServerResponse): void => {
  response.writeHead(405, { allow: "POST", "content-type": "application/json" })
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "Method not allowed." } }))
}

const isStatelessMessage = (message: Json, incoming: IncomingMessage): boolean =>
  asObject(asObject(message["params"])["_meta"])[metaKey.protocolVersion] !== undefined ||
  incoming.headers["mcp-protocol-version"] === statelessVersion ||
  message["method"] === "server/discover"

/** The stateless revision mirrors version, method and name in headers; they must agree with the body. */
const headerProblem = (message: Json, incoming: IncomingMessage): string | undefined => {
  if (message["id"] === undefined) return undefined
  const params = asObject(message["params"])
  const method = String(message["method"])
  const nameKey = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri" }[method]
  const expected: ReadonlyArray<readonly [header: string, value: unknown]> = [
    ["mcp-protocol-version", asObject(params["_meta"])[metaKey.protocolVersion]],
    ["mcp-method", method],
    ...(nameKey === undefined ? [] : [["mcp-name", params[nameKey]] as const])
  ]
  const wrong = expected.find(([header, value]) => decodeHeader(incoming.headers[header]) !== value)
  return wrong === undefined ? undefined : `Header ${wrong[0]} does not match the body (${String(wrong[1])}).`
}

/** Values that are no plain ASCII arrive as `=?base64?…?=`. */
const decodeHeader = (value: string | ReadonlyArray<string> | undefined): string | undefined => {
  if (typeof value !== "string") return undefined
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1]
  return encoded === undefined ? value : Buffer.from(encoded, "base64").toString("utf8")
}
