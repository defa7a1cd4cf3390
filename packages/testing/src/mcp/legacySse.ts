/**
 * The transport before Streamable HTTP (2024-11-05): GET opens an SSE stream whose first event names the address for POSTs,
 * and answers come over that stream. Losing the stream loses the connection.
 */
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { setImmediate } from "node:timers/promises"
import { readBody, readJson } from "./HttpExchange.ts"
import type { DueFault } from "./faults.ts"
import { sendHttpError } from "./httpFaults.ts"
import type { McpServer, Outgoing } from "./McpServer.ts"
import { errorCode } from "./protocol.ts"
import { spoil } from "./spoil.ts"

/** Answers the requests of this transport. */
export const makeLegacySse = (server: McpServer, path: string) => {
  const streams = new Map<string, ServerResponse>()

  const open = (response: ServerResponse): void => {
    const session = randomUUID()
    server.log("session", { session, outcome: "opened" })
    streams.set(session, response)
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    response.write(`event: endpoint\ndata: ${path}?sessionId=${session}\n\n`)
    const stop = server.subscribe(sender(response))
    response.on("close", () => {
      stop()
      streams.delete(session)
      server.log("disconnected", { session })
    })
  }

  const take = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const session = new URL(incoming.url ?? "/", "http://localhost").searchParams.get("sessionId") ?? ""
    const stream = streams.get(session)
    const message = readJson(await readBody(incoming))
    if (stream === undefined || message === undefined) {
      response.writeHead(stream === undefined ? 404 : 400).end()
      return
    }
    const send = sender(stream)
    const received = server.receive(message, { session, send, headers: incoming.headers })
    if (await refuse(received, response)) return
    response.writeHead(202).end("Accepted")
    const outgoing = await received
    if (outgoing !== undefined) deliver(server, stream, outgoing)
  }

  return (incoming: IncomingMessage, response: ServerResponse): void => {
    if (incoming.method === "GET") open(response)
    else if (incoming.method === "POST") take(incoming, response).catch(() => response.destroy())
    else response.writeHead(405, { allow: "GET, POST" }).end()
  }
}

/** Does what the fault says about the one stream; answers whether it replaced the answer. */
const breakStream = (stream: ServerResponse, fault: DueFault | undefined): boolean => {
  switch (fault?.kind) {
    case "never":
      return true
    case "reset":
    case "sse-breaks":
      stream.socket?.resetAndDestroy()
      return true
    case "sse-ends":
      stream.end()
      return true
    default:
      return false
  }
}

const deliver = (server: McpServer, stream: ServerResponse, { answer, fault, method }: Outgoing): void => {
  if (answer === undefined || breakStream(stream, fault)) return
  for (const spoiled of spoil(answer, fault)) sender(stream)(spoiled)
  server.answered(method)
}

/** A fault that comes before the tool is known at once, and is the answer to the POST; answers whether it was. */
const refuse = async (received: Promise<Outgoing | undefined>, response: ServerResponse): Promise<boolean> => {
  const first = await Promise.race([received, setImmediate()])
  if (first?.fault?.kind !== "status") return false
  sendHttpError(response, Number(first.fault.value ?? 503), errorCode.server, "fx-mcp answers so on purpose.")
  return true
}

const sender =
  (stream: ServerResponse) =>
  (message: unknown): void =>
    void stream.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
