/**
 * The Model Context Protocol as far as fx-mcp speaks it: both eras, by hand, so that start-up takes milliseconds and every
 * byte can be wrong on purpose. 2025 is the handshake era (2024-11-05 to 2025-11-25), 2026 the stateless revision 2026-07-28.
 */

/** Which rules a request follows. */
export type Era = "2025" | "2026"

/** Versions of the handshake era, newest first. */
export const handshakeVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]

/** The stateless revision. */
export const statelessVersion = "2026-07-28"

/** Keys of `_meta` in the stateless revision. */
export const metaKey = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscriptionId: "io.modelcontextprotocol/subscriptionId"
} as const

/** Error codes of JSON-RPC and of the specification. */
export const errorCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  server: -32000,
  sessionNotFound: -32001,
  headerMismatch: -32020,
  unsupportedVersion: -32022
} as const

/** An id as JSON-RPC allows it. */
export type MessageId = string | number

/** Any JSON object. */
export type Json = Readonly<Record<string, unknown>>

/** An error that is answered as a JSON-RPC error. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown
  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** The envelope of an error answer. */
export const errorAnswer = (id: MessageId | null, error: RpcError): Json => ({
  jsonrpc: "2.0",
  id,
  error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) }
})

/** The text, or what stands for a missing one; anything else as JSON. */
export const asText = (value: unknown, otherwise = ""): string =>
  value === undefined ? otherwise : typeof value === "string" ? value : JSON.stringify(value)

/** The object, or an empty one when the value is none. */
export const asObject = (value: unknown): Json =>
  // The check makes it an object; its fields stay unknown.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}
