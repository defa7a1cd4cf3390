/**
 * A request as the body of `POST /chat/completions`.
 * Fields of other vendors never get here: servers answer an unknown field with 400.
 */
import { fitName, type JsonObject, type ModelRequest, type ToolChoice, type ToolDefinition } from "@signalbox/model"
import { encodeMessages } from "./encodeMessages.ts"
import type { OpenAiOptions } from "./OpenAiOptions.ts"

/** The name under which the vendor's own fields travel in `ModelRequest.vendor`. */
const vendor = "openai"

/** OpenAI takes no more stop sequences than this. */
const maxStopSequences = 4

/** Dialect markers say nothing to a model, and some servers refuse them. */
const encodeSchema = ({ $id: _id, $schema: _schema, ...schema }: JsonObject): JsonObject => ({
  type: "object",
  properties: {},
  ...schema
})

const encodeTool = (tool: ToolDefinition): JsonObject => ({
  type: "function",
  function: {
    name: fitName(tool.name),
    ...(tool.description === "" ? {} : { description: tool.description }),
    parameters: encodeSchema(tool.inputSchema)
  }
})

const encodeToolChoice = (choice: ToolChoice): unknown => {
  if (choice.type === "any") return "required"
  return choice.type === "tool" ? { type: "function", function: { name: fitName(choice.name) } } : choice.type
}

const toolFields = (request: ModelRequest): JsonObject => {
  // A tool that another vendor runs itself has no parameters, and nobody here to run it.
  const tools = request.tools.filter((tool) => tool.runBy._tag !== "Provider")
  if (tools.length === 0) return {}
  const { toolChoice } = request
  const isSerial = toolChoice !== undefined && toolChoice.type !== "none" && toolChoice.disableParallel === true
  return {
    tools: tools.map(encodeTool),
    ...(toolChoice === undefined ? {} : { tool_choice: encodeToolChoice(toolChoice) }),
    ...(isSerial ? { parallel_tool_calls: false } : {})
  }
}

const present = (field: string, value: unknown) => (value === undefined ? {} : { [field]: value })

/** The names under which tools are sent, and what they stand for: the caller's may be too long for this API. */
export const toolNames = (request: ModelRequest): ReadonlyMap<string, string> =>
  new Map(request.tools.map((tool) => [fitName(tool.name), tool.name]))

/** The body. */
export const encodeRequest = (request: ModelRequest, options: OpenAiOptions, isStream: boolean): JsonObject => {
  const stop = request.stopSequences?.filter((sequence) => sequence !== "").slice(0, maxStopSequences) ?? []
  return {
    ...request.vendor?.[vendor],
    model: request.model === "" ? options.defaultModel : request.model,
    messages: encodeMessages(request),
    ...toolFields(request),
    [options.maxTokensField]: Math.min(request.maxTokens, options.maxTokens ?? request.maxTokens),
    ...present("temperature", request.temperature),
    ...present("top_p", request.topP),
    ...(options.acceptsTopK ? present("top_k", request.topK) : {}),
    ...(stop.length === 0 ? {} : { stop }),
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {})
  }
}
