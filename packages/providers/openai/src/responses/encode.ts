/**
 * A request as the body of `POST /responses`. Nothing is stored there: the whole conversation is sent each time, and
 * reasoning comes and goes encrypted.
 */
import {
  type ContentBlock,
  isJsonObject,
  type JsonObject,
  type ToolChoice,
  type ToolResultBlock
} from "@signalbox/model"
import { answerSchema, ownFields, parametersOf, present, samplingFields, serialFields, vendor } from "../encode.ts"
import { idsOf, sealedDetails, systemParts } from "../encodeMessages.ts"
import { type Part, partsOf, resultParts, textsOf } from "../parts.ts"
import { effortOf, type OfferedTool, type Plan, webSearchOf } from "../plan.ts"
import type { AnsweredCall, Turn } from "../turns.ts"
import { isWebSearch } from "../webSearch.ts"

/** Fields of Chat Completions, which this API would refuse; what they wish for is said in its own. */
const chatOnly: ReadonlySet<string> = new Set([
  "audio",
  "frequency_penalty",
  "function_call",
  "functions",
  "logit_bias",
  "logprobs",
  "modalities",
  "n",
  "prediction",
  "presence_penalty",
  "reasoning_effort",
  "response_format",
  "seed",
  "stop",
  "stream_options",
  "verbosity",
  "web_search_options"
])

/** A Chat part as this API names it. */
const inputPart = (part: Part): JsonObject => {
  switch (part["type"]) {
    case "text": {
      const { type: _type, ...fields } = part
      return { type: "input_text", ...fields }
    }
    case "image_url": {
      const image = part["image_url"] as { readonly url: string; readonly detail?: string } // Made by `partsOf`.
      return { type: "input_image", image_url: image.url, detail: image.detail ?? "auto" }
    }
    case "file":
      return { type: "input_file", ...(part["file"] as JsonObject) } // Made by `partsOf`.
    default:
      return part
  }
}

const inputParts = (blocks: ReadonlyArray<ContentBlock>, { dialect }: Plan): ReadonlyArray<JsonObject> =>
  blocks.flatMap((block) => {
    const source = block.type === "document" ? block.source : {}
    if (source["type"] === "url") return [{ type: "input_file", file_url: source["url"] }]
    return partsOf(block, dialect).map(inputPart)
  })

const userItem = (content: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => {
  if (content.length === 0) return []
  const [first] = content
  const isPlain = content.length === 1 && first?.["type"] === "input_text" && Object.keys(first).length === 2
  return [{ role: "user", content: isPlain ? first["text"] : content }]
}

/** A result with its images inside, which this API takes. */
const output = (result: ToolResultBlock | undefined, call: { readonly name: string }, { dialect }: Plan): unknown => {
  if (result === undefined) return "(no result)"
  const { content } = resultParts(result, call.name, { ...dialect, resultImages: "inside" })
  return Array.isArray(content) ? content.map(inputPart) : content
}

const callItems = (calls: ReadonlyArray<AnsweredCall>, plan: Plan): ReadonlyArray<JsonObject> => {
  const ids = idsOf(calls, plan)
  return [
    ...calls.map(({ call }, index) => ({
      type: "function_call",
      call_id: ids[index],
      name: plan.names.toWire(call.name),
      arguments: JSON.stringify(call.input)
    })),
    ...calls.map(({ call, result }, index) => ({
      type: "function_call_output",
      call_id: ids[index],
      output: output(result, call, plan)
    }))
  ]
}

/** Items of the server's own in their places, with reasoning that this very upstream sealed; texts between them. */
const assistantItems = (turn: Extract<Turn, { role: "assistant" }>, plan: Plan): ReadonlyArray<JsonObject> => [
  ...turn.content.flatMap((block): ReadonlyArray<JsonObject> => {
    if (block.type === "opaque" && block.vendor === vendor) return [block.block]
    const reasoning = sealedDetails([block], plan.options.provider).filter(({ type }) => type === "reasoning")
    const texts = textsOf([block]).map((text) => ({ role: "assistant", content: text }))
    return [...reasoning, ...texts]
  }),
  ...callItems(turn.calls, plan)
]

const orphan = (result: ToolResultBlock, { dialect }: Plan): ReadonlyArray<JsonObject> => {
  const { content, following } = resultParts(result, result.tool_use_id, { ...dialect, resultImages: "after" })
  return [{ type: "text", text: `[Result of an earlier tool call]\n${String(content)}` }, ...following].map(inputPart)
}

const turnItems = (turn: Turn, plan: Plan): ReadonlyArray<JsonObject> => {
  if (turn.role === "assistant") return assistantItems(turn, plan)
  if (turn.role === "system") {
    const text = textsOf(turn.content).join("\n\n")
    return text === "" ? [] : [{ role: "developer", content: text }]
  }
  return userItem(
    turn.content.flatMap((block) => (block.type === "tool_result" ? orphan(block, plan) : inputParts([block], plan)))
  )
}

const encodeTool = (tool: OfferedTool, plan: Plan): JsonObject => ({
  type: "function",
  name: plan.names.toWire(tool.name),
  ...(tool.description === "" ? {} : { description: tool.description }),
  // This API takes strict for granted.
  strict: false,
  ...parametersOf(tool, plan)
})

const encodeToolChoice = (choice: ToolChoice, { names }: Plan): unknown => {
  if (choice.type === "any") return "required"
  return choice.type === "tool" ? { type: "function", name: names.toWire(choice.name) } : choice.type
}

/** The vendor's search of the web in the place of another's. */
const webSearch = (plan: Plan): ReadonlyArray<JsonObject> => {
  const asked = webSearchOf(plan)
  if (asked === undefined) return []
  const domains = asked["allowed_domains"]
  return [
    {
      type: "web_search",
      ...(Array.isArray(domains) ? { filters: { allowed_domains: domains } } : {}),
      ...present("user_location", asked["user_location"] ?? undefined)
    }
  ]
}

/** Our tools, and those that the vendor's own fields bring: of its own, or of another caller's. */
const toolFields = (plan: Plan, own: unknown): JsonObject => {
  const { toolChoice } = plan
  const all: ReadonlyArray<unknown> = Array.isArray(own) ? own : []
  const searches = plan.dialect.webSearch === "responses"
  const given = all.filter((tool) => searches || !isJsonObject(tool) || !isWebSearch(tool))
  const tools = [...plan.tools.map((tool) => encodeTool(tool, plan)), ...webSearch(plan), ...given]
  if (tools.length === 0) return {}
  return {
    tools,
    ...(toolChoice === undefined ? {} : { tool_choice: encodeToolChoice(toolChoice, plan) }),
    ...serialFields(plan)
  }
}

/** How deep the model shall think, and that its reasoning is to be given back: only models that reason take this. */
const reasoningFields = (plan: Plan): JsonObject => {
  const effort = effortOf(plan)
  if (!plan.isReasoner)
    return plan.dialect.reasoningModels === undefined ? present("reasoning", effort && { effort }) : {}
  return {
    reasoning: { ...present("effort", effort), ...(effort === "none" ? {} : { summary: "auto" }) },
    include: ["reasoning.encrypted_content"]
  }
}

/** The part of the body that input tokens are counted of. */
export const encodeInput = (plan: Plan): JsonObject => {
  const { tools: ownTools, ...own } = ownFields(plan, chatOnly)
  const { format } = plan.wishes
  const instructions = systemParts(plan)
    .map(({ text }) => String(text))
    .join("\n\n")
  return {
    ...reasoningFields(plan),
    ...(format === undefined ? {} : { text: { format: { type: "json_schema", ...answerSchema(format, plan) } } }),
    ...own,
    model: plan.model,
    ...(instructions === "" ? {} : { instructions }),
    input: plan.turns.flatMap((turn) => turnItems(turn, plan)),
    ...toolFields(plan, ownTools)
  }
}

/** The body. `userDigest` stands for the user whom the request names. */
export const encodeResponsesRequest = (plan: Plan, isStream: boolean, userDigest?: string): JsonObject => ({
  ...(plan.dialect.userField === "none" ? {} : present(plan.dialect.userField, userDigest)),
  store: false,
  ...encodeInput(plan),
  ...present("max_output_tokens", plan.maxTokens),
  ...samplingFields(plan),
  ...(isStream ? { stream: true } : {})
})
