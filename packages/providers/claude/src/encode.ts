/**
 * A request as the body of `POST /v1/messages`. The vocabulary has the shape of this API, so little happens:
 * what is only ours is left out, and the vendor's own fields are laid beside the rest.
 */
import type { ContentBlock, JsonObject, Message, ModelRequest, ToolChoice, ToolDefinition } from "@signalbox/model"
import { Predicate } from "effect"
import { toWireBlocks, vendor } from "./blocks.ts"

/** What the options of a provider add to a request. */
export interface EncodeSettings {
  readonly defaultModel: string
  readonly maxTokens?: number | undefined
  readonly stream: boolean
}

/** Thinking that carries no signature was not made by this API, which refuses it. */
const isForeign = (block: ContentBlock): boolean => block.type === "thinking" && block.signature === ""

const encodeMessage = ({ content, role, vendor: own }: Message) => ({
  ...own?.[vendor],
  role,
  content: toWireBlocks(content.filter((block) => !isForeign(block)))
})

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

/** The body. Messages that would be empty are left out: the API refuses them. */
export const encodeRequest = (request: ModelRequest, settings: EncodeSettings): JsonObject => {
  const { tools: ownTools, ...own } = request.vendor?.[vendor] ?? {}
  return {
    ...own,
    model: request.model === "" ? settings.defaultModel : request.model,
    max_tokens: Math.min(request.maxTokens, settings.maxTokens ?? request.maxTokens),
    messages: request.messages.map(encodeMessage).filter(({ content }) => content.length > 0),
    ...presentList("system", toWireBlocks(request.system)),
    ...toolFields(encodeTools(request.tools, ownTools), request.toolChoice),
    ...present("temperature", request.temperature),
    ...present("top_p", request.topP),
    ...present("top_k", request.topK),
    ...presentList("stop_sequences", request.stopSequences),
    ...(settings.stream ? { stream: true } : {})
  }
}
