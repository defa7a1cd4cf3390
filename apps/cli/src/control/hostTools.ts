/**
 * `tools list` and `tools call` in the host that runs already: its servers answer, with its circuits and its numbers.
 */
import type { ToolResult } from "@signalbox/model"
import type { ControlConnection, ToolResultJson } from "@signalbox/server/control"
import { Effect, Option } from "effect"
import { readCall } from "../toolCallWords.ts"
import { findRunning, tellHost } from "./runningHost.ts"
import { serverInfoOf } from "./serverInfo.ts"

/** A connection to the running host, told of; nothing where there is none. */
const found = Effect.tap(findRunning, (connection) =>
  connection === undefined ? Effect.void : tellHost(connection.record)
)

const serversOf = ({ ask }: ControlConnection) =>
  Effect.map(
    ask((client) => client.servers.list()),
    (servers) => servers.map(serverInfoOf)
  )

/** The tools of the running host, and the servers that should be there: all but those that were stopped on purpose. */
export const toolsOfHost = Effect.fnUntraced(function* (server: Option.Option<string>) {
  const connection = yield* found
  if (connection === undefined) return undefined
  const query = Option.isSome(server) ? { server: server.value } : {}
  const tools = yield* connection.ask((client) => client.tools.list({ query }))
  const servers = (yield* serversOf(connection)).filter(({ name, state }) =>
    Option.match(server, { onNone: () => state !== "stopped", onSome: (wanted) => name === wanted })
  )
  return { tools, servers }
}, Effect.scoped)

const resultOf = ({ content, is_error, structured_content, warnings }: ToolResultJson): ToolResult => ({
  content,
  ...(structured_content === undefined ? {} : { structuredContent: structured_content }),
  isError: is_error,
  ...(warnings === undefined ? {} : { warnings })
})

/** A call by the running host; nothing where there is none. Leaving it cancels the call at its server. */
export const callByHost = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
  const connection = yield* found
  if (connection === undefined) return undefined
  const names = (yield* serversOf(connection)).map(({ name }) => name)
  const { input, server, tool } = yield* readCall(words, names)
  const payload = { name: tool, input, ...(server === undefined ? {} : { server }) }
  return { tool, result: resultOf(yield* connection.ask((client) => client.tools.call({ payload }))) }
}, Effect.scoped)
