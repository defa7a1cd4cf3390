/**
 * The status table: what one error code means on every surface that Signalbox has.
 * Each error class brings its own row, so a new code can never be missing a column.
 */

/** Exit statuses of the command line. 65, 69, 77 and 78 are those of `sysexits.h`; 130 and 143 are 128 + signal. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  partial: 3,
  timeout: 4,
  badData: 65,
  unavailable: 69,
  notPermitted: 77,
  configuration: 78,
  hangup: 129,
  interrupted: 130,
  terminated: 143
} as const

/** Error types of the Anthropic Messages API (`error.type` in its error envelope). */
export type AnthropicErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "billing_error"
  | "permission_error"
  | "not_found_error"
  | "conflict_error"
  | "request_too_large"
  | "rate_limit_error"
  | "api_error"
  | "not_supported"
  | "timeout_error"
  | "overloaded_error"

/** One row of the table: the HTTP status, Anthropic type, JSON-RPC code and process exit code of an error. */
export interface ErrorStatus {
  readonly http: number
  readonly anthropic: AnthropicErrorType
  /** JSON-RPC 2.0 §5.1 for the reserved range; MCP uses -32001 for a request that timed out. */
  readonly jsonRpc: number
  readonly exit: number
}

/** Rows that many errors share. Use one of these before writing a row by hand. */
export const statuses = {
  invalidParams: { http: 400, anthropic: "invalid_request_error", jsonRpc: -32602, exit: exitCodes.usage },
  badData: { http: 400, anthropic: "invalid_request_error", jsonRpc: -32602, exit: exitCodes.badData },
  configuration: { http: 500, anthropic: "api_error", jsonRpc: -32603, exit: exitCodes.configuration },
  unauthenticated: { http: 401, anthropic: "authentication_error", jsonRpc: -32603, exit: exitCodes.configuration },
  forbidden: { http: 403, anthropic: "permission_error", jsonRpc: -32603, exit: exitCodes.failure },
  billing: { http: 402, anthropic: "billing_error", jsonRpc: -32603, exit: exitCodes.unavailable },
  notFound: { http: 404, anthropic: "not_found_error", jsonRpc: -32602, exit: exitCodes.failure },
  conflict: { http: 409, anthropic: "conflict_error", jsonRpc: -32603, exit: exitCodes.failure },
  tooLarge: { http: 413, anthropic: "request_too_large", jsonRpc: -32602, exit: exitCodes.badData },
  rateLimited: { http: 429, anthropic: "rate_limit_error", jsonRpc: -32603, exit: exitCodes.unavailable },
  internal: { http: 500, anthropic: "api_error", jsonRpc: -32603, exit: exitCodes.failure },
  badGateway: { http: 502, anthropic: "api_error", jsonRpc: -32603, exit: exitCodes.unavailable },
  overloaded: { http: 529, anthropic: "overloaded_error", jsonRpc: -32603, exit: exitCodes.unavailable },
  unavailable: { http: 503, anthropic: "overloaded_error", jsonRpc: -32603, exit: exitCodes.unavailable },
  timeout: { http: 504, anthropic: "timeout_error", jsonRpc: -32001, exit: exitCodes.timeout }
} as const satisfies Record<string, ErrorStatus>
