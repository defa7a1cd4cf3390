/**
 * The client of a connection whose hands are shaken: calls, lists, health and change notices.
 */
import { Effect, Stream } from "effect"
import { callTool, knownTool, type KnownTool } from "./callTool.ts"
import type { Connection } from "./Connection.ts"
import { findParamHeaders, paramHeaders } from "./http/paramHeaders.ts"
import { whenStale } from "./freshList.ts"
import { listTools } from "./listTools.ts"
import type { McpClient, ServerIdentity } from "./McpClient.ts"
import type { McpTool } from "./McpTool.ts"
import { makePrompts } from "./prompts.ts"
import { requestPlain, within } from "./requestPlain.ts"
import { makeResources } from "./resources.ts"
import { complete, setLogLevel } from "./utilities.ts"

const identityOf = ({ pid, session }: Connection): ServerIdentity => {
  const { instructions, title, ...handshake } = session.handshake
  return {
    ...handshake,
    ...(title === undefined ? {} : { title }),
    ...(instructions === undefined ? {} : { instructions }),
    pid
  }
}

/** Makes the client. Its scope belongs to `connect`. */
export const makeClient = (connection: Connection): McpClient => {
  const { calls, changes, ending, logs, server } = connection
  const identity = identityOf(connection)
  // Only stateless HTTP mirrors arguments into headers, and only there a wrong declaration is a fault.
  const mirrors = identity.era === "modern" && connection.http !== undefined
  const prompts = makePrompts(connection)
  const resources = makeResources(connection)
  let known: ReadonlyMap<string, KnownTool> = new Map()

  const refuse = (tool: McpTool): string | undefined => {
    const declared = mirrors ? findParamHeaders(tool.inputSchema) : []
    return typeof declared === "string" ? declared : undefined
  }
  const remember = (tool: McpTool): KnownTool => {
    const declared = mirrors ? findParamHeaders(tool.inputSchema) : []
    return knownTool(tool, (input) => (typeof declared === "string" ? undefined : paramHeaders(declared, input)))
  }

  return {
    serverName: server.name,
    identity,
    listTools: whenStale(
      changes.tools,
      listTools(connection, refuse).pipe(within(server.name, "tools/list", server.connectTimeout))
    ).pipe(
      Effect.tap(({ tools }) =>
        Effect.sync(() => {
          known = new Map(tools.map((tool) => [tool.name, remember(tool)]))
        })
      ),
      Effect.withSpan("McpClient.listTools", { kind: "client", attributes: { "mcp.server": server.name } })
    ),
    callTool: (call) =>
      Effect.withSpan(
        Effect.suspend(() => {
          // The same call may be made twice at once; each is under way on its own.
          const own = { ...call }
          calls.add(own)
          return Effect.onExitPrimitive(callTool(connection, known, own), () => {
            calls.remove(own)
            return undefined
          })
        }),
        "McpClient.callTool",
        {
          kind: "client",
          attributes: { "mcp.server": server.name, "mcp.tool": call.name },
          // It would be this line at every call, at a tenth of what the call costs.
          captureStackTrace: false
        }
      ),
    drained: calls.drained,
    ping: ping(connection).pipe(
      Effect.withSpan("McpClient.ping", { kind: "client", attributes: { "mcp.server": server.name } })
    ),
    activity: connection.channel.activity,
    toolsChanged: changes.tools.stream.pipe(Stream.interruptWhen(ending.lost)),
    prompts: { ...prompts, changed: prompts.changed.pipe(Stream.interruptWhen(ending.lost)) },
    resources: { ...resources, changed: resources.changed.pipe(Stream.interruptWhen(ending.lost)) },
    complete: (request) => complete(connection, request),
    setLogLevel: (level) => setLogLevel(connection, level),
    logMessages: Stream.fromPubSub(logs).pipe(Stream.interruptWhen(ending.lost)),
    closed: ending.lost,
    stderrTail: connection.stderrTail
  }
}

/** Any answer is a sign of life, an error too: old servers do not know `ping` (-32601). */
const ping = (connection: Connection) => {
  const method = connection.session.handshake.era === "modern" ? "server/discover" : "ping"
  return requestPlain(connection, method, {}).pipe(
    Effect.asVoid,
    Effect.catchTag(["RequestRejected", "InvalidResult"], () => Effect.void),
    within(connection.server.name, method, connection.server.connectTimeout)
  )
}
