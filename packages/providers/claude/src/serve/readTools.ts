/**
 * The tools of a request, and the choice among them.
 */
import type { JsonObject, ToolChoice, ToolDefinition } from "@signalbox/model"
import { Effect } from "effect"
import type { ToolChoiceWire, ToolWire } from "../wire/tools.ts"
import { invalid } from "./invalid.ts"
import type { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

/** Tools by whose `type` Anthropic runs them itself. */
const isProviderTool = ({ type }: ToolWire): boolean =>
  typeof type === "string" && /^(web_search|web_fetch|code_execution|tool_search_tool|advisor)_/.test(type)

const emptySchema: JsonObject = { type: "object", properties: {} }

const toolDefinition = (tool: ToolWire, name: string): ToolDefinition => ({
  name,
  originalName: name,
  description: tool.description ?? "",
  inputSchema: { ...emptySchema, ...tool.input_schema },
  annotations: {},
  runBy: isProviderTool(tool) ? { _tag: "Provider" } : { _tag: "Caller" },
  isTrusted: false
})

/** The tools that have a name; toolsets have none. */
export const readTools = Effect.fnUntraced(function* (wire: ReadonlyArray<ToolWire>) {
  const tools: Array<ToolDefinition> = []
  for (const [index, tool] of wire.entries()) {
    const { name, type } = tool
    if (typeof name === "string" && name !== "") tools.push(toolDefinition(tool, name))
    else if (type === undefined || type === null || type === "custom") {
      return yield* invalid(["tools", index, "name"], name === "" ? "must not be empty" : "Missing key")
    }
  }
  return tools
})

const plainToolFields = new Set(["name", "description", "input_schema"])

/** A tool of which a definition does not say everything: typed, deferred, cached, strict, without a name. */
export const isMoreThanDefinition = (tool: ToolWire): boolean =>
  Object.entries(tool).some(([field, value]) => !plainToolFields.has(field) && value !== null && value !== "custom")

/** The choice, in the vocabulary. */
export const readToolChoice = (choice: ToolChoiceWire): Effect.Effect<ToolChoice, InvalidMessagesRequest> => {
  const parallel = choice.disable_parallel_tool_use === true ? { disableParallel: true } : {}
  if (choice.type === "none") return Effect.succeed({ type: "none" })
  if (choice.type !== "tool") return Effect.succeed({ type: choice.type, ...parallel })
  return typeof choice.name === "string"
    ? Effect.succeed({ type: "tool", name: choice.name, ...parallel })
    : Effect.fail(invalid(["tool_choice", "name"], "Missing key"))
}
