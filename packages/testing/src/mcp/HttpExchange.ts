/**
 * One POST being answered: decides between an SSE stream and one JSON body as late as possible, and breaks the answer the
 * way a fault wants it. Notifications and questions force the stream, as the transport's specification allows.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { breakExchange } from "./httpFaults.ts"
import type { McpServer, Outgoing } from "./McpServer.ts"
import { asObject, errorCode, type Json } from "./protocol.ts"
import { spoil } from "./spoil.ts"

/** Options of one exchange. */
export interface ExchangeOptions {
  readonly server: McpServer
  readonly response: ServerResponse
  /** Errors of the stateless revision have HTTP statuses of their own. */
  readonly isStateless: boolean
  /** Sent with the answer to initialize. */
  readonly sessionHeader: Readonly<Record<string, string>>
  readonly forgetSession: () => void
  readonly keep: (message: string) => string
}

/** Makes the exchange of one response. */
export const makeHttpExchange = (options: ExchangeOptions) => {
  const { server, response } = options
  const startStream = () => {
    if (response.headersSent) return
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      ...options.sessionHeader
    })
    response.flushHeaders()
  }
  const send = (message: unknown) => {
    startStream()
    response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
  }
  const deliverWell = (messages: ReadonlyArray<unknown>, method: string) => {
    const done = () => server.answered(method)
    const isStream = response.headersSent || server.flags.answers !== "json" || messages.length > 1
    if (isStream && statusOf(messages[0], options) === 200) {
      for (const message of messages) send(message)
      response.end(done)
      return
    }
    response.writeHead(statusOf(messages[0], options), { "content-type": "application/json", ...options.sessionHeader })
    response.end(JSON.stringify(messages[0]), done)
  }
  return {
    send,
    /** Ends the response without an answer: the call was cancelled. */
    endWithout: () => {
      startStream()
      response.end()
    },
    deliver: (outgoing: Outgoing): void => {
      const { answer, fault, method } = outgoing
      if (fault !== undefined) {
        const text = JSON.stringify(answer ?? {})
        if (breakExchange({ ...options, fault, text, startStream })) return
      }
      if (answer !== undefined) deliverWell(spoil(answer, fault), method)
    }
  }
}

const statusOf = (message: unknown, options: ExchangeOptions): number => {
  const code = asObject(asObject(message)["error"])["code"]
  if (!options.isStateless || options.response.headersSent) return 200
  if (code === errorCode.methodNotFound) return 404
  return code === errorCode.unsupportedVersion || code === errorCode.headerMismatch ? 400 : 200
}

/** A JSON object or nothing, for a message that may be anything. */
export const readJson = (text: string): Json | ReadonlyArray<unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : asObject(value)
  } catch {
    return undefined
  }
}

/** The whole body as text. */
export const readBody = async (incoming: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of incoming) parts.push(part as Buffer) // A request without encoding yields buffers.
  return Buffer.concat(parts).toString("utf8")
}
