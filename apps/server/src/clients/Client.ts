/**
 * Who asks: the client whose key a request brings, and what it may use. Nobody else's calls share its sessions and costs.
 */
import { builtInSource } from "@signalbox/host"
import type { ModelRequest } from "@signalbox/model"

/**
 * Which tools of the host a request may use: all, those of all MCP servers (and so not the built-in ones, which show what
 * this machine has), none, or those of some servers.
 */
export type AllowedTools = "all" | "servers" | "none" | ReadonlyArray<string>

/** A client that was let in. */
export interface Client {
  /** Shown in logs; sessions with servers, and costs, are kept apart by it. */
  readonly name: string
  readonly tools: AllowedTools
  /** Names of models that may be asked for, `*` at the end for any rest; absent: all. */
  readonly models: ReadonlyArray<string> | undefined
  /** Whether it may bring MCP servers by URL, and the setting of the configuration that says so. */
  readonly mcpUrls: { readonly isAllowed: boolean; readonly setting: string }
  /** The caller's own key for the provider, where it is not the server's that counts. */
  readonly apiKey: ModelRequest["apiKey"]
}

/** Whether a client may ask for a model. */
export const mayAsk = ({ models }: Client, model: string): boolean =>
  models === undefined ||
  models.some((allowed) => (allowed.endsWith("*") ? model.startsWith(allowed.slice(0, -1)) : model === allowed))

/** What both of two allow. */
export const narrowTools = (one: AllowedTools, other: AllowedTools): AllowedTools => {
  if (one === "none" || other === "none") return "none"
  if (one === "all" || other === "all") return one === "all" ? other : one
  if (one === "servers" || other === "servers") return ofServers(one === "servers" ? other : one)
  return one.filter((server) => other.includes(server))
}

const ofServers = (tools: "servers" | ReadonlyArray<string>): AllowedTools =>
  tools === "servers" ? tools : tools.filter((source) => source !== builtInSource)

/** Whether tools of a source are among those that are allowed. */
export const allowsSource = (allowed: AllowedTools, source: string): boolean => {
  if (allowed === "all" || allowed === "none") return allowed === "all"
  return allowed === "servers" ? source !== builtInSource : allowed.includes(source)
}
