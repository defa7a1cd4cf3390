/**
 * Which tools a request gets beside its own: of those of the host what the server and the key allow, and of these what the
 * request asks for, by a header or by naming servers; and those of servers that it brings.
 */
import { builtInSource, Host, type McpUrlRefused } from "@signalbox/host"
import { emptyToolbox, narrowToolbox, type Toolbox } from "@signalbox/model"
import { Effect } from "effect"
import { type AllowedTools, allowsSource, type Client, narrowTools } from "../clients/Client.ts"
import { type ServerNotAllowed, ToolExecutionUnknown } from "../clients/errors.ts"
import { type BroughtServer, takeUrls } from "./broughtServers.ts"
import type { NamedServer, RequestHeaders } from "./Dialect.ts"

const header = "x-tool-execution"

const wish = (headers: RequestHeaders): string => headers[header]?.trim().toLowerCase() ?? ""

/** `passthrough`: none; `server`, or nothing: what is allowed. */
const asked = (headers: RequestHeaders): AllowedTools => (wish(headers) === "passthrough" ? "none" : "all")

const isKnown = (given: string): boolean => ["", "passthrough", "server"].includes(given)

/** What a request says of the servers that it wants. */
export interface ToolWishes {
  readonly headers: RequestHeaders
  readonly servers: ReadonlyArray<NamedServer> | undefined
  /** All that are configured. */
  readonly configured: ReadonlyArray<string>
}

/** The servers of the present configuration that are switched on, and the built-in tools under their name. */
export const configuredServers = Effect.flatMap(Host, ({ reload }) =>
  Effect.map(reload.current, ({ options: { servers, tools } }) => [
    ...(tools.enabled.length > 0 ? [builtInSource] : []),
    ...Object.entries(servers).flatMap(([name, { enabled }]) => (enabled ? [name] : []))
  ])
)

const isList = (allowed: AllowedTools): allowed is ReadonlyArray<string> => typeof allowed !== "string"

/** The servers whose tools a request may use, whether it wants them or not. */
export const allowedServers = (
  client: Client,
  headers: RequestHeaders,
  configured: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const allowed = narrowTools(client.tools, asked(headers))
  return isList(allowed) ? allowed : configured.filter((source) => allowsSource(allowed, source))
}

/** What a request gets: the tools of the host, and the servers to connect to for it. */
export interface RequestTools {
  readonly tools: Toolbox["Service"]
  readonly brought: ReadonlyArray<BroughtServer>
}

/** The tools of a request. Fails when it names a server that there is not for its key, or says what has no meaning. */
export const hostToolsFor = Effect.fnUntraced(function* (
  toolbox: Toolbox["Service"],
  client: Client,
  { configured, headers, servers }: ToolWishes
): Effect.fn.Return<RequestTools, ServerNotAllowed | ToolExecutionUnknown | McpUrlRefused, Host> {
  // A misspelt wish for no tools would run them.
  if (!isKnown(wish(headers))) return yield* new ToolExecutionUnknown({ given: wish(headers) })
  const allowed = narrowTools(client.tools, asked(headers))
  const available = allowedServers(client, headers, configured)
  const others = servers?.filter(({ name }) => !available.includes(name)) ?? []
  const brought =
    others.length === 0 ? [] : yield* takeUrls(others, { client, available, isAsked: asked(headers) !== "none" })
  if (available.length === 0) return { tools: emptyToolbox, brought }
  const isAll = allowed === "all" || (allowed === "servers" && !configured.includes(builtInSource))
  if (servers === undefined && isAll) return { tools: toolbox, brought }
  const tools = narrowToolbox(toolbox, (tool) => {
    if (tool.runBy._tag !== "Host") return false
    const { source } = tool.runBy
    if (servers === undefined) return allowsSource(allowed, source)
    return servers.find(({ name }) => name === source)?.wants(tool) ?? false
  })
  return { tools, brought }
})
