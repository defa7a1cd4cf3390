/**
 * Which headers pass when a request is handed on as it came, in either direction.
 */
import type { ClaudeOptions } from "./ClaudeOptions.ts"
import { authHeaders, joinHeaders } from "./headers.ts"

/** Headers as HTTP servers give them, with names in lower case. */
export type GivenHeaders = Readonly<Record<string, string | undefined>>

/** Whose key the upstream is shown: that of the options, or the caller's. */
export type KeyMode = "forward" | "own"

/** RFC 9110 §7.6.1: what is said to the next hop only. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

const keys = new Set(["authorization", "x-api-key"])

/** What is about this connection, about the bytes as they were packed, or nobody's business upstream. */
const aboutTheCaller =
  /^(host|content-length|content-encoding|accept-encoding|expect|cookie|origin|referer|forwarded|via|x-real-ip|x-request-id|x-correlation-id|x-forwarded-.*|sec-.*|traceparent|tracestate|baggage|b3|x-b3-.*)$/

const keptHeaders = (given: GivenHeaders, isKept: (name: string) => boolean): Record<string, string> => {
  const named = new Set((given["connection"] ?? "").split(",").map((name) => name.trim().toLowerCase()))
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value !== undefined && !hopByHop.has(name) && !named.has(name) && isKept(name) ? [[name, value] as const] : []
    )
  )
}

/**
 * The caller's headers as the upstream gets them: with the betas of both sides, the caller's version, and the key of
 * whoever pays.
 */
export const requestHeaders = (
  options: ClaudeOptions,
  given: GivenHeaders,
  keyMode: KeyMode
): Readonly<Record<string, string>> => ({
  ...joinHeaders(
    options,
    keptHeaders(given, (name) => (keyMode === "forward" || !keys.has(name)) && !aboutTheCaller.test(name))
  ),
  ...(keyMode === "own" ? authHeaders(options) : {}),
  // Packed bytes would have to be unpacked for whoever looks into them.
  "accept-encoding": "identity"
})

const said = new Set([
  "cache-control",
  "content-encoding",
  "content-length",
  "content-type",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry"
])

/** What is said of the account whose key was shown. */
const aboutTheAccount = new Set(["anthropic-organization-id", "anthropic-workspace-id"])

/** The upstream's headers as the caller gets them. Its rate limits are not the caller's. */
export const answerHeaders = (given: GivenHeaders, keyMode: KeyMode): Readonly<Record<string, string>> =>
  keptHeaders(given, (name) => {
    if (said.has(name)) return true
    if (!name.startsWith("anthropic-") || name.startsWith("anthropic-ratelimit-")) return false
    return keyMode === "forward" || !aboutTheAccount.has(name)
  })
