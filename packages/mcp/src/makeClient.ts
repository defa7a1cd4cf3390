/**
 * The client of a connection whose hands are shaken: calls, lists, health and change notices.
 */
import { Effect, PubSub, Schedule, Stream } from "effect"
import { callTool, knownTool, type KnownTool } from "./callTool.ts"
import { type Connection } from "./Connection.ts"
import { findParamHeaders, paramHeaders } from "./http/paramHeaders.ts"
import { listTools, requestPlain, withinBudget } from "./listTools.ts"
import { type McpClient, type ServerIdentity } from "./McpClient.ts"
import { type McpTool } from "./McpTool.ts"

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
    listTools: listTools(connection, refuse).pipe(
      withinBudget(server, "tools/list"),
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
          return Effect.onExit(callTool(connection, known, own), () => Effect.sync(() => calls.remove(own)))
        }),
        "McpClient.callTool",
        { kind: "client", attributes: { "mcp.server": server.name, "mcp.tool": call.name } }
      ),
    drained: calls.drained,
    ping: ping(connection).pipe(
      Effect.withSpan("McpClient.ping", { kind: "client", attributes: { "mcp.server": server.name } })
    ),
    toolsChanged: Stream.fromPubSub(changes).pipe(Stream.interruptWhen(ending.lost)),
    activity: connection.channel.activity,
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
    Effect.catchTag(["ListFailed", "InvalidResult"], () => Effect.void),
    withinBudget(connection.server, method)
  )
}

/** How long to wait before a lost subscription is opened again. */
const reopening = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])

/**
 * Keeps the subscription that the modern era needs for change notices. Each loss counts as a change, because
 * one may have been missed meanwhile.
 */
export const watchTools = (connection: Connection): Effect.Effect<void> => {
  const { changes, session } = connection
  const tools = session.handshake.capabilities["tools"]
  const announces = typeof tools === "object" && tools !== null && "listChanged" in tools && tools.listChanged === true
  if (session.handshake.era !== "modern" || !announces) return Effect.void
  const once = Effect.tryPromise((signal) => session.listen(signal).then(({ closed }) => closed)).pipe(
    // However the subscription ended: it is opened again.
    Effect.ignore,
    Effect.andThen(PubSub.publish(changes, undefined))
  )
  return once.pipe(Effect.repeat(reopening), Effect.asVoid)
}
