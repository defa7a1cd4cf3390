/**
 * What requests of both APIs say beside the conversation, for either vendor upstream: fields that the vocabulary
 * has, and what is one vendor's own. For OpenAI it is in the words of Chat Completions, whichever API was asked;
 * for Anthropic it is said again in that API's words.
 */
import { isJsonObject, type JsonObject, type ModelRequest, type ToolChoice, type VendorFields } from "@signalbox/model"
import { Effect } from "effect"
import { refuse, type RequestIssue } from "./issue.ts"
import { anthropicSchema } from "./anthropicSchema.ts"

/** The settings of a request, in the words of Chat Completions. */
export interface Settings {
  readonly maxTokens: number | null | undefined
  readonly temperature: number | null | undefined
  readonly topP: number | null | undefined
  readonly topK?: number | null | undefined
  readonly stop?: string | ReadonlyArray<string> | null | undefined
  readonly effort: string | null | undefined
  readonly responseFormat: JsonObject | null | undefined
  readonly toolChoice: ToolChoice | undefined
  /** Fields that go on unread to servers of Chat Completions. */
  readonly unread: JsonObject
}

const efforts = new Set(["low", "medium", "high", "xhigh", "max"])

const effortFields = (effort: string | null | undefined, choice: ToolChoice | undefined): JsonObject => {
  if (effort === "none") return { thinking: { type: "disabled" } }
  const named = effort === "minimal" ? "low" : (effort ?? "")
  if (!efforts.has(named)) return {}
  // That API does not think when a tool is forced.
  const isForced = choice?.type === "any" || choice?.type === "tool"
  return { output_config: { effort: named }, ...(isForced ? {} : { thinking: { type: "adaptive" } }) }
}

const formatFields = (format: JsonObject | null | undefined): JsonObject => {
  const given = format?.["type"] === "json_schema" ? format["json_schema"] : undefined
  const schema = isJsonObject(given) ? given["schema"] : undefined
  return isJsonObject(schema)
    ? { output_config: { format: { type: "json_schema", schema: anthropicSchema(schema) } } }
    : {}
}

const merged = (a: JsonObject, b: JsonObject): JsonObject => {
  const config = { ...configOf(a), ...configOf(b) }
  return { ...a, ...b, ...(Object.keys(config).length === 0 ? {} : { output_config: config }) }
}

const configOf = (fields: JsonObject): JsonObject =>
  isJsonObject(fields["output_config"]) ? fields["output_config"] : {}

const present = (field: string, value: unknown): JsonObject =>
  value === undefined || value === null ? {} : { [field]: value }

type Sampling = Pick<ModelRequest, "temperature" | "topP">

/** Sampling has narrower bounds at Anthropic, and none while the model thinks: what does not fit goes to OpenAI alone. */
const samplingFields = ({ effort, temperature, topP }: Settings) => {
  const isThinking = effort !== undefined && effort !== null && effort !== "none"
  if (!isThinking && (temperature ?? 0) <= 1) {
    const request: Sampling = { ...present("temperature", temperature), ...present("topP", topP) }
    return { request, openai: {}, anthropic: {} }
  }
  const openai = { ...present("temperature", temperature), ...present("top_p", topP) }
  if (isThinking) return { request: {}, openai, anthropic: {} }
  return { request: {}, openai, anthropic: { ...openai, temperature: 1 } }
}

/** OpenAI stops at blanks, which Anthropic refuses. */
const stopFields = (given: Settings["stop"]) => {
  const stop = typeof given === "string" ? [given] : (given ?? [])
  const words = stop.filter((sequence) => sequence.trim() !== "")
  return {
    request: words.length === 0 ? {} : { stopSequences: words },
    openai: words.length === 0 && stop.length > 0 ? { stop } : {}
  }
}

/** Everything of a request that is neither conversation nor tools. */
export const requestFields = (settings: Settings): Omit<ModelRequest, "model" | "system" | "messages" | "tools"> => {
  const sampling = samplingFields(settings)
  const stop = stopFields(settings.stop)
  const openai: JsonObject = {
    ...settings.unread,
    // OpenRouter's own field says the same, and more.
    ...(settings.unread["reasoning"] === undefined ? present("reasoning_effort", settings.effort) : {}),
    ...present("response_format", settings.responseFormat),
    ...sampling.openai,
    ...stop.openai
  }
  const anthropic: JsonObject = {
    ...merged(effortFields(settings.effort, settings.toolChoice), formatFields(settings.responseFormat)),
    ...sampling.anthropic
  }
  const vendor: VendorFields = {
    ...(Object.keys(openai).length === 0 ? {} : { openai }),
    ...(Object.keys(anthropic).length === 0 ? {} : { anthropic })
  }
  return {
    ...present("maxTokens", settings.maxTokens),
    ...sampling.request,
    ...present("topK", settings.topK),
    ...stop.request,
    ...(settings.toolChoice === undefined ? {} : { toolChoice: settings.toolChoice }),
    ...(Object.keys(vendor).length === 0 ? {} : { vendor })
  }
}

const choices: ReadonlyMap<string, ToolChoice> = new Map([
  ["auto", { type: "auto" }],
  ["none", { type: "none" }],
  ["required", { type: "any" }]
])

/** A choice that names no tool. */
export const plainChoice = (given: string): Effect.Effect<ToolChoice, RequestIssue> => {
  const choice = choices.get(given)
  return choice === undefined
    ? refuse(["tool_choice"], 'Expected "none", "auto" or "required"', "invalid_value")
    : Effect.succeed(choice)
}

/** `parallel_tool_calls: false` belongs to the choice among tools, where there are any. */
export const withParallel = (
  choice: ToolChoice | undefined,
  isParallel: boolean | null | undefined,
  hasTools: boolean
): ToolChoice | undefined => {
  if (isParallel !== false || !hasTools || choice?.type === "none") return choice
  return { ...(choice ?? { type: "auto" }), disableParallel: true }
}
