/**
 * A request seen through the options, before it is written down in either API: which model, which of the tools,
 * under which names and ids, and what cannot be said to this upstream at all.
 */
import type { ContentBlock, JsonObject, ModelRequest, ToolChoice, ToolDefinition } from "@signalbox/model"
import { type Dialect, type Effort, efforts } from "./Dialect.ts"
import { callIds, type ToolNames, toolNames } from "./names.ts"
import type { OpenAiOptions } from "./OpenAiOptions.ts"
import { callsOf, type Turn, turnsOf } from "./turns.ts"
import { typedTool } from "./typedTools.ts"
import { loadedTools, type Wishes, wishesOf } from "./wishes.ts"

/** A tool to be offered. */
export interface OfferedTool {
  readonly name: string
  readonly description: string
  readonly inputSchema: JsonObject
  readonly cacheControl: unknown
}

/** What both encoders and both decoders work from. */
export interface Plan {
  readonly request: ModelRequest
  readonly options: OpenAiOptions
  readonly dialect: Dialect
  readonly model: string
  /** Whether the model reasons in OpenAI's manner. */
  readonly isReasoner: boolean
  readonly wishes: Wishes
  readonly turns: ReadonlyArray<Turn>
  readonly tools: ReadonlyArray<OfferedTool>
  readonly toolChoice: ToolChoice | undefined
  readonly names: ToolNames
  readonly idOf: (callId: string) => string
  /** Absent where nobody has named a limit, and none is known: the upstream gives what it can. */
  readonly maxTokens: number | undefined
  /** Sent to the upstream; it takes no more than four. */
  readonly sentStops: ReadonlyArray<string>
  /** Looked for in the text of the answer. */
  readonly foundStops: ReadonlyArray<string>
}

/** OpenAI takes no more stop sequences than this. */
const maxStopSequences = 4

const isSearch = (name: string): boolean => /tool_?search/i.test(name)

const offered = (tool: ToolDefinition, own: JsonObject | undefined): OfferedTool => {
  const type = own?.["type"]
  const typed = typeof type === "string" ? typedTool(type) : undefined
  return {
    name: tool.name,
    description: typed?.description ?? tool.description,
    inputSchema: typed?.inputSchema ?? tool.inputSchema,
    cacheControl: own?.["cache_control"]
  }
}

/** A tool that stands for all that are not loaded yet, in the words of a vendor. */
const placeholder = "DeferredToolPlaceholder"

/**
 * The tools that the upstream is told of. Deferred ones wait until the conversation has loaded them, where a tool of
 * the caller's can do so; a tool that another vendor runs itself has no parameters, and nobody here to run it.
 */
const offeredTools = ({ messages, toolChoice, tools }: ModelRequest, wishes: Wishes): ReadonlyArray<OfferedTool> => {
  const own = tools.filter(({ name, runBy }) => runBy._tag !== "Provider" && name !== placeholder)
  const chosenName = toolChoice?.type === "tool" ? [toolChoice.name] : []
  const loaded = new Set([...messages.flatMap(({ content }) => loadedTools(content)), ...chosenName])
  const canLoad = own.some(({ name }) => isSearch(name))
  const isWaiting = ({ name }: ToolDefinition) =>
    canLoad && wishes.tools.get(name)?.["defer_loading"] === true && !loaded.has(name)
  return own.filter((tool) => !isWaiting(tool)).map((tool) => offered(tool, wishes.tools.get(tool.name)))
}

const chosen = (
  { toolChoice }: ModelRequest,
  { dialect, model, tools, wishes }: Pick<Plan, "dialect" | "model" | "tools" | "wishes">
): ToolChoice | undefined => {
  if (toolChoice === undefined || toolChoice.type === "auto" || toolChoice.type === "none") return toolChoice
  if (toolChoice.type === "tool" && !tools.some(({ name }) => name === toolChoice.name)) return undefined
  const isRefused = wishes.thinks === true && dialect.choosesWhileThinking?.test(model) === true
  return isRefused ? { type: "auto", disableParallel: toolChoice.disableParallel === true } : toolChoice
}

/**
 * The least of what is asked, what the options allow, and what the model is known to allow: it is named where nothing is
 * asked, too, since some upstreams would give less without.
 */
const limitOf = (
  { maxTokens }: ModelRequest,
  { dialect, maxTokens: allowed }: OpenAiOptions,
  model: string
): number | undefined => {
  const known = dialect.maxTokensOf.find(([pattern]) => pattern.test(model))?.[1]
  const limits = [maxTokens, allowed, known].filter((limit) => limit !== undefined)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

/** Responses knows no stop sequences at all. */
const stopsOf = ({ stopSequences = [] }: ModelRequest, { api, dialect }: OpenAiOptions) => {
  const foundStops = [...new Set(stopSequences)].filter((sequence) => sequence !== "")
  const isSent = dialect.stops === "sent" && api !== "responses"
  return { foundStops, sentStops: isSent ? foundStops.slice(0, maxStopSequences) : [] }
}

/** Reads a request. */
export const planOf = (request: ModelRequest, options: OpenAiOptions): Plan => {
  const { dialect } = options
  const model = request.model === "" ? options.defaultModel : request.model
  const wishes = wishesOf(request)
  const turns = turnsOf(request.messages)
  const calls = callsOf(turns)
  const tools = offeredTools(request, wishes)
  const ids = calls.map(({ call }) => call.id)
  return {
    request,
    options,
    dialect,
    model,
    isReasoner: dialect.reasoningModels?.test(model) === true,
    wishes,
    turns,
    tools,
    toolChoice: chosen(request, { dialect, model, tools, wishes }),
    names: toolNames([...tools, ...request.tools, ...calls.map(({ call }) => call)].map(({ name }) => name)),
    idOf: callIds(ids, dialect.callIds),
    maxTokens: limitOf(request, options, model),
    ...stopsOf(request, options)
  }
}

/** The wished depth of thought in the words that the upstream has; `undefined` where it is not to be asked for. */
export const effortOf = ({ dialect, model, wishes }: Plan): Effort | undefined => {
  if (wishes.effort === undefined || dialect.effortModels?.test(model) === false) return undefined
  const wished = efforts.indexOf(wishes.effort)
  const level = dialect.effortLevels.findLast((each) => efforts.indexOf(each) <= wished)
  return level ?? (wishes.effort === "none" ? undefined : dialect.effortLevels[0])
}

const unreadable = (block: ContentBlock, dialect: Dialect): string | undefined => {
  if (block.type === "image" && block.source.type === "file") return "an image in a file of another vendor"
  if (block.type !== "document") return undefined
  const { type } = block.source
  const title = block.title ?? "without a title"
  if (type === "file") return `the document ${title} in a file of another vendor`
  return type === "base64" && !dialect.acceptsFiles ? `the document ${title}, a PDF` : undefined
}

/** Types that a vendor runs itself and without which an answer would not be what was asked for. */
const vendorTypes = /^(web_search|web_fetch|code_execution)_/
/** Types that only help a vendor to choose: an answer is sound without them. */
const dispensable = /^(tool_search_tool|advisor)_|^custom$/

const searchesWeb = ({ dialect, options }: Plan): boolean =>
  dialect.webSearch === (options.api === "responses" ? "responses" : "plugin")

const unknownTool = (plan: Plan): string | undefined => {
  const { request, wishes } = plan
  for (const { name, runBy } of request.tools) {
    const type = wishes.tools.get(name)?.["type"]
    if (typeof type !== "string" || dispensable.test(type) || typedTool(type) !== undefined) continue
    if (searchesWeb(plan) && type.startsWith("web_search_")) continue
    if (runBy._tag === "Provider" ? vendorTypes.test(type) : true) return `the tool ${name} (${type})`
  }
  return undefined
}

/**
 * What the request has that this upstream cannot be told, in words. In tool results such things are described
 * instead: a file that a tool has read once must not end the conversation.
 */
export const unsendable = (plan: Plan): string | undefined => {
  for (const { content, role } of plan.turns) {
    if (role !== "user") continue
    for (const block of content) {
      const what = unreadable(block, plan.dialect)
      if (what !== undefined) return what
    }
  }
  return unknownTool(plan)
}

/** Anthropic's own tool to search the web, where the request has it. */
export const webSearchOf = ({ request, wishes }: Plan): JsonObject | undefined =>
  request.tools
    .filter(({ runBy }) => runBy._tag === "Provider")
    .map(({ name }) => wishes.tools.get(name))
    .find((tool) => typeof tool?.["type"] === "string" && tool["type"].startsWith("web_search_"))
