/**
 * The transport of revision 2024-11-05 (HTTP with SSE): one stream from the server, whose first event names the
 * address for our messages. Losing the stream loses the connection, because a stream that is opened again
 * belongs to a new session that knows nothing of what was asked before.
 */
import { Result } from "effect"
import { faultAnswer, RefusedByStatus, type RpcMessage, type Transport, WireFault } from "../wire.ts"
import { idFromEnds } from "../stdio/framing.ts"
import { arrival } from "./arrival.ts"
import { makeEventReader, type StreamEvent } from "./eventReader.ts"
import { type Exchange, type Fetch, learnHeaders } from "./guardedFetch.ts"
import type { HttpFacts } from "./HttpTransport.ts"

/** The transport, and what is known beside its messages. */
export interface SseTransport extends HttpFacts {
  readonly transport: Transport
  /** Waits for messages that are under way. */
  readonly settled: () => Promise<unknown>
}

/** What the transport is made of. */
export interface SseOptions {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Follows no redirect and holds requests to their limit. */
  readonly fetch: Fetch
  readonly maxMessageBytes: number
  /** Called once, when the stream is gone. */
  readonly onLost: (reason: string) => void
}

/** Makes the transport. Its `start` opens the stream and waits for the address. */
export const makeSseTransport = (options: SseOptions): SseTransport => {
  const { fetch, headers, onLost, url } = options
  const closing = new AbortController()
  const behind = new WeakMap<object, Exchange>()
  /** Requests that the server has not acknowledged yet, by their ids. */
  const sending = new Map<unknown, Promise<void>>()
  const underWay = new Set<Promise<unknown>>()
  let lastFailed: Exchange | undefined
  let version: string | undefined
  let address: URL | undefined

  const failed = (response: Response): Promise<never> => {
    const exchange: Exchange = { deliver: () => undefined, onFault: () => undefined }
    learnHeaders(exchange, response)
    lastFailed = exchange
    return response.text().then((text) => {
      const refusal = new RefusedByStatus(response.status, text)
      behind.set(refusal, exchange)
      return Promise.reject(refusal)
    })
  }

  const open = (): Promise<void> =>
    fetch(url, { headers: { ...headers, accept: "text/event-stream" }, signal: closing.signal }).then((response) => {
      if (!response.ok) return failed(response)
      const type = response.headers.get("content-type") ?? "no content type"
      if (response.body === null || !type.toLowerCase().startsWith("text/event-stream")) {
        closing.abort()
        return Promise.reject(new WireFault({ _tag: "NoStream", reason: `it is no event stream (${type})` }))
      }
      return listen(response.body)
    })

  /** Resolves with the address; from then on whatever ends the stream loses the connection. */
  const listen = (body: ReadableStream<Uint8Array>): Promise<void> =>
    new Promise((resolve, reject) => {
      const onEvent = ({ data, name }: StreamEvent) => {
        if (name === "message") return receive(data)
        if (name !== "endpoint" || address !== undefined) return
        const found = addressOf(data, url)
        if (found instanceof WireFault) return reject(found)
        address = found
        resolve()
      }
      const events = makeEventReader(options.maxMessageBytes, {
        onEvent,
        onRetry: () => undefined,
        onOversize: (head, tail) => {
          const id = idFromEnds(head, tail)
          const fault = new WireFault({ _tag: "ResponseTooLarge" })
          if (id === undefined) transport.onerror?.(fault)
          else transport.onmessage?.(faultAnswer(id, fault))
        }
      })
      const reader = body.getReader()
      const next = (): Promise<string> =>
        reader.read().then(({ done, value }) => {
          if (done) return "it ended"
          events.push(value)
          return next()
        })
      void next()
        .catch((error: unknown) => `it broke (${error instanceof Error ? error.message : String(error)})`)
        .then((reason) => {
          if (closing.signal.aborted) return
          if (address === undefined) reject(new WireFault({ _tag: "NoStream", reason }))
          else onLost(reason)
        })
    })

  const receive = (data: string) => {
    const parsed = Result.try((): unknown => JSON.parse(data))
    if (Result.isFailure(parsed)) return transport.onerror?.(new Error("An event is not JSON."))
    // The channel above checks the shape.
    for (const message of [parsed.success].flat()) transport.onmessage?.(message as RpcMessage)
  }

  const post = (message: RpcMessage, target: URL, more: Readonly<Record<string, string>> | undefined) => {
    const { id, method } = message
    const sent = send(message, target, more)
    if (method === undefined || id === undefined) return sent
    const settled = sent.then(
      () => undefined,
      () => undefined
    )
    sending.set(id, settled)
    void settled.then(() => sending.delete(id))
    return sent
  }

  /** Messages travel on connections of their own: a cancellation must not overtake the request that it ends. */
  const arrived = ({ method, params }: RpcMessage): Promise<void> | undefined => {
    const request = method === "notifications/cancelled" ? sending.get(params?.["requestId"]) : undefined
    return request === undefined ? undefined : arrival(request)
  }

  const send = (message: RpcMessage, target: URL, more: Readonly<Record<string, string>> | undefined) =>
    fetch(target, {
      method: "POST",
      headers: {
        ...headers,
        ...more,
        "content-type": "application/json",
        ...(version === undefined ? {} : { "mcp-protocol-version": version })
      },
      body: JSON.stringify(message),
      signal: closing.signal
    }).then((response) => (response.ok ? response.body?.cancel() : failed(response)))

  const transport: Transport = {
    start: open,
    send: (message, how) => {
      if (address === undefined) return Promise.reject(new WireFault({ _tag: "NotWritten" }))
      const target = address
      const before = arrived(message)
      const sent =
        before === undefined
          ? post(message, target, how?.headers)
          : before.then(() => post(message, target, how?.headers))
      const done = sent.then(
        () => undefined,
        () => undefined
      )
      underWay.add(done)
      void done.then(() => underWay.delete(done))
      return sent
    },
    close: () => {
      closing.abort()
      transport.onclose?.()
      return Promise.resolve()
    },
    setProtocolVersion: (spoken) => {
      version = spoken
    }
  }
  return {
    transport,
    exchangeBehind: (error) => (typeof error === "object" && error !== null ? behind.get(error) : undefined),
    lastFailed: () => lastFailed,
    hasSession: () => address !== undefined,
    settled: () => Promise.allSettled(underWay)
  }
}

/** Credentials go with every message, so its address must be of the same origin. */
const addressOf = (text: string, url: URL): URL | WireFault => {
  if (!URL.canParse(text, url.href))
    return new WireFault({ _tag: "NoStream", reason: "it names no address for messages" })
  const address = new URL(text, url)
  return address.origin === url.origin
    ? address
    : new WireFault({ _tag: "Redirected", location: `${address.origin}${address.pathname}` })
}
