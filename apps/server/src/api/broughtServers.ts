/**
 * MCP servers that a request brings by URL, for keys that may: connected to when the turn begins, and given back with it. A
 * name of the configuration always means its own server, so that none can come under the rules for another.
 */
import { Host, McpUrlRefused, UrlServer } from "@signalbox/host"
import { inventoryOf, narrowToolbox, sourceOf, type Toolbox } from "@signalbox/model"
import { Effect } from "effect"
import type { Client } from "../clients/Client.ts"
import { ServerNotAllowed } from "../clients/errors.ts"
import type { NamedServer } from "./Dialect.ts"

/** A server that may be connected to. */
export interface BroughtServer extends NamedServer {
  readonly url: string
}

/** For whom servers are taken. */
export interface TakenFor {
  readonly client: Client
  /** The servers of the configuration that the request may use. */
  readonly available: ReadonlyArray<string>
  /** Whether it wants tools that run here at all. */
  readonly isAsked: boolean
}

/** Rules say `server__tool`: a name must not read as that of another server and the beginning of a tool. */
const isPlain = (name: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(name) && !/__|_$/.test(name)

/** Names that mean something already, whether or not the client may use it. */
const taken = Effect.gen(function* () {
  const { reload, toolbox } = yield* Host
  const { options } = yield* reload.current
  const { all } = yield* inventoryOf(toolbox)
  return new Set([...Object.keys(options.servers), ...all.map(({ runBy }) => sourceOf(runBy))])
})

/** The servers that a request may bring, of those that it names and that are none of the configuration. */
export const takeUrls = Effect.fnUntraced(function* (
  servers: ReadonlyArray<NamedServer>,
  { available, client, isAsked }: TakenFor
): Effect.fn.Return<ReadonlyArray<BroughtServer>, ServerNotAllowed | McpUrlRefused, Host> {
  const names = yield* taken
  const { isAllowed, setting } = client.mcpUrls
  return yield* Effect.forEach(servers, (server): Effect.Effect<BroughtServer, ServerNotAllowed | McpUrlRefused> => {
    const { name: serverName, url } = server
    const missing = { serverName, available }
    if (url === undefined || names.has(serverName) || !isAsked) return Effect.fail(new ServerNotAllowed(missing))
    if (!isAllowed) return Effect.fail(new ServerNotAllowed({ ...missing, setting }))
    const reason = "its name must be 1 to 64 letters, digits, - or _, without two _ in a row or one at the end"
    return isPlain(serverName)
      ? Effect.succeed({ ...server, url })
      : Effect.fail(new McpUrlRefused({ serverName, reason }))
  })
})

/** The tools of these servers, all of which are connected to at the same time, while the scope is open. */
export const toolsOfBrought = (
  { urlServers }: Host["Service"],
  client: Client,
  brought: ReadonlyArray<BroughtServer>
) =>
  Effect.forEach(
    brought,
    ({ headers, name, url, wants }) =>
      Effect.map(
        urlServers.connect(new UrlServer({ client: client.name, name, url, headers })),
        (toolbox): Toolbox["Service"] => narrowToolbox(toolbox, wants)
      ),
    { concurrency: "unbounded" }
  )
