/**
 * MCP servers that a request wants: `mcp_servers` with its `tool_configuration` (beta of April 2025), or with a
 * `mcp_toolset` among the tools (November 2025 and later). Both say the same, and are read into one value.
 */
import type { JsonObject, ModelRequest } from "@signalbox/model"
import { Effect, Predicate, Redacted } from "effect"
import { checked, vendor } from "../blocks.ts"
import type { RequestWire } from "../wire/request.ts"
import { type McpServerWire, McpToolsetWire, type ToolWire } from "../wire/tools.ts"
import { fromBlocks, invalid } from "./invalid.ts"

/** What a request wants of a tool. A deferred one is shown to the model only once it has been looked up. */
export interface McpToolWish {
  readonly isEnabled: boolean
  readonly isDeferred: boolean
}

/** A server that a request names. Without a URL it can only be one that the host knows. */
export interface RequestedMcpServer {
  readonly name: string
  readonly url?: string
  readonly authorizationToken?: Redacted.Redacted
  /** For tools that `tools` does not name. */
  readonly defaults: McpToolWish
  readonly tools: ReadonlyMap<string, Partial<McpToolWish>>
}

/** What a request wants of one tool of a server, by the tool's own name. */
export const mcpToolWish = ({ defaults, tools }: RequestedMcpServer, toolName: string): McpToolWish => ({
  ...defaults,
  ...tools.get(toolName)
})

const toolset = checked(McpToolsetWire)

type Config = NonNullable<McpToolsetWire["default_config"]>

const wish = (config: Config): Partial<McpToolWish> => ({
  ...(typeof config.enabled === "boolean" ? { isEnabled: config.enabled } : {}),
  ...(typeof config.defer_loading === "boolean" ? { isDeferred: config.defer_loading } : {})
})

const everything: McpToolWish = { isEnabled: true, isDeferred: false }

const fromServer = ({ authorization_token, name, tool_configuration, url }: McpServerWire): RequestedMcpServer => {
  const allowed = tool_configuration?.allowed_tools
  const isEnabled = tool_configuration?.enabled !== false
  return {
    name,
    ...(typeof url === "string" ? { url } : {}),
    ...(typeof authorization_token === "string" ? { authorizationToken: Redacted.make(authorization_token) } : {}),
    // A list of tools means these and no others; a server that is off has none.
    defaults: { ...everything, isEnabled: isEnabled && !Array.isArray(allowed) },
    tools: new Map(isEnabled ? (allowed ?? []).map((tool) => [tool, { isEnabled: true }]) : [])
  }
}

const withToolset = (server: RequestedMcpServer, { configs, default_config }: McpToolsetWire): RequestedMcpServer => ({
  ...server,
  defaults: { ...everything, ...wish(default_config ?? {}) },
  tools: new Map(Object.entries(configs ?? {}).map(([tool, config]) => [tool, wish(config)]))
})

/** The servers in the order in which they are named. A toolset may name one that only the host knows. */
export const readMcpServers = Effect.fnUntraced(function* (
  servers: RequestWire["mcp_servers"],
  tools: ReadonlyArray<ToolWire>
) {
  const byName = new Map<string, RequestedMcpServer>()
  for (const [index, server] of (servers ?? []).entries()) {
    if (byName.has(server.name))
      return yield* invalid(["mcp_servers", index, "name"], `"${server.name}" is named twice`)
    byName.set(server.name, fromServer(server))
  }
  const withTools = new Set<string>()
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== "mcp_toolset") continue
    const wanted = yield* fromBlocks(["tools", index], toolset(tool))
    const name = wanted.mcp_server_name
    if (withTools.has(name)) {
      return yield* invalid(["tools", index, "mcp_server_name"], `"${name}" has a toolset already`)
    }
    withTools.add(name)
    byName.set(name, withToolset(byName.get(name) ?? { name, defaults: everything, tools: new Map() }, wanted))
  }
  return [...byName.values()]
})

/**
 * The request without its wish for MCP servers: for a host that has given it their tools, so that the API does not
 * connect to them too.
 */
export const withoutMcpServers = (request: ModelRequest): ModelRequest => {
  const { mcp_servers: _servers, tools, ...own } = request.vendor?.[vendor] ?? {}
  const given: ReadonlyArray<unknown> = Array.isArray(tools) ? tools : []
  const kept = given.filter((tool) => !Predicate.hasProperty(tool, "type") || tool.type !== "mcp_toolset")
  const left: JsonObject = { ...own, ...(kept.length === 0 ? {} : { tools: kept }) }
  return { ...request, vendor: { ...request.vendor, [vendor]: left } }
}
