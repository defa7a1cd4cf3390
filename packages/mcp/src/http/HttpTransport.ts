/**
 * Streamable HTTP: the SDK's transport, watched. A request whose exchange ends without its answer fails
 * at once, and closing waits until cancellations have reached the server and then ends the session.
 */
import {
  faultAnswer,
  isJsonObject,
  type RpcMessage,
  type Transport,
  type TransportCallbacks,
  WireFault
} from "../wire.ts"
import { type AnswerSink, stubName } from "./answers.ts"
import { arrival } from "./arrival.ts"
import { type Exchange, exchangeHeader } from "./guardedFetch.ts"

/** What is known about a connection over HTTP beside its messages. */
export interface HttpFacts {
  /** The HTTP facts behind an error that came out of `send`. */
  readonly exchangeBehind: (error: unknown) => Exchange | undefined
  /** The last exchange that failed, for errors that the SDK makes anew while it negotiates. */
  readonly lastFailed: () => Exchange | undefined
  /** Whether the server has given out a session. */
  readonly hasSession: () => boolean
}

/** The transport, and what is known beside its messages. */
export interface HttpTransport extends HttpFacts {
  readonly transport: Transport
  /** Tells the server that the session is over. */
  readonly terminate: () => Promise<void>
  /** Waits for notifications that are under way. */
  readonly settled: () => Promise<unknown>
}

interface Open extends Exchange {
  readonly abort: AbortController
}

/** Wraps the transport that `make` builds on the two ways in which messages come. */
export const makeHttpTransport = (
  make: (ways: { readonly exchangeOf: (id: string) => Exchange | undefined; readonly unasked: AnswerSink }) => {
    readonly transport: Transport
    readonly terminate: () => Promise<void>
  }
): HttpTransport => {
  const open = new Map<string, Open>()
  const behind = new WeakMap<object, Exchange>()
  const underWay = new Set<Promise<void>>()
  let lastFailed: Exchange | undefined
  const exchangeOf = (id: string) => open.get(id)

  /** Passes messages on, of any shape. An error without an id belongs to the request in whose exchange it came. */
  const deliver = (value: unknown, asked: string | number | undefined): void => {
    if (Array.isArray(value)) {
      for (const item of value) deliver(item, asked)
      return
    }
    // The channel above checks the shape.
    const message = value as RpcMessage
    if (!isJsonObject(value) || value["method"] !== undefined) return transport.onmessage?.(message, asked)
    const id = message.id ?? (message.error === undefined ? undefined : asked)
    open.delete(String(id))
    transport.onmessage?.(id === message.id ? message : { ...message, id })
  }
  const unasked: AnswerSink = {
    deliver: (value) => deliver(value, undefined),
    onFault: (fault) => transport.onerror?.(fault)
  }
  const { terminate, transport: inner } = make({ exchangeOf, unasked })

  /** Ends an exchange that is still open. */
  const fail = (id: string | number, fault: WireFault) => {
    const exchange = open.get(String(id))
    if (exchange === undefined) return
    open.delete(String(id))
    exchange.abort.abort()
    transport.onmessage?.(faultAnswer(id, fault))
  }
  /** Asked at the end of every exchange, and nearly always in vain: an error is made for those alone that miss their answer. */
  const noAnswer = (id: string | number, reason: string) => {
    if (open.has(String(id))) fail(id, new WireFault({ _tag: "NoAnswer", reason }))
  }

  const request = (message: RpcMessage, id: string | number, options: Parameters<Transport["send"]>[1]) => {
    const exchange: Open = {
      abort: new AbortController(),
      deliver: (value) => deliver(value, id),
      onFault: (fault) => fail(id, fault)
    }
    open.set(String(id), exchange)
    const signal = options?.requestSignal
    if (signal !== undefined) {
      const end = () => {
        open.delete(String(id))
        exchange.abort.abort()
      }
      signal.addEventListener("abort", end, { once: true })
    }
    return inner
      .send(message, {
        ...options,
        headers: { ...options?.headers, [exchangeHeader]: String(id) },
        requestSignal: exchange.abort.signal,
        onRequestStreamEnd: () => {
          if (options?.onRequestStreamEnd === undefined)
            return noAnswer(id, "the answer stream ended before the answer")
          open.delete(String(id))
          options.onRequestStreamEnd()
        }
      })
      .then(
        () => {
          if (exchange.isJson === true) noAnswer(id, "the body does not contain the answer")
        },
        (error: unknown) => {
          open.delete(String(id))
          lastFailed = exchange
          if (typeof error === "object" && error !== null) behind.set(error, exchange)
          return Promise.reject(error)
        }
      )
  }

  const notify = (message: RpcMessage, options: Parameters<Transport["send"]>[1]) => {
    const late = lateArrival(message)
    const sent = inner.send(message, options)
    const done = sent
      .catch(() => undefined)
      .then(() => late)
      .then((isOvertaken) => (isOvertaken ? inner.send(message, options).catch(() => undefined) : undefined))
      .then(() => endCancelled(message))
    underWay.add(done)
    void done.then(() => underWay.delete(done))
    return sent
  }

  /**
   * A cancellation may overtake the request that it ends, for they travel on connections of their own. One that the
   * server did not have yet is waited for, and then cancelled again; a server ignores what it does not know.
   */
  const lateArrival = (message: RpcMessage): Promise<boolean> | false => {
    const exchange = cancelledBy(message)
    if (exchange === undefined || exchange.httpStatus !== undefined) return false
    // A server that answers with one JSON body says nothing before the end.
    return arrival(new Promise<void>((resolve) => (exchange.onArrival = resolve))).then(() => true)
  }
  const cancelledBy = ({ method, params }: RpcMessage): Open | undefined =>
    method === "notifications/cancelled" ? open.get(String(params?.["requestId"])) : undefined

  /** The server has been told; the stream it would have answered on is of no more use. */
  const endCancelled = (message: RpcMessage) => {
    const exchange = cancelledBy(message)
    if (exchange === undefined) return
    exchange.abort.abort()
    open.delete(String(message.params?.["requestId"]))
  }

  const transport: Transport = {
    start: () => {
      const callbacks: TransportCallbacks = {
        // What the SDK read itself: the bodies of errors, and what stands for messages that were read before it.
        onmessage: (message) => {
          if (message.method !== stubName && message.id !== stubName) deliver(message, undefined)
        },
        onclose: () => transport.onclose?.(),
        onerror: (error) => transport.onerror?.(error)
      }
      Object.assign(inner, callbacks)
      return inner.start()
    },
    send: (message, options) =>
      message.method !== undefined && message.id !== undefined && message.id !== null
        ? request(message, message.id, options)
        : notify(message, options),
    close: () => inner.close(),
    hasPerRequestStream: true,
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version),
    get sessionId() {
      return inner.sessionId
    }
  }
  return {
    transport,
    hasSession: () => inner.sessionId !== undefined,
    exchangeBehind: (error) => (typeof error === "object" && error !== null ? behind.get(error) : undefined),
    lastFailed: () => lastFailed,
    terminate,
    settled: () => Promise.allSettled(underWay)
  }
}
