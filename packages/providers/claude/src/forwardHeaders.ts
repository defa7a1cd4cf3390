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
const aboutTheCaller = new Set([
  "accept-encoding",
  "b3",
  "baggage",
  "content-encoding",
  "content-length",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "origin",
  "referer",
  "traceparent",
  "tracestate",
  "via",
  "x-correlation-id",
  "x-real-ip",
  "x-request-id"
])

const prefixesAboutTheCaller = ["sec-", "x-b3-", "x-forwarded-"]

const isAboutTheCaller = (name: string): boolean =>
  aboutTheCaller.has(name) || prefixesAboutTheCaller.some((prefix) => name.startsWith(prefix))

const namesIn = (list: string): ReadonlySet<string> => new Set(list.split(",").map((name) => name.trim().toLowerCase()))

const keptHeaders = (given: GivenHeaders, isKept: (name: string) => boolean): Record<string, string> => {
  const { connection } = given
  const named = connection === undefined || connection === "keep-alive" ? undefined : namesIn(connection)
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || hopByHop.has(name) || named?.has(name) === true || !isKept(name)) continue
    kept[name] = value
  }
  return kept
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
    keptHeaders(given, (name) => (keyMode === "forward" || !keys.has(name)) && !isAboutTheCaller(name))
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
