/**
 * Which tools of the host a request gets: what the server and the key allow, and of these what the request asks for,
 * by a header or by naming servers.
 */
import { builtInSource, Host } from "@signalbox/host"
import { emptyToolbox, narrowToolbox, type Toolbox } from "@signalbox/model"
import { Effect } from "effect"
import { type AllowedTools, type Client, narrowTools } from "../clients/Client.ts"
import { ServerNotAllowed, ToolExecutionUnknown } from "../clients/errors.ts"
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

/** The servers whose tools a request may use, whether it wants them or not. */
export const allowedServers = (
  client: Client,
  headers: RequestHeaders,
  configured: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const allowed = narrowTools(client.tools, asked(headers))
  return allowed === "none" ? [] : allowed === "all" ? configured : allowed
}

/** The toolbox of a request. Fails when it names a server that there is not for its key, or says what has no meaning. */
export const hostToolsFor = Effect.fnUntraced(function* (
  toolbox: Toolbox["Service"],
  client: Client,
  { configured, headers, servers }: ToolWishes
) {
  // A misspelt wish for no tools would run them.
  if (!isKnown(wish(headers))) return yield* new ToolExecutionUnknown({ given: wish(headers) })
  const allowed = narrowTools(client.tools, asked(headers))
  const available = allowedServers(client, headers, configured)
  const missing = servers?.find(({ name }) => !available.includes(name))
  if (missing !== undefined) return yield* new ServerNotAllowed({ serverName: missing.name, available })
  if (available.length === 0) return emptyToolbox
  if (servers === undefined && allowed === "all") return toolbox
  return narrowToolbox(toolbox, ({ originalName, runBy }) => {
    if (runBy._tag !== "Host") return false
    if (servers === undefined) return available.includes(runBy.source)
    const named = servers.find(({ name }) => name === runBy.source)
    return named?.wants(originalName) ?? false
  })
})
