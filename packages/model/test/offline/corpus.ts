/**
 * Runs the sentences against the offline model as the turn loop would, and says what came of each.
 * The tools are those of real servers, which are started to list them.
 */
import {
  joinToolboxes,
  type JsonObject,
  type LanguageModel,
  type Message,
  type ModelReply,
  textMessage,
  textOf,
  ToolAnnotations,
  type Toolbox,
  textResult,
  type ToolDefinition
} from "@signalbox/model"
import { listTools, type ServerCommand } from "@signalbox/testing"
import { Effect, Schema } from "effect"
import { join } from "node:path"
import { anyText, type Sentence } from "./sentences.ts"

const bin = (path: string) => join(import.meta.dirname, "../../node_modules", path)
const official = (name: string) => bin(`@modelcontextprotocol/server-${name}/dist/index.js`)

/** How each real server is started. The first three are those of the example configuration. */
const commands: Readonly<Record<string, Omit<ServerCommand, "command">>> = {
  filesystem: { args: [official("filesystem"), import.meta.dirname] },
  memory: { args: [official("memory")] },
  everything: { args: [official("everything"), "stdio"] },
  "sequential-thinking": { args: [official("sequential-thinking")] },
  context7: { args: [bin("@upstash/context7-mcp/dist/index.js")] },
  notion: { args: [bin("@notionhq/notion-mcp-server/bin/cli.mjs")], env: { NOTION_TOKEN: "none" } },
  playwright: { args: [bin("@playwright/mcp/cli.js"), "--headless"] },
  // Without these it asks the registry for a newer version, and starts a process that reports its use.
  "chrome-devtools": {
    args: [bin("chrome-devtools-mcp/build/src/bin/chrome-devtools-mcp.js"), "--no-usage-statistics"],
    env: { CHROME_DEVTOOLS_MCP_NO_UPDATE_CHECKS: "1" }
  }
}

export const servers = Object.keys(commands)

const catalogues = new Map(
  await Promise.all(
    Object.entries(commands).map(
      async ([server, command]) => [server, await listTools({ command: process.execPath, ...command })] as const
    )
  )
)

const decodeAnnotations = Schema.decodeUnknownSync(ToolAnnotations)

/** The tools of one server, as it lists them. */
export const toolsOf = (server: string): ReadonlyArray<ToolDefinition> =>
  (catalogues.get(server) ?? []).map((tool) => ({
    name: tool.name,
    originalName: tool.name,
    ...(typeof tool["title"] === "string" ? { title: tool["title"] } : {}),
    description: typeof tool["description"] === "string" ? tool["description"] : "",
    inputSchema: tool.inputSchema,
    annotations: decodeAnnotations(tool["annotations"] ?? {}),
    runBy: { _tag: "Host", source: server },
    isTrusted: true
  }))

const toolboxOf = (server: string): Toolbox["Service"] => {
  const tools = toolsOf(server)
  return { list: Effect.succeed(tools), call: () => Effect.succeed(textResult("")) }
}

/** The tools of several servers under the names that a conversation would show. */
export const joinedTools = (names: ReadonlyArray<string>): ReadonlyArray<ToolDefinition> =>
  Effect.runSync(joinToolboxes(names.map(toolboxOf)).list)

const exampleServers = servers.slice(0, 3)
const joined = new Map<string, ReadonlyArray<ToolDefinition>>()

/** The tools of the example configuration, with those of one more server. */
export const exampleTools = (more?: string): ReadonlyArray<ToolDefinition> => {
  const known = joined.get(more ?? "")
  if (known !== undefined) return known
  const tools = joinedTools([...exampleServers, ...(more === undefined ? [] : [more])])
  joined.set(more ?? "", tools)
  return tools
}

export const askModel = (
  model: LanguageModel["Service"],
  tools: ReadonlyArray<ToolDefinition>,
  messages: ReadonlyArray<Message>
) => model.generate({ model: "", system: [], messages, tools, maxTokens: 1000 }).pipe(Effect.orDie)

interface MadeCall {
  readonly name: string
  readonly input: JsonObject
}

/** What a tool answers in these tests; also what "it" stands for in the next step. */
const resultOfCall = "<result>"

/** A whole turn: every call is answered until the model ends its turn. */
export const runTurn = (model: LanguageModel["Service"], tools: ReadonlyArray<ToolDefinition>, sentence: string) =>
  Effect.gen(function* () {
    const messages: Array<Message> = [textMessage("user", sentence)]
    const calls: Array<MadeCall> = []
    for (let round = 0; round < 20; round++) {
      const reply: ModelReply = yield* askModel(model, tools, messages)
      messages.push({ role: "assistant", content: reply.content })
      const uses = reply.content.filter((block) => block.type === "tool_use")
      if (uses.length === 0) return { calls, text: textOf(reply.content), messages }
      calls.push(...uses.map(({ input, name }) => ({ name, input })))
      messages.push({
        role: "user",
        content: uses.map(({ id }) => ({
          type: "tool_result" as const,
          tool_use_id: id,
          content: [{ type: "text" as const, text: resultOfCall }]
        }))
      })
    }
    return { calls, text: "endless", messages }
  })

const equals = (actual: unknown, expected: unknown): boolean => {
  if (expected === anyText) return typeof actual === "string" && actual !== ""
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, index) => equals(actual[index], item))
    )
  }
  if (typeof expected !== "object" || expected === null) return actual === expected
  if (typeof actual !== "object" || actual === null) return false
  const keys = new Set([...Object.keys(actual), ...Object.keys(expected)])
  const [a, b] = [new Map(Object.entries(actual)), new Map(Object.entries(expected))]
  return [...keys].every((key) => a.has(key) && b.has(key) && equals(a.get(key), b.get(key)))
}

const listOf = <A>(value: A | ReadonlyArray<A>): ReadonlyArray<A> => (Array.isArray(value) ? value : [value as A])

export interface Outcome {
  readonly sentence: Sentence
  readonly isToolRight: boolean
  readonly areArgumentsRight: boolean
  readonly got: string
}

const asked = /What should "([^"]+)" be for (\S+)\?$/

interface Turn {
  readonly calls: ReadonlyArray<MadeCall>
  /** What the model asks for in the end, if it does. */
  readonly asked: { readonly tool: string; readonly argument: string } | undefined
}

const readTurn = (calls: ReadonlyArray<MadeCall>, text: string): Turn => {
  const [, argument, tool] = asked.exec(text) ?? []
  return { calls, asked: argument === undefined || tool === undefined ? undefined : { tool, argument } }
}

const describeTurn = ({ asked, calls }: Turn): string => {
  const made = calls.map(({ input, name }) => `${name} ${JSON.stringify(input)}`).join(" ; ")
  return made + (asked === undefined ? "" : `asks for ${asked.argument} of ${asked.tool}`) || "no call"
}

const hasTools = ({ asked, calls }: Turn, expected: Sentence["calls"]): boolean =>
  asked === undefined &&
  calls.length === expected.length &&
  expected.every((call, index) => listOf(call.tool).includes(calls[index]?.name ?? ""))

const hasArguments = ({ calls }: Turn, expected: Sentence["calls"]): boolean =>
  expected.every((call, index) => listOf(call.arguments).some((wanted) => equals(calls[index]?.input, wanted)))

/** What came of one sentence. Arguments only count as right when the tool is. */
export const judge = (model: LanguageModel["Service"], sentence: Sentence): Effect.Effect<Outcome> =>
  Effect.map(runTurn(model, exampleTools(sentence.with), sentence.sentence), ({ calls, text }) => {
    const turn = readTurn(calls, text)
    const got = describeTurn(turn)
    if (sentence.asks !== undefined) {
      const isToolRight = calls.length === 0 && listOf(sentence.asks.tool).includes(turn.asked?.tool ?? "")
      const areArgumentsRight = isToolRight && turn.asked?.argument === sentence.asks.argument
      return { sentence, got, isToolRight, areArgumentsRight }
    }
    const isToolRight = hasTools(turn, sentence.calls)
    return { sentence, got, isToolRight, areArgumentsRight: isToolRight && hasArguments(turn, sentence.calls) }
  })

/** The share of right tools and right arguments, in percent. */
export const scores = (outcomes: ReadonlyArray<Outcome>) => ({
  tool: (100 * outcomes.filter(({ isToolRight }) => isToolRight).length) / outcomes.length,
  arguments: (100 * outcomes.filter(({ areArgumentsRight }) => areArgumentsRight).length) / outcomes.length
})
