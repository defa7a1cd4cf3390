/**
 * What a request asks for in the words of the Messages API, outside the vocabulary: depth of thought, a format,
 * who the user is, tools that are loaded later. None of these fields is forwarded; each is said in the upstream's words.
 */
import { type ContentBlock, isJsonObject, type JsonObject, type ModelRequest } from "@signalbox/model"
import { type Effort, efforts } from "./Dialect.ts"

/** A JSON Schema that the answer shall fit. */
export interface WishedFormat {
  readonly schema: JsonObject
  readonly name: string
  /** `undefined` where it is as strict as the schema allows. */
  readonly strict: boolean | undefined
}

/** Read from `vendor` of a request. */
export interface Wishes {
  /** `none` where thinking is off; `undefined` where nothing is said, or the model shall decide. */
  readonly effort: Effort | undefined
  /** Whether the model shall think, where that is said. */
  readonly thinks: boolean | undefined
  readonly budgetTokens: number | undefined
  readonly format: WishedFormat | undefined
  readonly userId: string | undefined
  /** Tools in the form of the Messages API, by name: typed, deferred, cached, strict. */
  readonly tools: ReadonlyMap<string, JsonObject>
}

const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {})

const isEffort = (value: unknown): value is Effort => efforts.some((effort) => effort === value)

/** A budget of tokens in the words of upstreams that have no budgets. */
const effortOfBudget = (tokens: number): Effort => (tokens < 4096 ? "low" : tokens < 16_384 ? "medium" : "high")

/** An instruction inside the conversation may change the effort from there on. */
const laterEffort = (request: ModelRequest): unknown => {
  const said = request.messages.flatMap(({ role, vendor }) =>
    role === "system" ? [objectOf(vendor?.["anthropic"]?.["output_config"])["effort"]] : []
  )
  return said.findLast(isEffort)
}

/** A format as each of three APIs says it: Messages and Responses alike, Chat with one more level. */
const formatOf = (own: JsonObject, config: JsonObject, openai: JsonObject): WishedFormat | undefined => {
  const given = [
    openai["response_format"],
    objectOf(openai["text"])["format"],
    config["format"],
    own["output_format"]
  ].find((format) => objectOf(format)["type"] === "json_schema")
  const { json_schema: inner, ...flat } = objectOf(given)
  const { name, schema, strict } = isJsonObject(inner) ? inner : flat
  if (!isJsonObject(schema)) return undefined
  return {
    schema,
    name: typeof name === "string" && name !== "" ? name : "answer",
    strict: typeof strict === "boolean" ? strict : undefined
  }
}

type Thought = Pick<Wishes, "effort" | "thinks" | "budgetTokens">

/** How deep to think. A word for it counts before a budget, and the last one said before those of the whole request. */
const thoughtOf = (request: ModelRequest, own: JsonObject, config: JsonObject, openai: JsonObject): Thought => {
  const { budget_tokens, type } = objectOf(own["thinking"])
  if (type === "disabled") return { effort: "none", thinks: false, budgetTokens: undefined }
  const said = [
    laterEffort(request),
    openai["reasoning_effort"],
    objectOf(openai["reasoning"])["effort"],
    config["effort"]
  ].find(isEffort)
  const budget = type === "enabled" && Number(budget_tokens) > 0 ? Number(budget_tokens) : undefined
  const effort = said ?? (budget === undefined ? undefined : effortOfBudget(budget))
  const thinks = type !== undefined || (effort !== undefined && effort !== "none")
  return { effort, thinks: thinks ? true : undefined, budgetTokens: said === undefined ? budget : undefined }
}

const toolForms = (given: unknown): ReadonlyMap<string, JsonObject> => {
  const tools: ReadonlyArray<unknown> = Array.isArray(given) ? given : []
  return new Map(
    tools.flatMap((tool) => {
      const { name, ...fields } = objectOf(tool)
      return typeof name === "string" ? [[name, fields] as const] : []
    })
  )
}

/** Reads them; what is malformed asks for nothing. */
export const wishesOf = (request: ModelRequest): Wishes => {
  const own = request.vendor?.["anthropic"] ?? {}
  const openai = request.vendor?.["openai"] ?? {}
  const config = objectOf(own["output_config"])
  const userId = objectOf(own["metadata"])["user_id"]
  return {
    ...thoughtOf(request, own, config, openai),
    format: formatOf(own, config, openai),
    userId: typeof userId === "string" && userId !== "" ? userId : undefined,
    tools: toolForms(own["tools"])
  }
}

const referencesIn = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (!isJsonObject(value)) return []
  const { tool_name: name, type } = value
  if (type === "tool_reference" && typeof name === "string") return [name]
  return referencesIn(value["content"] ?? value["tool_references"] ?? (type === "opaque" ? value["block"] : undefined))
}

/** The tools that a conversation has loaded: those that a search found, and those that were called. */
export const loadedTools = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<string> =>
  content.flatMap((block) => (block.type === "tool_use" ? [block.name] : referencesIn(block)))
