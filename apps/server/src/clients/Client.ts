/**
 * Who asks: the client whose key a request brings, and what it may use. Nobody else's calls share its sessions and costs.
 */
import type { ModelRequest } from "@signalbox/model"

/** Which tools of the host a request may use: all, none, or those of some servers. */
export type AllowedTools = "all" | "none" | ReadonlyArray<string>

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
  if (one === "all") return other
  return other === "all" ? one : one.filter((server) => other.includes(server))
}
