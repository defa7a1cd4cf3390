/**
 * Lets a program see the messages of connections as they pass, in order to record them. It sees what arrived and what was
 * sent, and changes nothing; where nobody listens, nothing stands in the way.
 */
import { Context, Effect } from "effect"
import type { Link } from "./link.ts"
import type { RpcMessage, Transport } from "./wire.ts"

/** Is told what passes on one way to a server. */
export interface WireListener {
  readonly sent: (message: RpcMessage) => void
  readonly received: (message: RpcMessage) => void
  /** The way is gone, for a reason in words. Over Streamable HTTP nothing tells. */
  readonly lost: (reason: string) => void
}

/** Who listens: asked for a listener on each way that is opened, of which a connection may try several. Nobody by default. */
export const WireTap = Context.Reference<(() => WireListener) | undefined>("@signalbox/mcp/WireTap", {
  defaultValue: () => undefined
})

const tapTransport = (inner: Transport, listener: WireListener): Transport => {
  const transport: Transport = {
    start: () => {
      Object.assign(inner, {
        onmessage: (message: RpcMessage, asked?: string | number) => {
          listener.received(message)
          transport.onmessage?.(message, asked)
        },
        onclose: () => transport.onclose?.(),
        onerror: (error: Error) => transport.onerror?.(error)
      })
      return inner.start()
    },
    send: (message, options) => {
      listener.sent(message)
      return inner.send(message, options)
    },
    close: () => inner.close(),
    get sessionId() {
      return inner.sessionId
    },
    ...(inner.hasPerRequestStream === undefined ? {} : { hasPerRequestStream: inner.hasPerRequestStream }),
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version)
  }
  return transport
}

/** The way as it is, with somebody who listens. */
export const tapLink = (link: Link, listener: WireListener | undefined): Link =>
  listener === undefined
    ? link
    : {
        ...link,
        transport: tapTransport(link.transport, listener),
        ended: Effect.tap(link.ended, ({ message }) => Effect.sync(() => listener.lost(message)))
      }
