import { builtInSource, calledByHand, Host, successOf } from "@signalbox/host"
import {
  type JsonObject,
  qualifiedName,
  qualifiedNames,
  resultText,
  sourceOf,
  type ToolDefinition,
  ToolNotFound,
  type ToolResult
} from "@signalbox/model"
import type { ToolJson } from "@signalbox/server/control"
import { toolNames } from "@signalbox/tools"
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type ApprovalChoice, makeApproving } from "../chat/approving.ts"
import { personAtTerminal } from "../chat/questions/terminalInteraction.ts"
import { JobNeedsHost } from "../errors.ts"
import { approvalFlags } from "../flags.ts"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { namedServer } from "../namedWords.ts"
import { tellShortfall } from "../render/tellShortfall.ts"
import { report } from "../report.ts"
import { type RunningHost, withHost } from "../withHost.ts"
import { shortfallOf } from "../shortfall.ts"
import { among, startListed, startUntilListed } from "../startServers.ts"
import { explainUnknown } from "../unknownName.ts"
import { withSetting } from "../withSetting.ts"
import { asTaken, parseJsonObject, readCall, type ToolCallWords } from "../toolCallWords.ts"

/** A tool as it is listed, here and by the running host. */
const listedTool = (tool: ToolDefinition): ToolJson => ({
  name: tool.name,
  server: tool.runBy._tag === "Host" ? tool.runBy.source : "",
  original_name: tool.originalName,
  ...(tool.alias === undefined ? {} : { alias: tool.alias }),
  description: tool.description,
  input_schema: tool.inputSchema,
  annotations: tool.annotations
})

const fresh = Flag.Boolean("fresh").pipe(
  Flag.withDescription("With servers started for this command alone, also where a host runs that could be asked"),
  Flag.withDefault(false)
)

/** The running host is looked for before anything of it is loaded. */
const hostTools = Effect.promise(() => import("../control/hostTools.ts"))

const listedHere = (server: Option.Option<string>) =>
  withHost({ startsAll: Option.isNone(server), only: among(server), needsNoModel: true })(
    Effect.gen(function* () {
      const host = yield* Host
      const servers = yield* startListed(host, server)
      const tools = (yield* host.toolbox.list).map(listedTool)
      return { tools: tools.filter((tool) => Option.isNone(server) || tool.server === server.value), servers }
    })
  )

const list = Command.make(
  "list",
  {
    server: Flag.String("server").pipe(
      Flag.withDescription(`Only the tools of this server; ${builtInSource} for the built-in ones`),
      Flag.optional
    ),
    fresh
  },
  ({ fresh, server }) =>
    withSetting(
      Effect.gen(function* () {
        const listed = fresh ? undefined : yield* (yield* hostTools).toolsOfHost(server)
        return listed ?? (yield* listedHere(server))
      }).pipe(
        report({
          shortfall: ({ servers }) => shortfallOf(servers),
          render: ({ servers, tools }) =>
            Effect.gen(function* () {
              const { columns, line, style } = yield* Output
              const rows = tools.map((tool) => [
                tool.alias === undefined
                  ? style.bold(tool.name)
                  : `${style.bold(tool.name)} ${style.dim(`(${printable(tool.original_name)})`)}`,
                style.cyan(tool.server),
                printable(tool.description)
              ])
              yield* line(rows.length === 0 ? "There are no tools." : renderTable(rows, { columns, paint: style.dim }))
              yield* tellShortfall(servers)
            }),
          json: ({ tools }) => tools
        })
      )
    )
).pipe(Command.withDescription("What can be called: by the running host, else with servers started for a look"))

/** Starts the one server that is named, or all of them until it is sure whose tool is meant. */
const findTool = Effect.fnUntraced(function* (host: RunningHost, { server, tool }: ToolCallWords) {
  if (server !== undefined) {
    if (server !== builtInSource) yield* host.orchestrator.ensureStarted(server)
    return qualifiedName(server, tool)
  }
  const isAddressed = Effect.map(host.toolbox.list, (tools) =>
    tools.some((each) => qualifiedNames(each).includes(tool))
  )
  yield* startUntilListed(host, isAddressed)
  return tool
})

/** The tool that a name stands for. */
const toolNamed = (host: RunningHost, name: string) =>
  Effect.map(host.toolbox.list, (tools) =>
    tools.find((tool) => tool.name === name || qualifiedNames(tool).includes(name))
  )

const switchedOff = "It is a built-in tool that is switched off: add it to tools.enabled in the configuration."

/** The error for the names as they were typed. */
const asTyped = Effect.fnUntraced(function* (host: RunningHost, { server, tool }: ToolCallWords, error: ToolNotFound) {
  const offered = (yield* host.toolbox.list).map((each) => ({
    serverName: listedTool(each).server,
    name: each.alias ?? each.originalName
  }))
  const { nearest, ...told } = { nearest: error.nearest, ...explainUnknown({ server, name: tool }, offered) }
  const { available } = error
  const isSwitchedOff = (server ?? builtInSource) === builtInSource && toolNames.some((each) => each === tool)
  return new ToolNotFound({
    toolName: tool,
    available,
    ...told,
    ...(nearest === undefined ? {} : { nearest }),
    ...(isSwitchedOff && !("sharedBy" in told) ? { hint: switchedOff } : {})
  })
})

/** What `--json` shows as data: structured content, a text that is JSON as what it says, else the blocks as they came. */
const dataOf = (result: ToolResult): unknown => {
  if (result.structuredContent !== undefined) return result.structuredContent
  const [only] = result.content
  const parsed = result.content.length === 1 && only?.type === "text" ? parseJsonObject(only.text) : undefined
  return parsed ?? { content: result.content }
}

const ownConnection = { path: ["runtime", "sessions", "affinity"], value: "call", flag: "--direct" }

const calledHere = (words: ReadonlyArray<string>, isDirect: boolean, approvals: ApprovalChoice) =>
  withHost({
    startsAll: false,
    only: (servers) => namedServer(words, servers),
    needsNoModel: true,
    flags: isDirect ? [ownConnection] : []
  })(
    Effect.gen(function* () {
      const host = yield* Host
      const wanted = yield* readCall(words, [builtInSource, ...Object.keys(host.config.options.servers)])
      const name = yield* findTool(host, wanted)
      const found = yield* toolNamed(host, name)
      const input: JsonObject = found === undefined ? wanted.input : asTaken(wanted, found.inputSchema)
      const isBuiltIn = found !== undefined && sourceOf(found.runBy) === builtInSource
      if (input["run_in_background"] === true && isBuiltIn) return yield* new JobNeedsHost({})
      const { interaction } = makeApproving(approvals, yield* personAtTerminal)
      const result = yield* host.toolbox
        .call(name, input, calledByHand(host.approvals, { interaction }))
        .pipe(
          Effect.catchIf(Schema.is(ToolNotFound), (error) => Effect.flatMap(asTyped(host, wanted, error), Effect.fail))
        )
      return { tool: wanted.tool, result }
    }).pipe(Effect.scoped)
  )

const call = Command.make(
  "call",
  {
    words: Argument.String("words").pipe(
      Argument.withMetavar("[SERVER] TOOL [JSON | key=value …]"),
      Argument.withDescription("The tool, its server where the name alone is not enough, and the arguments"),
      Argument.variadic({ min: 1 })
    ),
    direct: Flag.Boolean("direct").pipe(
      Flag.withDescription("On a connection of its own, which nothing else has used, through no running host"),
      Flag.withDefault(false)
    ),
    fresh,
    ...approvalFlags
  },
  ({ approve, direct, fresh, words, yes }) =>
    withSetting(
      Effect.gen(function* () {
        const byHost = direct || fresh ? undefined : yield* (yield* hostTools).callByHost(words, { approve, yes })
        const { result, tool } = byHost ?? (yield* calledHere(words, direct, { approve, yes }))
        return yield* successOf(tool, result)
      }).pipe(
        report({
          render: (result) => Effect.flatMap(Output, ({ line }) => line(printable(resultText(result)))),
          json: dataOf
        })
      )
    )
).pipe(
  Command.withDescription("Call a tool by hand: by the running host, else with servers started for it"),
  Command.withExamples([
    { command: "signalbox tools call read_file path=notes.txt", description: "By the name of the tool" },
    {
      command: `signalbox tools call files read_file '{"path":"notes.txt"}'`,
      description: "By server and tool; starts only that server"
    },
    {
      command: "signalbox tools call builtin Read file_path=notes.txt",
      description: "A built-in tool; starts no server"
    },
    {
      command: "signalbox tools call Grep pattern=TODO -i=true output_mode=content",
      description: "An argument whose name begins with a dash"
    },
    {
      command: "signalbox tools call builtin Bash command='rm notes.txt' --yes",
      description: "Without the question that a command outside the lists leads to"
    }
  ])
)

export const tools = Command.make("tools").pipe(
  Command.withDescription("The tools of the servers, and the built-in ones"),
  Command.withSubcommands([list, call])
)
