/**
 * The failures of this package as a family: the unions by operation, and the two questions that
 * resilience asks of them. Both are answered from classes and statuses, never from texts.
 */
import { Schema } from "effect"
import { authErrors, type TokenStoreUnusable } from "./auth/authErrors.ts"
import {
  QuestionUnanswered,
  RequestTooLarge,
  ResponseTooLarge,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown
} from "./callErrors.ts"
import {
  AuthorizationRequired,
  HandshakeRejected,
  HandshakeTimeout,
  ProtocolMismatch,
  RedirectRefused,
  ServeFailed,
  ServerHttpStatus,
  ServerUnreachable,
  SpawnFailed
} from "./connectErrors.ts"
import {
  BadGateway,
  ConnectionClosed,
  InvalidResult,
  ListFailed,
  RequestRejected,
  RequestTimeout,
  ServerExited,
  SessionExpired,
  StreamLost
} from "./connectionErrors.ts"

type HttpRefusal = AuthorizationRequired | RedirectRefused | ServerHttpStatus | ServerUnreachable | SessionExpired

/** Why `connect` failed. Nothing was executed, and nothing is left running. */
export type ConnectError =
  | HttpRefusal
  | BadGateway
  | HandshakeRejected
  | HandshakeTimeout
  | InvalidResult
  | ProtocolMismatch
  | ResponseTooLarge
  | ServeFailed
  | ServerExited
  | SpawnFailed
  | StreamLost
  | TokenStoreUnusable

/** Why a request that is no tool call failed, or why a connection was lost. */
export type ServerError =
  | HttpRefusal
  | BadGateway
  | ConnectionClosed
  | InvalidResult
  | ListFailed
  | QuestionUnanswered
  | RequestRejected
  | RequestTimeout
  | ResponseTooLarge
  | ServerExited
  | StreamLost

/** Why a tool call failed. `wasNotExecuted` tells which of them prove that the tool did not run. */
export type CallError =
  | HttpRefusal
  | ConnectionClosed
  | InvalidResult
  | QuestionUnanswered
  | RequestTooLarge
  | ResponseTooLarge
  | ToolCallRejected
  | ToolCallTimeout
  | ToolOutcomeUnknown

/** The same as a schema, for whoever writes failures of calls down. */
export const CallFailure = Schema.Union([
  AuthorizationRequired,
  ConnectionClosed,
  InvalidResult,
  QuestionUnanswered,
  RedirectRefused,
  RequestTooLarge,
  ResponseTooLarge,
  ServerHttpStatus,
  ServerUnreachable,
  SessionExpired,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown
])

/** Every error class of this package, for the table of codes. */
export const mcpErrors = [
  AuthorizationRequired,
  BadGateway,
  ConnectionClosed,
  HandshakeRejected,
  HandshakeTimeout,
  InvalidResult,
  ListFailed,
  ProtocolMismatch,
  QuestionUnanswered,
  RedirectRefused,
  RequestRejected,
  RequestTimeout,
  RequestTooLarge,
  ResponseTooLarge,
  ServeFailed,
  ServerExited,
  ServerHttpStatus,
  ServerUnreachable,
  SessionExpired,
  SpawnFailed,
  StreamLost,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown,
  ...authErrors
] as const

type McpError = ConnectError | ServerError | CallError

/**
 * Whether a circuit breaker counts this failure against the server: connect failures, lost connections,
 * time-outs, protocol errors, HTTP 5xx. Not counted: what the server says about one call, what our own
 * limits refuse, missing credentials, and requests that met a connection already known to be gone.
 */
export const countsAsConnectionFailure = (error: McpError): boolean => {
  switch (error._tag) {
    case "AuthorizationRequired":
    case "ConnectionClosed":
    case "QuestionUnanswered":
    case "RequestRejected":
    case "RequestTooLarge":
    case "ResponseTooLarge":
    case "SessionExpired":
    case "TokenStoreUnusable":
    case "ToolCallRejected":
      return false
    case "ServerHttpStatus":
      return error.httpStatus >= 500
    default:
      return true
  }
}

/**
 * Whether the failure proves that the tool did not run, so that repeating the call is safe for any tool.
 * A rejected call is not listed: a server may reject after half of the work.
 */
export const wasNotExecuted = (error: McpError): boolean => {
  switch (error._tag) {
    case "AuthorizationRequired":
    case "ConnectionClosed":
    case "HandshakeRejected":
    case "HandshakeTimeout":
    case "ProtocolMismatch":
    case "RedirectRefused":
    case "RequestTooLarge":
    case "ServeFailed":
    case "ServerUnreachable":
    case "SessionExpired":
    case "SpawnFailed":
    case "TokenStoreUnusable":
      return true
    case "ServerHttpStatus":
      return error.httpStatus < 500 ? error.httpStatus !== 408 : error.httpStatus === 503
    default:
      return false
  }
}
