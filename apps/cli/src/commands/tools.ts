import { Host, ToolFailed } from "@signalbox/host"
import {
  type JsonObject,
  localCall,
  qualifiedName,
  resultText,
  type ToolDefinition,
  ToolNotFound,
  type ToolResult
} from "@signalbox/model"
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { tellShortfall } from "../render/tellShortfall.ts"
import { report } from "../report.ts"
import { type RunningHost, withHost } from "../withHost.ts"
import { shortfallOf } from "../shortfall.ts"
import { startListed, startUntil } from "../startServers.ts"
import { explainUnknown } from "../unknownName.ts"
import { withSetting } from "../withSetting.ts"
import { parseJsonObject, readCall, type ToolCallWords } from "../toolCallWords.ts"

const sourceOf = (tool: ToolDefinition): string => (tool.runBy._tag === "Host" ? tool.runBy.source : "")

const list = Command.make(
  "list",
  { server: Flag.String("server").pipe(Flag.withDescription("Only the tools of this server"), Flag.optional) },
  ({ server }) =>
    withSetting(
      withHost({ startsAll: Option.isNone(server), needsNoModel: true })(
        Effect.gen(function* () {
          const host = yield* Host
          const servers = yield* startListed(host, server)
          return { tools: yield* host.toolbox.list, servers }
        })
      ).pipe(
        report({
          shortfall: ({ servers }) => shortfallOf(servers),
          render: ({ servers, tools }) =>
            Effect.gen(function* () {
              const { columns, line, style } = yield* Output
              const rows = tools.map((tool) => [
                tool.alias === undefined
                  ? style.bold(tool.name)
                  : `${style.bold(tool.name)} ${style.dim(`(${printable(tool.originalName)})`)}`,
                style.cyan(sourceOf(tool)),
                printable(tool.description)
              ])
              yield* line(rows.length === 0 ? "There are no tools." : renderTable(rows, { columns, paint: style.dim }))
              yield* tellShortfall(servers)
            }),
          json: ({ tools }) =>
            tools.map((tool) => ({
              name: tool.name,
              server: sourceOf(tool),
              original_name: tool.originalName,
              description: tool.description,
              input_schema: tool.inputSchema,
              annotations: tool.annotations
            }))
        })
      )
    )
).pipe(Command.withDescription("What can be called"))

/** Starts the one server that is named, or all of them until the tool is there. */
const findTool = Effect.fnUntraced(function* (host: RunningHost, { server, tool }: ToolCallWords) {
  if (server !== undefined) {
    yield* host.orchestrator.start(server)
    return qualifiedName(server, tool)
  }
  const isListed = Effect.map(host.toolbox.list, (tools) => tools.some(({ name }) => name === tool))
  yield* startUntil(host, isListed)
  return tool
})

/** The error for the names as they were typed. */
const asTyped = Effect.fnUntraced(function* (host: RunningHost, { server, tool }: ToolCallWords, error: ToolNotFound) {
  const offered = (yield* host.toolbox.list).map((each) => ({
    serverName: sourceOf(each),
    name: each.alias ?? each.originalName
  }))
  const { nearest, ...told } = { nearest: error.nearest, ...explainUnknown({ server, name: tool }, offered) }
  const { available } = error
  return new ToolNotFound({ toolName: tool, available, ...told, ...(nearest === undefined ? {} : { nearest }) })
})

/** What `--json` shows as data: structured content, a text that is JSON as what it says, else the blocks as they came. */
const dataOf = (result: ToolResult): unknown => {
  if (result.structuredContent !== undefined) return result.structuredContent
  const [only] = result.content
  const parsed = result.content.length === 1 && only?.type === "text" ? parseJsonObject(only.text) : undefined
  return parsed ?? { content: result.content }
}

const ownConnection = { path: ["runtime", "sessions", "affinity"], value: "call", flag: "--direct" }

const call = Command.make(
  "call",
  {
    words: Argument.String("words").pipe(
      Argument.withMetavar("[SERVER] TOOL [JSON | key=value …]"),
      Argument.withDescription("The tool, its server where the name alone is not enough, and the arguments"),
      Argument.variadic({ min: 1 })
    ),
    direct: Flag.Boolean("direct").pipe(
      Flag.withDescription("On a connection of its own, which nothing else has used"),
      Flag.withDefault(false)
    )
  },
  ({ direct, words }) =>
    withSetting(
      withHost({ startsAll: false, needsNoModel: true, flags: direct ? [ownConnection] : [] })(
        Effect.gen(function* () {
          const host = yield* Host
          const wanted = yield* readCall(words, Object.keys(host.config.options.servers))
          const name = yield* findTool(host, wanted)
          const input: JsonObject = wanted.input
          const result = yield* host.toolbox
            .call(name, input, localCall())
            .pipe(
              Effect.catchIf(Schema.is(ToolNotFound), (error) =>
                Effect.flatMap(asTyped(host, wanted, error), Effect.fail)
              )
            )
          return result.isError ? yield* new ToolFailed({ toolName: wanted.tool, text: resultText(result) }) : result
        }).pipe(Effect.scoped)
      ).pipe(
        report({
          render: (result) => Effect.flatMap(Output, ({ line }) => line(printable(resultText(result)))),
          json: dataOf
        })
      )
    )
).pipe(
  Command.withDescription("Call a tool by hand"),
  Command.withExamples([
    { command: "signalbox tools call read_file path=notes.txt", description: "By the name of the tool" },
    {
      command: `signalbox tools call files read_file '{"path":"notes.txt"}'`,
      description: "By server and tool; starts only that server"
    }
  ])
)

export const tools = Command.make("tools").pipe(
  Command.withDescription("The tools of the servers"),
  Command.withSubcommands([list, call])
)
