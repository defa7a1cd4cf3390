/**
 * What a failure of the protocol client means to a caller, by operation. The same broken socket is
 * "unreachable" while connecting, and "outcome unknown" under a tool call.
 */
import { redactText } from "@signalbox/errors"
import { Duration, Result } from "effect"
import { wantsMoreScope } from "./auth/challenge.ts"
import { usesOAuth } from "./auth/OAuthOptions.ts"
import { RequestTooLarge, ResponseTooLarge, ToolCallRejected, ToolOutcomeUnknown } from "./callErrors.ts"
import {
  AuthorizationRequired,
  HandshakeRejected,
  ProtocolMismatch,
  RedirectRefused,
  ServerHttpStatus,
  ServerUnreachable
} from "./connectErrors.ts"
import {
  BadGateway,
  ConnectionClosed,
  InvalidResult,
  ListFailed,
  RequestRejected,
  SessionExpired
} from "./connectionErrors.ts"
import { type CallError, type ConnectError, type ServerError, wasNotExecuted } from "./errors.ts"
import type { Exchange } from "./http/guardedFetch.ts"
import type { Failure } from "./Session.ts"
import { isRemote, type ServerOptions } from "./ServerOptions.ts"
import { isJsonObject } from "./wire.ts"

/** What is known about the place of a failure. */
export interface FaultContext {
  readonly server: ServerOptions
  readonly method: string
  /** The HTTP exchange that failed, if it was one. */
  readonly exchange: Exchange | undefined
  /** Whether the server had given out a session. */
  readonly hasSession: boolean
}

type Common =
  | AuthorizationRequired
  | BadGateway
  | ConnectionClosed
  | InvalidResult
  | RedirectRefused
  | ResponseTooLarge
  | ServerHttpStatus
  | ServerUnreachable
  | SessionExpired

/** System errors that come before the first byte of a request. */
const notConnected = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
])

const excerptCharacters = 300

const urlOf = ({ endpoint }: ServerOptions): string => {
  if (!("url" in endpoint) || !URL.canParse(endpoint.url)) return ""
  const url = new URL(endpoint.url)
  return `${url.origin}${url.pathname}`
}

const rpcErrorIn = (text: string): RpcError | undefined => {
  const start = text.trimStart()
  if (!start.startsWith("{")) return undefined
  const body = parseJson(start)
  const error = isJsonObject(body) ? body["error"] : undefined
  if (!isJsonObject(error)) return undefined
  const { code, data, message } = error
  if (typeof code !== "number") return undefined
  return { code, message: typeof message === "string" ? message : "no message", data }
}

const parseJson = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))

/** Many servers answer 400 where the specification says 404. Only their text tells (MCP transports, "Session Management"). */
const deniesSession = (status: number, text: string): boolean =>
  status === 404 || (status === 400 && /\bsession\b/i.test(text))

const unauthorized = ({ exchange, server }: FaultContext): AuthorizationRequired => {
  const { endpoint, name: serverName } = server
  const isOurs = isRemote(endpoint) && endpoint.auth !== "none" && !usesOAuth(endpoint)
  const denied = isOurs ? { denial: "HeaderRefused" as const, detail: "" } : exchange?.denied
  return new AuthorizationRequired({
    serverName,
    challenge: exchange?.challenge,
    ...(denied === undefined ? {} : { ...denied, retryable: denied.denial === "RenewalFailed" })
  })
}

const httpFault = (context: FaultContext, status: number, text: string): Common => {
  const serverName = context.server.name
  const challenge = context.exchange?.challenge
  if (status === 401 || wantsMoreScope(status, challenge)) return unauthorized(context)
  if (context.hasSession && deniesSession(status, text)) return new SessionExpired({ serverName })
  const retryAfterSeconds = context.exchange?.retryAfterSeconds
  return new ServerHttpStatus({
    serverName,
    method: context.method,
    httpStatus: status,
    challenge,
    excerpt: redactText(text.slice(0, excerptCharacters).trim()),
    retryable: status === 408 || status === 429 || status >= 500,
    ...(retryAfterSeconds === undefined ? {} : { retryAfter: Duration.seconds(retryAfterSeconds) })
  })
}

/** Everything but the answers of the server itself, which mean something else to each operation. */
const common = (context: FaultContext, failure: Exclude<Failure, { readonly _tag: "Rpc" | "Version" }>): Common => {
  const { method, server } = context
  const serverName = server.name
  const bad = (reason: string) => new BadGateway({ serverName, method, reason })
  switch (failure._tag) {
    case "Http":
      return httpFault(context, failure.status, failure.text)
    case "Closed":
    case "Timeout":
      return new ConnectionClosed({ serverName, reason: "it ended while the request was under way." })
    case "InvalidResult":
      return new InvalidResult({ serverName, method, reason: failure.reason })
    case "Unusable":
      return bad(failure.reason)
    case "Network":
      return failure.code !== undefined && notConnected.has(failure.code)
        ? new ServerUnreachable({ serverName, url: urlOf(server), reason: failure.reason })
        : bad(`the connection broke: ${failure.reason}`)
    case "Wire": {
      const { fault } = failure.fault
      switch (fault._tag) {
        case "InvalidAnswer":
          return new InvalidResult({ serverName, method, reason: fault.reason })
        case "NoAnswer":
        case "NoStream":
          return bad(fault.reason)
        case "NotWritten":
        case "RequestTooLarge":
          return new ConnectionClosed({ serverName, reason: "its input is closed." })
        case "Redirected":
          return new RedirectRefused({ serverName, location: fault.location })
        case "ResponseTooLarge":
          return new ResponseTooLarge({ serverName, method, limitBytes: server.maxMessageBytes })
      }
    }
  }
}

/** A failure of the handshake. */
export const connectError = (context: FaultContext, failure: Failure): ConnectError => {
  const { server } = context
  const serverName = server.name
  switch (failure._tag) {
    case "Version":
      return new ProtocolMismatch({ serverName, wanted: server.protocol, offered: [...failure.offered] })
    case "Rpc":
      return rejected(server, failure)
    case "Http": {
      const rpc = failure.status === 400 || failure.status === 404 ? rpcErrorIn(failure.text) : undefined
      if (rpc !== undefined) return rejected(server, rpc)
      break
    }
  }
  const error = common(context, failure)
  return error._tag === "ConnectionClosed"
    ? new BadGateway({ serverName, method: context.method, reason: error.reason })
    : error
}

interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: unknown
}

/** UnsupportedProtocolVersion of revision 2026-07-28. */
const unsupportedVersion = -32022

const rejected = (server: ServerOptions, rpc: RpcError): HandshakeRejected | ProtocolMismatch => {
  const serverName = server.name
  if (rpc.code !== unsupportedVersion) {
    return new HandshakeRejected({ serverName, rpcCode: rpc.code, rpcMessage: rpc.message, data: rpc.data })
  }
  const supported = isJsonObject(rpc.data) ? rpc.data["supported"] : undefined
  const offered = Array.isArray(supported) ? supported.filter((version) => typeof version === "string") : []
  return new ProtocolMismatch({ serverName, wanted: server.protocol, offered })
}

/** A failure of `tools/list`, `ping` and their like. */
export const serverError = (context: FaultContext, failure: Failure): ServerError => {
  const { method, server } = context
  const serverName = server.name
  const rejected = ({ code, data, message }: RpcError) =>
    method === "tools/list"
      ? new ListFailed({ serverName, rpcCode: code, rpcMessage: message })
      : new RequestRejected({ serverName, method, rpcCode: code, rpcMessage: message, data })
  if (failure._tag === "Rpc") return rejected(failure)
  if (failure._tag === "Version")
    return new InvalidResult({ serverName, method, reason: "it changed its protocol revision" })
  const error = common(context, failure)
  const rpc = error._tag === "ServerHttpStatus" ? errorInBody(failure) : undefined
  return rpc === undefined ? error : rejected(rpc)
}

/** A failure of `tools/call`. What does not prove that the tool was not run leaves the outcome unknown. */
export const callError = (context: FaultContext, toolName: string, failure: Failure): CallError => {
  const { server } = context
  const serverName = server.name
  const rejected = (rpc: RpcError) =>
    new ToolCallRejected({ serverName, toolName, rpcCode: rpc.code, rpcMessage: rpc.message, data: rpc.data })
  if (failure._tag === "Rpc") return rejected(failure)
  if (failure._tag === "Version")
    return rejected({ code: unsupportedVersion, message: "unsupported protocol version", data: failure.offered })
  if (failure._tag === "Wire" && failure.fault.fault._tag === "RequestTooLarge") {
    return new RequestTooLarge({ serverName, toolName, limitBytes: server.maxRequestBytes })
  }
  const error = common(context, failure)
  if (failure._tag === "Closed") return outcomeUnknown(serverName, toolName, error)
  switch (error._tag) {
    case "BadGateway":
      return outcomeUnknown(serverName, toolName, error)
    case "ServerHttpStatus": {
      const rpc = errorInBody(failure)
      if (rpc !== undefined) return rejected(rpc)
      return wasNotExecuted(error) ? error : outcomeUnknown(serverName, toolName, error)
    }
    default:
      return error
  }
}

/** Statuses so general that a JSON-RPC error in the body says more. The others speak for themselves, whatever the body adds. */
const bodySpeaks = (httpStatus: number): boolean =>
  httpStatus === 400 || httpStatus === 404 || (httpStatus >= 500 && httpStatus !== 503)

/** The JSON-RPC error that says more than the status it came with. */
const errorInBody = (failure: Failure): RpcError | undefined =>
  failure._tag === "Http" && bodySpeaks(failure.status) ? rpcErrorIn(failure.text) : undefined

/** The call may have run, and `cause` is why nobody knows. */
export const outcomeUnknown = (serverName: string, toolName: string, cause: Error): ToolOutcomeUnknown =>
  new ToolOutcomeUnknown({ serverName, toolName, reason: cause.message, cause })
