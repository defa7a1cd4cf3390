/**
 * Whether a request of the Messages API needs nothing of the host but a key and a route, so that its bytes can go to the
 * upstream as they are. Whatever is doubtful is none: it goes the way of all requests, which reads it whole.
 */
import type { Upstream } from "@signalbox/host"
import { Predicate } from "effect"
import type { Client } from "../clients/Client.ts"
import type { ServerSection } from "./ApiContext.ts"
import type { RequestHeaders } from "./Dialect.ts"
import { allowedServers } from "./hostTools.ts"

/** What a plain request says. */
export interface PlainRequest {
  readonly model: string
  readonly maxTokens: number | undefined
}

/** What only the host understands: its own tools in a history, and thoughts and citations that other upstreams gave. */
const ours = /"mcp_(tool_use|tool_result|toolset)"|"signalbox:|"encrypted_index":\s*""/

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)

/** Reads a body; `undefined` where it needs the host, or is no request at all. */
export const readPlainRequest = (body: unknown, text: string): PlainRequest | undefined => {
  if (!Predicate.isObject(body)) return undefined
  const { max_tokens: maxTokens, mcp_servers: servers, messages, model, thread } = body as Record<string, unknown>
  if (typeof model !== "string" || model === "" || !Array.isArray(messages)) return undefined
  // Threads are not held here: the way of all requests says so with the code on which clients send everything.
  if (!isNothing(servers) || !isNothing(thread) || ours.test(text)) return undefined
  if (maxTokens !== undefined && typeof maxTokens !== "number") return undefined
  return { model, maxTokens }
}

/** Whether nothing that this server does would change the request. */
export const isUntouched = (
  { maxTokens }: PlainRequest,
  { maxTokens: upstreamLimit }: Upstream,
  { cache, maxTokens: limit }: ServerSection
): boolean =>
  !cache.enabled &&
  (maxTokens === undefined ||
    ((limit === "unlimited" || maxTokens <= limit) && (upstreamLimit === undefined || maxTokens <= upstreamLimit)))

/** Whether a request could use a tool of the host. */
export const hasHostTools = (client: Client, headers: RequestHeaders, configured: ReadonlyArray<string>): boolean =>
  allowedServers(client, headers, configured).length > 0
