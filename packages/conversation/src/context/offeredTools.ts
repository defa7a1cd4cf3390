/**
 * Which tools a model is offered. Where the definitions of all are too much, it gets those that are pinned and one that finds
 * the others; what was found or used is offered from then on. A pure function of what there is and of what was said, so that a
 * list only ever grows at its end, whoever keeps the history, and prompt caches hold.
 */
import { type Message, type ToolChoice, type ToolDefinition, type ToolResultBlock, textOf } from "@signalbox/model"
import { fitsCall } from "../approval/ApprovalRule.ts"
import { estimateTokens } from "../estimateTokens.ts"
import { keptMark } from "./keepResult.ts"

/** How much tools may take of a window before they have to be looked for. */
export interface ToolBudget {
  /** Tokens of the definitions of the host's tools, estimated: four characters count as one. */
  readonly maxTokens: number
  /** Names of tools that are always offered, as in the rules of an approval policy: `*` stands for any text. */
  readonly pinned: ReadonlyArray<string>
}

/** The tools of the host itself, under the names that they have among the others. */
export interface OwnTools {
  readonly search: ToolDefinition
  readonly reader: ToolDefinition
}

const schemaLengths = new WeakMap<object, number>()

const lengthOf = ({ description, inputSchema, name }: ToolDefinition): number => {
  const known = schemaLengths.get(inputSchema)
  const schema = known ?? JSON.stringify(inputSchema).length
  if (known === undefined) schemaLengths.set(inputSchema, schema)
  return name.length + description.length + schema
}

/** How many tokens definitions are. */
export const definitionTokens = (tools: ReadonlyArray<ToolDefinition>): number =>
  estimateTokens({ length: tools.reduce((sum, tool) => sum + lengthOf(tool), 0) })

/** One found tool as the search tells of it. Only what stands first in its line is a name. */
export const foundLine = ({ description, name }: ToolDefinition, maxLength: number): string => {
  const words = description.replace(/\s+/g, " ").trim()
  return `- ${name}${words === "" ? "" : `: ${words.length > maxLength ? `${words.slice(0, maxLength)}…` : words}`}`
}

const namesFound = ({ content }: ToolResultBlock): ReadonlyArray<string> =>
  (typeof content === "string" ? content : textOf(content ?? [])).split("\n").flatMap((line) => {
    const [, name] = /^- ([A-Za-z0-9_-]+)(?::|$)/.exec(line) ?? []
    return name === undefined ? [] : [name]
  })

const hasKept = ({ content }: ToolResultBlock): boolean =>
  (typeof content === "string" ? content : textOf(content ?? [])).includes(keptMark)

/** Names in the order in which they came up: tools that were called or found, and the reader with the first result that was kept. */
const namesIn = (messages: ReadonlyArray<Message>, { reader, search }: OwnTools) => {
  const names = new Set<string>()
  const searches = new Set<string>()
  for (const { content } of messages) {
    for (const block of content) {
      if (block.type === "tool_use") {
        if (block.name === search.name) searches.add(block.id)
        names.add(block.name)
      } else if (block.type === "tool_result") {
        if (searches.has(block.tool_use_id)) for (const name of namesFound(block)) names.add(name)
        if (hasKept(block)) names.add(reader.name)
      }
    }
  }
  return names
}

/** What a list is made of. */
export interface OfferOptions {
  readonly listed: ReadonlyArray<ToolDefinition>
  readonly own: OwnTools
  readonly messages: ReadonlyArray<Message>
  readonly budget: ToolBudget | undefined
  /** Whether long results are kept. */
  readonly keepsResults: boolean
  readonly toolChoice: ToolChoice | undefined
}

const isHosts = ({ runBy }: ToolDefinition): boolean => runBy._tag === "Host"

/** The tools for the next request. */
export const offeredTools = (options: OfferOptions): ReadonlyArray<ToolDefinition> => {
  const { budget, keepsResults, listed, messages, own, toolChoice } = options
  if (budget === undefined && !keepsResults) return listed
  const names = namesIn(messages, own)
  const isDeferring =
    budget !== undefined && (names.has(own.search.name) || definitionTokens(listed.filter(isHosts)) > budget.maxTokens)
  const isPinned = (tool: ToolDefinition) =>
    budget?.pinned.some((pattern) => fitsCall({ tool: pattern }, tool, {})) === true ||
    (toolChoice?.type === "tool" && toolChoice.name === tool.name)
  const first = isDeferring ? [...listed.filter((tool) => !isHosts(tool) || isPinned(tool)), own.search] : listed
  const offered = new Set(first.map(({ name }) => name))
  const known = new Map(listed.map((tool) => [tool.name, tool]))
  if (keepsResults) known.set(own.reader.name, own.reader)
  const later = [...names].flatMap((name) => {
    const tool = known.get(name)
    return tool === undefined || offered.has(name) ? [] : [tool]
  })
  return [...first, ...later]
}
