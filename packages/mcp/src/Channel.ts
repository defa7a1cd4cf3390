/**
 * Stands between a transport and the protocol client and repairs what the client is too strict or too
 * lax about. Answers of odd shape fail their request at once, where the client would wait for a better
 * one until the time-out; results of tools pass unvalidated, because a tool has already run.
 */
import { type ListKind, listKinds } from "./Changes.ts"
import type { CallProgress, LogMessage, ToolCall } from "./McpClient.ts"
import {
  faultAnswer,
  invalidAnswer,
  isJsonObject,
  passPrefix,
  type RpcMessage,
  type Transport,
  type TransportCallbacks
} from "./wire.ts"

/**
 * Results of these methods reach us as they came, whatever the protocol client thinks of them. It is shown an empty
 * one that it accepts in every era, with the real one inside.
 */
const unvalidated: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map([
  ["tools/call", { content: [] }],
  ["tasks/cancel", {}],
  ["tasks/get", {}],
  ["tasks/result", { content: [] }],
  ["tasks/update", {}],
  ["tools/list", { tools: [] }],
  ["prompts/get", { messages: [] }],
  ["prompts/list", { prompts: [] }],
  ["resources/list", { resources: [] }],
  ["resources/read", { contents: [] }],
  ["resources/templates/list", { resourceTemplates: [] }],
  ["completion/complete", { completion: { values: [] } }]
])
const listChanges: ReadonlyMap<string, ListKind> = new Map(
  listKinds.map((kind) => [`notifications/${kind}/list_changed`, kind])
)
const rawKey = "signalbox/raw"

/** The transport for the protocol client, and what it lets us see. */
export interface Channel {
  readonly transport: Transport
  /** Calls back for progress notifications with this token, until released. */
  readonly watchProgress: (onProgress: (progress: CallProgress) => void) => {
    readonly token: number
    readonly release: () => void
  }
  /** How many messages have come so far, and how many requests wait for their answer. */
  readonly activity: () => { readonly received: number; readonly pending: number }
  /** Runs what sends a request of a call, so that it is known whose request it is. */
  readonly onBehalfOf: <A>(call: ToolCall, send: () => A) => A
  /** Sends a message of our own, past the protocol client. */
  readonly send: (message: RpcMessage) => void
  /** The version that the server answered to `initialize`. */
  readonly offeredVersion: () => string | undefined
  /** The error that answered `server/discover`, unless it says no more than that the revision is not spoken. */
  readonly discoverError: () => RpcMessage["error"]
}

/** What is noticed on the way. */
export interface ChannelEvents {
  readonly onListChanged: (kind: ListKind) => void
  readonly onResourceUpdated: (uri: string) => void
  readonly onLog: (message: LogMessage) => void
  readonly onStray: (id: unknown) => void
  /** A request of the server's own, with the call in whose exchange it came, where that is known. */
  readonly onQuestion: (question: RpcMessage, call: ToolCall | undefined) => void
  /** The server takes a request of its own back. */
  readonly onWithdrawn: (id: unknown) => void
}

interface Pending {
  readonly method: string
  readonly call: ToolCall | undefined
}

/** Opens a channel over a transport. */
export const makeChannel = (inner: Transport, events: ChannelEvents): Channel => {
  const pending = new Map<string | number, Pending>()
  let sender: ToolCall | undefined
  const watchers = new Map<unknown, (progress: CallProgress) => void>()
  let offered: string | undefined
  let received = 0
  let discoverError: RpcMessage["error"]
  let nextToken = 1
  let lastId = -1

  const transport: Transport = {
    start: () => {
      const callbacks: TransportCallbacks = {
        onmessage: receive,
        onclose: () => transport.onclose?.(),
        onerror: (error) => transport.onerror?.(error)
      }
      Object.assign(inner, callbacks)
      return inner.start()
    },
    send: (given, options) => {
      const message = withoutPrefix(given)
      const { id, method, params } = message
      if (method === "notifications/cancelled") forget(params?.["requestId"])
      if (method === undefined || id === undefined || id === null) return inner.send(message, options)
      pending.set(id, { method, call: sender })
      if (typeof id === "number") lastId = Math.max(lastId, id)
      const sent = inner.send(message, options)
      sent.catch(() => forget(id))
      options?.requestSignal?.addEventListener("abort", () => forget(id), { once: true })
      return sent
    },
    close: () => inner.close(),
    get sessionId() {
      return inner.sessionId
    },
    ...(inner.hasPerRequestStream === undefined ? {} : { hasPerRequestStream: inner.hasPerRequestStream }),
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version)
  }

  const forget = (id: unknown) => {
    if (typeof id === "number" || typeof id === "string") pending.delete(id)
  }

  const receive = (message: RpcMessage, asked?: string | number) => {
    received++
    if (!isJsonObject(message)) {
      events.onStray(undefined)
    } else if (message.method === undefined) {
      answer(message)
    } else if (message.id === undefined || message.method === "ping") {
      notice(message)
      transport.onmessage?.(message)
    } else {
      events.onQuestion(message, asked === undefined ? undefined : pending.get(asked)?.call)
    }
  }

  /** Notifications that we act upon are seen here in the order in which they came; the client defers them. */
  const notice = ({ method, params }: RpcMessage) => {
    const changed = method === undefined ? undefined : listChanges.get(method)
    if (changed !== undefined) events.onListChanged(changed)
    if (!isJsonObject(params)) return
    if (method === "notifications/resources/updated") events.onResourceUpdated(textOf(params["uri"]) ?? "")
    if (method === "notifications/message") events.onLog(logMessage(params))
    if (method === "notifications/cancelled") events.onWithdrawn(params["requestId"])
    if (method === "notifications/progress") progressed(params)
  }

  const progressed = (params: Readonly<Record<string, unknown>>) => {
    const { message, progress, total } = params
    if (typeof progress !== "number") return
    watchers.get(params["progressToken"])?.({
      progress,
      ...(typeof total === "number" ? { total } : {}),
      ...(typeof message === "string" ? { message } : {})
    })
  }

  /** Requests that are to be answered once; a subscription stays open. */
  const openRequests = () => [...pending].filter(([, { method }]) => method !== "subscriptions/listen")

  /** JSON-RPC gives an error the id null when the id could not be read. With one request open it is clear whose it is. */
  const askedBy = ({ error, id }: RpcMessage): string | number | undefined => {
    if (id === null || id === undefined) {
      const open = openRequests()
      return error !== undefined && open.length === 1 ? open[0]?.[0] : undefined
    }
    if (pending.has(id)) return id
    return typeof id === "string" && pending.has(Number(id)) ? Number(id) : undefined
  }

  const answer = (message: RpcMessage) => {
    const id = askedBy(message)
    if (id === undefined) {
      // The answer to a request that was given up comes late and is no surprise.
      if (!(Number(message.id) <= lastId)) events.onStray(message.id)
      return
    }
    const method = pending.get(id)?.method ?? ""
    pending.delete(id)
    const repaired = repair(id, method, message)
    noteHandshake(method, repaired)
    transport.onmessage?.(repaired)
  }

  const noteHandshake = (method: string, { error, result }: RpcMessage) => {
    if (method === "initialize" && isJsonObject(result)) offered = textOf(result["protocolVersion"])
    if (method === "server/discover" && !saysNotSpoken.has(error?.code)) discoverError = error
  }

  return {
    transport,
    watchProgress: (onProgress) => {
      const token = nextToken++
      watchers.set(token, onProgress)
      return { token, release: () => void watchers.delete(token) }
    },
    activity: () => ({ received, pending: openRequests().length }),
    onBehalfOf: (call, send) => {
      sender = call
      const sent = send()
      sender = undefined
      return sent
    },
    send: (message) => void inner.send(message).catch(() => undefined),
    offeredVersion: () => offered,
    discoverError: () => discoverError
  }
}

const withoutPrefix = (message: RpcMessage): RpcMessage =>
  message.method?.startsWith(passPrefix) === true
    ? { ...message, method: message.method.slice(passPrefix.length) }
    : message

/** Method not found, and UnsupportedProtocolVersion. */
const saysNotSpoken: ReadonlySet<number | undefined> = new Set([-32601, -32022])

const logMessage = ({ data, level, logger }: Readonly<Record<string, unknown>>): LogMessage => ({
  level: textOf(level) ?? "info",
  data,
  ...(typeof logger === "string" ? { logger } : {})
})

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const notAnAnswer = (id: string | number, reason: string): RpcMessage => faultAnswer(id, invalidAnswer(reason))

const repair = (id: string | number, method: string, { error, result }: RpcMessage): RpcMessage => {
  if (error === undefined) return repairResult(id, method, result)
  return result === undefined ? repairError(id, error) : notAnAnswer(id, "both a result and an error")
}

const repairError = (id: string | number, error: NonNullable<RpcMessage["error"]>): RpcMessage => {
  if (!isJsonObject(error)) return notAnAnswer(id, "an error that is no object")
  const { code, data, message } = error
  return {
    jsonrpc: "2.0",
    id,
    error: { code: Number.isSafeInteger(code) ? code : -32603, message: textOf(message) ?? "no message", data }
  }
}

const repairResult = (id: string | number, method: string, result: unknown): RpcMessage => {
  if (!isJsonObject(result)) return notAnAnswer(id, "a result that is no object")
  const kind = result["resultType"]
  const empty = unvalidated.get(method)
  const isFinal = kind === undefined || kind === "complete" || kind === "task"
  if (empty === undefined || !isFinal) return { jsonrpc: "2.0", id, result }
  const keeping = method === "tools/call" ? {} : { ttlMs: 0, cacheScope: "private" }
  return { jsonrpc: "2.0", id, result: { resultType: "complete", ...empty, ...keeping, _meta: { [rawKey]: result } } }
}

/** The result as the server sent it. */
export const rawResult = (result: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const meta = result["_meta"]
  const raw = isJsonObject(meta) ? meta[rawKey] : undefined
  return isJsonObject(raw) ? raw : result
}
