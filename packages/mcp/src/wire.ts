/**
 * The shapes between our transports and the protocol client above them: structurally the SDK's own, named
 * here so that one file alone imports it. `WireFault` is how a transport fails one request and not the connection.
 */
import { Predicate } from "effect"

/** A JSON-RPC message, as loosely as it may arrive. */
export interface RpcMessage {
  readonly jsonrpc: "2.0"
  readonly id?: string | number | null | undefined
  readonly method?: string | undefined
  readonly params?: Readonly<Record<string, unknown>> | undefined
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown } | undefined
}

/** How one message is to be sent. */
export interface SendOptions {
  readonly requestSignal?: AbortSignal | undefined
  readonly onRequestStreamEnd?: (() => void) | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What a transport tells whoever stands above, who sets these before `start`. */
export interface TransportCallbacks {
  /** `asked` is the request in whose exchange the message came, where the transport knows. */
  onmessage?: ((message: RpcMessage, asked?: string | number) => void) | undefined
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
}

/** What the protocol client needs of a transport. */
export interface Transport extends TransportCallbacks {
  readonly start: () => Promise<void>
  readonly send: (message: RpcMessage, options?: SendOptions) => Promise<void>
  readonly close: () => Promise<void>
  readonly hasPerRequestStream?: boolean
  readonly setProtocolVersion?: (version: string) => void
  readonly sessionId?: string | undefined
}

/**
 * The end of an in-process connection that its server gets: what the MCP SDKs, old and new, call a transport. A server
 * sets the callbacks before it calls `start`.
 */
export interface ServerTransport {
  readonly start: () => Promise<void>
  readonly send: (message: RpcMessage) => Promise<void>
  readonly close: () => Promise<void>
  onmessage?: (message: RpcMessage) => void
  onclose?: () => void
  onerror?: (error: Error) => void
}

/** The extension of 2026-07-28 that runs calls as tasks, as clients and servers declare it. */
export const tasksExtension = "io.modelcontextprotocol/tasks"

/** Stands before a method that the protocol client would not let through; the channel takes it off. */
export const passPrefix = "signalbox/"

/** Why a transport failed a single request. */
export type WireFaultReason =
  /** Too large to be sent; it was not. */
  | { readonly _tag: "RequestTooLarge" }
  /** The answer is larger than the limit. */
  | { readonly _tag: "ResponseTooLarge" }
  /** The exchange is over without an answer. */
  | { readonly _tag: "NoAnswer"; readonly reason: string }
  /** The answer is not a JSON-RPC answer. */
  | { readonly _tag: "InvalidAnswer"; readonly reason: string }
  /** Redirected to another origin, not followed. */
  | { readonly _tag: "Redirected"; readonly location: string }
  /** The stream on which answers would come cannot be opened. */
  | { readonly _tag: "NoStream"; readonly reason: string }
  /** The stream into the process is closed; nothing was written. */
  | { readonly _tag: "NotWritten" }

/** Carried through the protocol client as an error, and recognised on the other side. */
export class WireFault extends Error {
  readonly fault: WireFaultReason
  constructor(fault: WireFaultReason) {
    super(fault._tag)
    this.fault = fault
  }
}

/** The answer of an HTTP server whose status is not a success. */
export class RefusedByStatus extends Error {
  readonly status: number
  readonly text: string
  constructor(status: number, text: string) {
    super(`HTTP ${status}`)
    this.status = status
    this.text = text
  }
}

/** An answer that carries a fault to the one who asked. */
export const faultAnswer = (id: string | number, fault: WireFault): RpcMessage => ({
  jsonrpc: "2.0",
  id,
  error: { code: -32000, message: fault.message, data: fault }
})

/** What is said of an answer that is none. */
export const invalidAnswer = (reason: string): WireFault => new WireFault({ _tag: "InvalidAnswer", reason })

/** Whether a text is larger than so many bytes. Most need not be encoded to know. */
export const exceeds = (text: string, limitBytes: number): boolean =>
  text.length > limitBytes || (text.length * 3 > limitBytes && new TextEncoder().encode(text).length > limitBytes)

/** Whether a value is a JSON object. */
export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> => Predicate.isObject(value)
