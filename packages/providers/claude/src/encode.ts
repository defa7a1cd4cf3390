/**
 * A request as the body of `POST /v1/messages`. The vocabulary has the shape of this API, so little happens:
 * what is only ours is left out, and the vendor's own fields are laid beside the rest.
 */
import type { JsonObject, Message, ModelRequest, ToolChoice, ToolDefinition } from "@signalbox/model"
import { Predicate } from "effect"
import { toWireBlocks, vendor } from "./blocks.ts"
import { clampBudget, withoutForeignThinking } from "./thinking.ts"
import { refusesSampling, samplingFields } from "./versions.ts"

/** What the options of a provider add to a request. */
export interface EncodeSettings {
  readonly defaultModel: string
  readonly maxTokens?: number | undefined
  readonly stream: boolean
  /** The version of the API that reads the body. */
  readonly version: string
}

/** Messages that would be empty are left out: the API refuses them, unless they bring settings. */
const encodeMessage = ({ content, role, vendor: own }: Message): ReadonlyArray<JsonObject> => {
  const blocks = toWireBlocks(withoutForeignThinking(content))
  if (blocks.length > 0) return [{ ...own?.[vendor], role, content: blocks }]
  return role === "system" && own?.[vendor] !== undefined ? [{ ...own[vendor], role }] : []
}

const encodeTool = (tool: ToolDefinition): JsonObject => ({
  name: tool.name,
  ...(tool.description === "" ? {} : { description: tool.description }),
  input_schema: { type: "object", ...tool.inputSchema }
})

/** Tools by definition, or in the wire's own form where the request brings one; those without a name come last. */
const encodeTools = (tools: ReadonlyArray<ToolDefinition>, own: unknown): ReadonlyArray<JsonObject> => {
  const given: ReadonlyArray<JsonObject> = Array.isArray(own) ? own.filter(Predicate.isObject) : []
  const byName = new Map(given.flatMap((tool) => (typeof tool["name"] === "string" ? [[tool["name"], tool]] : [])))
  const isListed = (tool: JsonObject) => tools.some(({ name }) => name === tool["name"])
  const listed = tools.map((tool) => {
    const form = tool.runBy._tag === "Host" ? undefined : byName.get(tool.name)
    return form ?? (tool.runBy._tag === "Provider" ? undefined : encodeTool(tool))
  })
  return [...listed.filter(Predicate.isNotUndefined), ...given.filter((tool) => !isListed(tool))]
}

const encodeToolChoice = (choice: ToolChoice): JsonObject => {
  if (choice.type === "none") return { type: "none" }
  return {
    type: choice.type,
    ...(choice.type === "tool" ? { name: choice.name } : {}),
    ...(choice.disableParallel === true ? { disable_parallel_tool_use: true } : {})
  }
}

const present = (field: string, value: unknown) => (value === undefined ? {} : { [field]: value })

const presentList = (field: string, list: ReadonlyArray<unknown> = []) => (list.length === 0 ? {} : { [field]: list })

/** The tools and the choice among them. The API refuses a choice without tools. */
const toolFields = (tools: ReadonlyArray<JsonObject>, choice: ToolChoice | undefined): JsonObject => {
  if (tools.length === 0) return {}
  return choice === undefined ? { tools } : { tools, tool_choice: encodeToolChoice(choice) }
}

const sampling = (request: ModelRequest): JsonObject => ({
  ...present("temperature", request.temperature),
  ...present("top_p", request.topP),
  ...present("top_k", request.topK)
})

/** The fields of a request that this version of the API would refuse, and that are left out. */
export const leftOut = (request: ModelRequest, version: string): ReadonlyArray<string> =>
  refusesSampling(version) ? samplingFields.filter((field) => field in sampling(request)) : []

/** The most that models give, where it is known; `max_tokens` is not optional in this API, and more is refused. */
const most: ReadonlyArray<readonly [model: RegExp, tokens: number]> = [
  [/claude-3-(opus|sonnet|haiku)/, 4096],
  [/claude-3-5-/, 8192],
  [/claude-(3-7-sonnet|(sonnet|haiku)-\d|opus-(4-[5-9]|[5-9]))/, 64_000]
]

/** What every model takes that is not in the table. */
const usualMost = 32_000

/** A request that names no limit must not be cut short by ours. */
const mostOf = (model: string): number => most.find(([pattern]) => pattern.test(model))?.[1] ?? usualMost

/** The body of `POST /v1/messages`. */
export const encodeRequest = (request: ModelRequest, settings: EncodeSettings): JsonObject => {
  const { thinking, tools: ownTools, ...own } = request.vendor?.[vendor] ?? {}
  const model = request.model === "" ? settings.defaultModel : request.model
  const maxTokens = Math.min(request.maxTokens ?? settings.maxTokens ?? mostOf(model), settings.maxTokens ?? Infinity)
  return {
    ...own,
    ...clampBudget(thinking, maxTokens),
    model,
    max_tokens: maxTokens,
    messages: request.messages.flatMap(encodeMessage),
    ...presentList("system", toWireBlocks(request.system)),
    ...toolFields(encodeTools(request.tools, ownTools), request.toolChoice),
    ...(refusesSampling(settings.version) ? {} : sampling(request)),
    ...presentList("stop_sequences", request.stopSequences),
    ...(settings.stream ? { stream: true } : {})
  }
}

/** The fields that say what is to be counted; the API refuses others. */
const counted = [
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "cache_control",
  "speed",
  "mcp_servers",
  "context_management",
  "compaction",
  "billing_policy",
  "output_format"
]

/** The body of `POST /v1/messages/count_tokens`. */
export const encodeCountRequest = (request: ModelRequest, settings: Omit<EncodeSettings, "stream">): JsonObject => {
  // Nothing is answered, so that no budget can be too large for the answer.
  const body = encodeRequest({ ...request, maxTokens: Infinity }, { ...settings, maxTokens: undefined, stream: false })
  return Object.fromEntries(counted.flatMap((field) => (body[field] === undefined ? [] : [[field, body[field]]])))
}
