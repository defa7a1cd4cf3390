/**
 * `tools list` and `tools call` in the host that runs already: its servers answer, with its circuits and its numbers.
 */
import { builtInSource } from "@signalbox/host"
import { ApprovalRequired, type JsonObject, notApproved, type ToolDefinition, type ToolResult } from "@signalbox/model"
import type { ControlConnection, ToolJson, ToolResultJson } from "@signalbox/server/control"
import type { SignalboxError } from "@signalbox/errors"
import { Effect, Option, Predicate } from "effect"
import { type ApprovalChoice, makeApproving } from "../chat/approving.ts"
import { personAtTerminal } from "../chat/questions/terminalInteraction.ts"
import { asTaken, readCall, type ToolCallWords } from "../toolCallWords.ts"
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

/** A call, by the names that were typed. */
interface WantedCall {
  readonly name: string
  readonly input: JsonObject
  readonly server?: string
}

const definitionOf = (tool: ToolJson): ToolDefinition => ({
  name: tool.name,
  originalName: tool.original_name,
  description: tool.description,
  inputSchema: tool.input_schema,
  annotations: tool.annotations,
  runBy: { _tag: "Host", source: tool.server },
  // Only its own tools ask by themselves.
  isTrusted: tool.server === builtInSource
})

/** Asks here what the tool asks there, and answers for how long the yes is meant. */
const approve = Effect.fnUntraced(function* (
  { ask }: ControlConnection,
  { input, name }: WantedCall,
  failure: SignalboxError,
  choice: ApprovalChoice
) {
  const tools = yield* ask((client) => client.tools.list({ query: { server: builtInSource } }))
  const tool = tools.find((each) => each.name === name || each.original_name === name)
  // What cannot be shown is not asked about.
  if (tool === undefined) return yield* Effect.fail(failure)
  const request = { tool: definitionOf(tool), input, reason: reasonOf(failure), isAskedByTool: true }
  const { interaction } = makeApproving(choice, yield* personAtTerminal)
  const answer = yield* interaction.approve(request)
  if (!answer.isApproved) return yield* notApproved(request, answer)
  return answer.remember === "always" ? ("always" as const) : ("once" as const)
})

/** The arguments as the tool takes them; what it takes is asked only where that makes a difference. */
const takenInput = Effect.fnUntraced(function* ({ ask }: ControlConnection, words: ToolCallWords) {
  const { input, server, tool, typed } = words
  if (Object.keys(typed).length === 0) return input
  const tools = yield* ask((client) => client.tools.list({ query: server === undefined ? {} : { server } }))
  const found = tools.find((each) => each.name === tool || each.original_name === tool || each.alias === tool)
  return found === undefined ? input : asTaken(words, found.input_schema)
})

/** A call by the running host; nothing where there is none. Leaving it cancels the call at its server. */
export const callByHost = Effect.fnUntraced(function* (words: ReadonlyArray<string>, choice: ApprovalChoice) {
  const connection = yield* found
  if (connection === undefined) return undefined
  const names = [builtInSource, ...(yield* serversOf(connection)).map(({ name }) => name)]
  const read = yield* readCall(words, names)
  const { server, tool } = read
  const input = yield* takenInput(connection, read)
  const wanted: WantedCall = { name: tool, input, ...(server === undefined ? {} : { server }) }
  const call = (approved?: "once" | "always") =>
    connection.ask((client) =>
      client.tools.call({ payload: { ...wanted, ...(approved === undefined ? {} : { approved }) } })
    )
  const answered = yield* call().pipe(
    Effect.catchIf(
      ({ code }) => code === ApprovalRequired.definition.code,
      (failure) => Effect.flatMap(approve(connection, wanted, failure, choice), call)
    )
  )
  return { tool, result: resultOf(answered) }
}, Effect.scoped)

/** Why the host wants a yes. */
const reasonOf = (error: object): string =>
  Predicate.hasProperty(error, "reason") ? String(error.reason) : "the tool wants it"
