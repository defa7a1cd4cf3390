/**
 * The transport to a server in this program: two ends, and between them what a wire would let through. Messages are
 * copied through JSON, so that neither side can change what the other holds, and come one turn later.
 */
import type { InProcessOptions, ServerOptions } from "./ServerOptions.ts"
import { exceeds, faultAnswer, type RpcMessage, type ServerTransport, type Transport, WireFault } from "./wire.ts"

type Limits = Pick<ServerOptions, "maxMessageBytes" | "maxRequestBytes">

/** Two ends that are connected to each other. */
export interface TransportPair {
  readonly ours: Transport
  readonly theirs: ServerTransport
}

/** Hands a server its end. */
export const serve = ({ serve }: InProcessOptions, theirs: ServerTransport): Promise<unknown> =>
  Promise.resolve().then(() => serve(theirs))

/** Makes both ends. `onClosed` runs when the server closes its own. */
export const makeTransportPair = (limits: Limits, onClosed: () => void): TransportPair => {
  let isOpen = true
  const toServer = makeInbox((message) => theirs.onmessage?.(message))
  const toUs = makeInbox((message) => ours.onmessage?.(message))

  const end = () => {
    if (!isOpen) return false
    isOpen = false
    // After the messages that are under way.
    queueMicrotask(() => {
      theirs.onclose?.()
      ours.onclose?.()
    })
    return true
  }
  const ours: Transport = {
    start: toUs.start,
    send: (message) =>
      nextTurn(() => {
        const copy = copyOf(message, limits.maxRequestBytes)
        if (!isOpen) return Promise.reject(new WireFault({ _tag: "NotWritten" }))
        if (copy === undefined) return Promise.reject(new WireFault({ _tag: "RequestTooLarge" }))
        toServer.put(copy)
      }),
    close: () => nextTurn(() => void end())
  }
  const theirs: ServerTransport = {
    start: toServer.start,
    send: (message) =>
      nextTurn(() => {
        const copy = copyOf(message, limits.maxMessageBytes)
        if (!isOpen) return Promise.reject(new WireFault({ _tag: "NotWritten" }))
        if (copy !== undefined) return toUs.put(copy)
        const fault = new WireFault({ _tag: "ResponseTooLarge" })
        const { id, method } = message
        if (method !== undefined || id === undefined || id === null) return ours.onerror?.(fault)
        toUs.put(faultAnswer(id, fault))
      }),
    close: () => nextTurn(() => (end() ? onClosed() : undefined))
  }
  return { ours, theirs }
}

/** What goes wrong in it rejects, as it does on a wire. */
const nextTurn = (work: () => Promise<void> | void): Promise<void> => Promise.resolve().then(work)

/** The message as it would arrive; nothing where it is too large. */
const copyOf = (message: RpcMessage, limitBytes: number): RpcMessage | undefined => {
  const text = JSON.stringify(message)
  // What was a message stays one.
  return exceeds(text, limitBytes) ? undefined : (JSON.parse(text) as RpcMessage)
}

/** Keeps what comes before somebody listens. */
const makeInbox = (deliver: (message: RpcMessage) => void) => {
  const early: Array<RpcMessage> = []
  let isStarted = false
  const put = (message: RpcMessage) => {
    if (isStarted) queueMicrotask(() => deliver(message))
    else early.push(message)
  }
  return {
    put,
    start: () => {
      isStarted = true
      for (const message of early.splice(0)) put(message)
      return Promise.resolve()
    }
  }
}
