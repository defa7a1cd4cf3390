/**
 * A request as the body of `POST /chat/completions`.
 * Fields of other vendors never get here: servers answer an unknown field with 400.
 */
import { isJsonObject, type JsonObject, type ToolChoice } from "@signalbox/model"
import { cacheMark } from "./parts.ts"
import { encodeMessages } from "./encodeMessages.ts"
import { encodeSchema, isStrictSchema } from "./schemas.ts"
import { isWebSearch } from "./webSearch.ts"
import type { WishedFormat } from "./wishes.ts"
import { effortOf, type OfferedTool, type Plan, webSearchOf } from "./plan.ts"

/** The name under which the vendor's own fields travel in `ModelRequest.vendor`. */
export const vendor = "openai"

/** Fields of the vendor's other API, which this one would refuse; what they wish for is said in its own. */
const responsesOnly = new Set([
  "background",
  "context_management",
  "conversation",
  "include",
  "input",
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "previous_response_id",
  "prompt",
  "text",
  "truncation"
])

/** The vendor's own fields of a request, without those that the API does not have. */
export const ownFields = ({ request }: Plan, refused: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(request.vendor?.[vendor] ?? {}).filter(([field]) => !refused.has(field)))

/** Arguments and whether they are kept to strictly, as both APIs say it. */
export const parametersOf = ({ inputSchema }: OfferedTool, { dialect }: Plan): JsonObject => {
  const parameters = encodeSchema(inputSchema, dialect.schemas)
  return { parameters, ...(dialect.isStrict && isStrictSchema(parameters) ? { strict: true } : {}) }
}

const encodeTool = (tool: OfferedTool, plan: Plan): JsonObject => ({
  type: "function",
  function: {
    name: plan.names.toWire(tool.name),
    ...(tool.description === "" ? {} : { description: tool.description }),
    ...parametersOf(tool, plan)
  },
  ...(plan.dialect.cacheMarks === "cache_control" ? cacheMark(tool.cacheControl, plan.dialect) : {})
})

const encodeToolChoice = (choice: ToolChoice, { names }: Plan): unknown => {
  if (choice.type === "any") return "required"
  return choice.type === "tool" ? { type: "function", function: { name: names.toWire(choice.name) } } : choice.type
}

/** Whether one call at a time is asked for, where the upstream has a word for it. */
export const serialFields = ({ dialect, toolChoice }: Plan): JsonObject =>
  toolChoice !== undefined &&
  toolChoice.type !== "none" &&
  toolChoice.disableParallel === true &&
  dialect.acceptsParallelFlag
    ? { parallel_tool_calls: false }
    : {}

const toolFields = (plan: Plan): JsonObject => {
  if (plan.tools.length === 0) return {}
  const { toolChoice } = plan
  return {
    tools: plan.tools.map((tool) => encodeTool(tool, plan)),
    ...(toolChoice === undefined ? {} : { tool_choice: encodeToolChoice(toolChoice, plan) }),
    ...serialFields(plan)
  }
}

export const present = (field: string, value: unknown): JsonObject => (value === undefined ? {} : { [field]: value })

/** OpenRouter takes budgets; one that leaves no room for the answer would be refused. */
const openRouterReasoning = (plan: Plan): JsonObject => {
  const { budgetTokens, effort, thinks } = plan.wishes
  const { maxTokens = Infinity } = plan
  if (effort === "none") return { reasoning: { enabled: false } }
  if (budgetTokens !== undefined && maxTokens > 1024) {
    return { reasoning: { max_tokens: Math.min(budgetTokens, maxTokens - 1) } }
  }
  if (effort !== undefined) return { reasoning: { effort: effortOf(plan) } }
  return thinks === true ? { reasoning: { enabled: true } } : {}
}

const effortFields = (plan: Plan): JsonObject => {
  const { dialect, wishes } = plan
  switch (dialect.effort) {
    case "reasoning_effort":
      return present("reasoning_effort", effortOf(plan))
    case "reasoning":
      return openRouterReasoning(plan)
    case "thinking":
      return wishes.thinks === undefined ? {} : { thinking: { type: wishes.thinks ? "enabled" : "disabled" } }
    case "chat_template_kwargs":
      return wishes.thinks === undefined ? {} : { chat_template_kwargs: { enable_thinking: wishes.thinks } }
    case "none":
      return {}
  }
}

/** The schema that the answer shall fit, named as both APIs want it. */
export const answerSchema = ({ name, schema: wished, strict }: WishedFormat, { dialect }: Plan): JsonObject => {
  const schema = encodeSchema(wished, dialect.schemas)
  return { name, schema, strict: strict ?? isStrictSchema(schema) }
}

const formatFields = (plan: Plan): JsonObject => {
  const { format } = plan.wishes
  if (format === undefined) return {}
  if (plan.dialect.format === "json_object") return { response_format: { type: "json_object" } }
  return { response_format: { type: "json_schema", json_schema: answerSchema(format, plan) } }
}

/** Sampling, which OpenAI's reasoning models refuse. */
export const samplingFields = ({ dialect, isReasoner, request }: Plan): JsonObject =>
  isReasoner
    ? {}
    : {
        ...present("temperature", request.temperature),
        ...present("top_p", request.topP),
        ...(dialect.acceptsTopK ? present("top_k", request.topK) : {})
      }

/** What the upstream would refuse of the vendor's own fields. */
const refusedFields = ({ dialect, wishes }: Plan): ReadonlySet<string> =>
  new Set([
    ...responsesOnly,
    ...(dialect.effort === "reasoning" ? [] : ["reasoning"]),
    ...(dialect.format === "json_object" && wishes.format !== undefined ? ["response_format"] : [])
  ])

/** The other API's search of the web is no tool here. */
const withoutWebSearch = ({ tools: given, ...own }: JsonObject): JsonObject => {
  const tools = (Array.isArray(given) ? given : []).filter((tool) => !isJsonObject(tool) || !isWebSearch(tool))
  return { ...own, ...(tools.length === 0 ? {} : { tools }) }
}

/** The body. `userDigest` stands for the user whom the request names. */
export const encodeRequest = (plan: Plan, isStream: boolean, userDigest?: string): JsonObject => {
  const { dialect } = plan
  const cached =
    dialect.cacheMarks === "cache_control" ? plan.request.vendor?.["anthropic"]?.["cache_control"] : undefined
  return {
    ...effortFields(plan),
    ...formatFields(plan),
    ...(dialect.userField === "none" ? {} : present(dialect.userField, userDigest)),
    ...(dialect.webSearch === "plugin" && webSearchOf(plan) !== undefined ? { plugins: [{ id: "web" }] } : {}),
    ...cacheMark(cached, dialect),
    ...withoutWebSearch(ownFields(plan, refusedFields(plan))),
    model: plan.model,
    messages: encodeMessages(plan),
    ...toolFields(plan),
    ...present(dialect.maxTokensField, plan.maxTokens),
    ...samplingFields(plan),
    ...(plan.sentStops.length === 0 ? {} : { stop: plan.sentStops }),
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {})
  }
}
