/**
 * Reads what servers say about their tools, and what tools answer, as loosely as it can be read:
 * one bad tool costs only itself, and an answer is never thrown away, because the tool has already run.
 */
import type { CallResult } from "./McpClient.ts"
import type { JsonObject, McpTool, ToolHints, ToolList } from "./McpTool.ts"
import { isJsonObject } from "./wire.ts"

type Problem = ToolList["problems"][number]

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const hintNames = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const

const hintsOf = (value: unknown): ToolHints | undefined => {
  if (!isJsonObject(value)) return undefined
  const title = text(value["title"])
  const hints = hintNames.flatMap((name) => (typeof value[name] === "boolean" ? [[name, value[name]]] : []))
  return { ...(title === undefined ? {} : { title }), ...Object.fromEntries(hints) }
}

const executionOf = (value: unknown): Pick<McpTool, "execution"> => {
  const taskSupport = isJsonObject(value) ? value["taskSupport"] : undefined
  return taskSupport === "optional" || taskSupport === "required" ? { execution: { taskSupport } } : {}
}

/** A tool that says nothing of its arguments may still want some: any object fits. */
const inputSchemaOf = ({ inputSchema = { type: "object" } }: JsonObject): unknown => inputSchema

/** One tool of a list, or why it cannot be used. */
const readTool = (value: unknown): McpTool | Problem => {
  if (!isJsonObject(value)) return { tool: undefined, reason: "it is no object" }
  const name = text(value["name"])
  if (name === undefined || name === "") return { tool: undefined, reason: "it has no name" }
  const inputSchema = inputSchemaOf(value)
  if (!isJsonObject(inputSchema)) return { tool: name, reason: "its inputSchema is no object" }
  const title = text(value["title"])
  const description = text(value["description"])
  const annotations = hintsOf(value["annotations"])
  const execution = executionOf(value["execution"])
  return {
    name,
    inputSchema,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(isJsonObject(value["outputSchema"]) ? { outputSchema: value["outputSchema"] } : {}),
    ...(annotations === undefined ? {} : { annotations }),
    ...execution,
    ...(isJsonObject(value["_meta"]) ? { _meta: value["_meta"] } : {})
  }
}

/** The usable ones of a list. `refusal` says why an otherwise sound tool cannot be called on this connection. */
export const readTools = (
  items: ReadonlyArray<unknown>,
  refusal: (tool: McpTool) => string | undefined
): Pick<ToolList, "tools" | "problems"> => {
  const tools = new Map<string, McpTool>()
  const problems: Array<Problem> = []
  for (const value of items) {
    const tool = readTool(value)
    if ("reason" in tool) {
      problems.push(tool)
      continue
    }
    const reason = tools.has(tool.name) ? "it is listed twice; the first one is kept" : refusal(tool)
    if (reason === undefined) tools.set(tool.name, tool)
    else problems.push({ tool: tool.name, reason })
  }
  return { tools: [...tools.values()], problems }
}

/** Reads tools that were listed before and kept as JSON. */
export const readToolList = (values: ReadonlyArray<unknown>): Pick<ToolList, "tools" | "problems"> =>
  readTools(values, () => undefined)

type Block = CallResult["content"][number]

/** Nothing is thrown away: what is no block becomes one. */
const toBlock = (value: unknown): Block => {
  if (isJsonObject(value)) return { ...value, type: text(value["type"]) ?? "unknown" }
  return typeof value === "string" ? { type: "text", text: value } : { type: "unknown", value }
}

const isBlock = (value: unknown): value is Block => isJsonObject(value) && typeof value["type"] === "string"

/** The answer of a tool. `violation` checks structured content against the tool's output schema. */
export const readCallResult = (result: JsonObject, violation: (value: unknown) => string | undefined): CallResult => {
  const given = result["content"] ?? []
  const blocks: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
  const isError = result["isError"] === true
  const structuredContent = result["structuredContent"]
  const warnings: Array<string> = []
  const isSound = Array.isArray(given) && blocks.every(isBlock)
  if (!isSound) warnings.push("Its content is not a list of typed blocks; what could not be read has the type unknown.")
  const broken = isError ? undefined : violation(structuredContent)
  if (broken !== undefined) warnings.push(broken)
  return {
    content: isSound ? blocks.filter(isBlock) : blocks.map(toBlock),
    isError,
    warnings,
    ...(structuredContent === undefined ? {} : { structuredContent }),
    ...(isJsonObject(result["_meta"]) ? { _meta: result["_meta"] } : {})
  }
}
