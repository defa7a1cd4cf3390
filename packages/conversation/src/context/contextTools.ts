/**
 * The toolbox of a turn with what keeps its history small: long results are kept aside and read by a tool, and tools that are
 * not offered are found by another. Both act on nothing but the conversation, so that nobody has to approve them.
 */
import {
  type CallContext,
  freeName,
  inventoryOf,
  type JsonObject,
  type Message,
  sourceOf,
  textResult,
  type ToolChoice,
  type Toolbox,
  type ToolDefinition,
  type ToolInventory,
  type ToolResult
} from "@signalbox/model"
import { Effect } from "effect"
import type { Approval } from "../approval/Approval.ts"
import { keepResult, maxLengthOf, ownerOf, type ResultLimits } from "./keepResult.ts"
import { definitionTokens, foundLine, offeredTools, type OwnTools } from "./offeredTools.ts"
import { readPiece, type ResultPiece } from "./readResult.ts"
import { searchTools } from "./searchTools.ts"
import type { TurnContext } from "./TurnContext.ts"

/** Who runs the tools of the host itself. */
const ownSource = "signalbox"

const own = (name: string, description: string, inputSchema: JsonObject): ToolDefinition => ({
  name,
  originalName: name,
  description,
  inputSchema,
  annotations: { readOnlyHint: true, openWorldHint: false },
  runBy: { _tag: "Host", source: ownSource },
  isTrusted: true
})

const whole = (description: string, minimum: number) => ({ type: "integer", minimum, description })

const reader = own(
  "read_tool_result",
  "Reads a long tool result that was shown in part, a piece at a time: from a line, from a character, or the lines that fit a pattern.",
  {
    type: "object",
    properties: {
      id: { type: "string", description: "The id that stands where the result was shown in part" },
      line: whole("The first line to read, from 1", 1),
      lines: whole("How many lines; as many as fit where it is left out", 1),
      offset: whole("The first character to read, from 0, instead of a line", 0),
      pattern: { type: "string", description: "A regular expression; only lines that it fits are read" }
    },
    required: ["id"]
  }
)

/** How many are found at the most, and how much is told of each. */
const foundAtOnce = 8
const longestDescription = 300

const searchFor = (all: ReadonlyArray<ToolDefinition>): ToolDefinition => {
  const groups = Map.groupBy(all, ({ runBy }) => sourceOf(runBy))
  const sources = [...groups].flatMap(([source, tools]) =>
    source === undefined ? [] : [`${source} (${tools.length})`]
  )
  return own(
    "search_tools",
    `Finds tools that are not listed here. There are tools of: ${sources.join(", ")}. Say in a few words what you want to do, or the name of a tool; those that are found can be called from then on.`,
    { type: "object", properties: { query: { type: "string" } }, required: ["query"] }
  )
}

/** Names of others are not ours to take. */
const named = (tool: ToolDefinition, taken: ReadonlySet<string>): ToolDefinition => ({
  ...tool,
  name: freeName(tool, tool.name, (name) => taken.has(name))
})

interface Known {
  readonly source: ToolInventory
  readonly own: OwnTools
  readonly inventory: ToolInventory
  readonly isOverBudget: boolean
}

const knownOf = (source: ToolInventory, { results, tools }: TurnContext): Known => {
  const taken = new Set(source.all.map(({ name }) => name))
  const ownTools = { search: named(searchFor(source.all), taken), reader: named(reader, taken) }
  const added = [
    ...(tools === undefined ? [] : [ownTools.search]),
    ...(results?.store === undefined ? [] : [ownTools.reader])
  ]
  return {
    source,
    own: ownTools,
    inventory: { listed: source.listed, all: [...source.all, ...added] },
    isOverBudget: tools !== undefined && definitionTokens(source.listed) > tools.maxTokens
  }
}

/** The tools of a turn. */
export interface ContextTools {
  readonly toolbox: Toolbox["Service"]
  /** What a model is offered after these messages. */
  readonly offer: (
    messages: ReadonlyArray<Message>,
    toolChoice: ToolChoice | undefined
  ) => Effect.Effect<ReadonlyArray<ToolDefinition>>
  /** Lets the calls of the host's own tools through. */
  readonly permitting: (approval: Approval) => Approval
}

const unchanged = (toolbox: Toolbox["Service"]): ContextTools => ({
  toolbox,
  offer: () => Effect.map(inventoryOf(toolbox), ({ listed }) => listed),
  permitting: (approval) => approval
})

/** The arguments have been checked against the schema; types do not know that. */
const pieceOf = ({ line, lines, offset, pattern }: JsonObject): ResultPiece => ({
  ...(typeof line === "number" ? { line } : {}),
  ...(typeof lines === "number" ? { lines } : {}),
  ...(typeof offset === "number" ? { offset } : {}),
  ...(typeof pattern === "string" ? { pattern } : {})
})

const read = Effect.fnUntraced(function* (limits: ResultLimits, input: JsonObject, context: CallContext) {
  const id = String(input["id"])
  for (const owner of [ownerOf(limits, context), ...(limits.alsoReads ?? [])]) {
    const text = yield* limits.store?.read(owner, id) ?? Effect.succeed(undefined)
    if (text !== undefined) return textResult(yield* readPiece(text, pieceOf(input), maxLengthOf(limits)))
  }
  return textResult(`There is no result "${id}": it was never kept, or is gone with its conversation.`, true)
})

const search = (tools: ReadonlyArray<ToolDefinition>, { query }: JsonObject): ToolResult => {
  const found = searchTools(tools, String(query), foundAtOnce)
  if (found.length === 0) return textResult("No tool fits these words. Try others, or the name of a source of tools.")
  return textResult(
    ["These tools can be called now:", ...found.map((tool) => foundLine(tool, longestDescription))].join("\n")
  )
}

/** Wraps the toolbox of a turn, whose list does not change while the turn runs. */
export const contextTools = (toolbox: Toolbox["Service"], context: TurnContext = {}): ContextTools => {
  const { results, tools: budget } = context
  if (results === undefined && budget === undefined) return unchanged(toolbox)
  let last: Known | undefined
  const known = Effect.map(inventoryOf(toolbox), (source) => {
    if (last === undefined || source.all !== last.source.all || source.listed !== last.source.listed) {
      last = knownOf(source, context)
    }
    return last
  })
  const call: Toolbox["Service"]["call"] = Effect.fnUntraced(function* (name, input, callContext) {
    const { own, source } = yield* known
    if (budget !== undefined && name === own.search.name) {
      return search(
        source.listed.filter(({ runBy }) => runBy._tag === "Host"),
        input
      )
    }
    if (results === undefined) return yield* toolbox.call(name, input, callContext)
    if (results.store !== undefined && name === own.reader.name) return yield* read(results, input, callContext)
    return yield* keepResult(results, yield* toolbox.call(name, input, callContext), own.reader.name, callContext)
  })
  const isOwn = (tool: ToolDefinition): boolean =>
    tool.runBy._tag === "Host" &&
    tool.runBy.source === ownSource &&
    (tool.name === last?.own.search.name || tool.name === last?.own.reader.name)
  return {
    toolbox: { ...toolbox, inventory: Effect.map(known, ({ inventory }) => inventory), call },
    offer: (messages, toolChoice) =>
      Effect.map(known, ({ isOverBudget, own, source }) =>
        offeredTools({
          listed: source.listed,
          own,
          messages,
          budget,
          isOverBudget,
          keepsResults: results?.store !== undefined,
          toolChoice
        })
      ),
    permitting: (approval) => ({
      ...approval,
      judge: (judged) =>
        isOwn(judged.tool)
          ? Effect.succeed({ decision: "allow", reason: "it acts on nothing but the conversation" })
          : approval.judge(judged),
      mayAsk: (tool) => !isOwn(tool) && approval.mayAsk(tool)
    })
  }
}
