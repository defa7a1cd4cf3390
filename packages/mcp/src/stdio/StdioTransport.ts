/**
 * The transport over a child process: one JSON value per line in both directions.
 * Plain callbacks on purpose: an Effect per message would cost more than the protocol itself.
 */
import type { ServerOptions } from "../ServerOptions.ts"
import { exceeds, type RpcMessage, type Transport, WireFault } from "../wire.ts"
import { idFromEnds, makeFraming } from "./framing.ts"

/** A transport, and where the output of the process has to go. */
export interface StdioTransport {
  readonly transport: Transport
  readonly receive: (bytes: Uint8Array) => void
}

/** Makes the transport. `write` answers false when standard input is closed; `onJunk` sees lines that are no messages. */
export const makeStdioTransport = (
  limits: Pick<ServerOptions, "maxMessageBytes" | "maxRequestBytes">,
  write: (text: string) => boolean,
  onJunk: (text: string) => void
): StdioTransport => {
  const transport: Transport = {
    start: () => Promise.resolve(),
    send: (message) => {
      const line = `${JSON.stringify(message)}\n`
      if (exceeds(line, limits.maxRequestBytes)) return Promise.reject(new WireFault({ _tag: "RequestTooLarge" }))
      return write(line) ? Promise.resolve() : Promise.reject(new WireFault({ _tag: "NotWritten" }))
    },
    close: () => {
      transport.onclose?.()
      return Promise.resolve()
    }
  }
  const framing = makeFraming(limits.maxMessageBytes, {
    // Protocol revision 2025-03-26 allows batches; others send single messages. The layer above checks the shape.
    onValue: (value) => {
      if (!Array.isArray(value)) return transport.onmessage?.(value as RpcMessage)
      for (const item of value) transport.onmessage?.(item as RpcMessage)
    },
    onJunk,
    onOversize: (head, tail) => {
      const id = idFromEnds(head, tail)
      const fault = new WireFault({ _tag: "ResponseTooLarge" })
      if (id === undefined) return transport.onerror?.(fault)
      transport.onmessage?.({ jsonrpc: "2.0", id, error: { code: -32000, message: fault.message, data: fault } })
    }
  })
  return { transport, receive: framing.push }
}
