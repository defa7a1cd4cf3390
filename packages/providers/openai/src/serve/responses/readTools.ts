/**
 * Tools of a Responses request, and the choice among them. Functions and free-text tools may stand in namespaces; of the
 * tools that only OpenAI runs the search of the web goes on to whoever has it, the others are left out.
 */
import { isJsonObject, type JsonObject, type ToolChoice } from "@signalbox/model"
import { Effect } from "effect"
import { callerTool, customTool, localShellTool, nameIn, type ServedTool } from "../callForms.ts"
import { forEachAt, refuse, type RequestIssue } from "../issue.ts"
import { plainChoice } from "../requestFields.ts"
import { isWebSearch } from "../../webSearch.ts"
import { readMcp, type RequestedServer } from "./readMcp.ts"

type Path = ReadonlyArray<PropertyKey>

/** The tools of a request, and the types of those that are left out. */
export interface ReadTools {
  readonly tools: ReadonlyArray<ServedTool>
  /** What an upstream of the same API may run itself, in its own words. */
  readonly vendorTools: ReadonlyArray<JsonObject>
  readonly leftOut: ReadonlyArray<string>
  readonly servers: ReadonlyArray<RequestedServer>
}

const nothing: ReadTools = { tools: [], vendorTools: [], leftOut: [], servers: [] }

const joined = (read: ReadonlyArray<ReadTools>): ReadTools => ({
  tools: read.flatMap((each) => each.tools),
  vendorTools: read.flatMap((each) => each.vendorTools),
  leftOut: read.flatMap((each) => each.leftOut),
  servers: read.flatMap((each) => each.servers)
})

const served = (tool: ServedTool): ReadTools => ({ ...nothing, tools: [tool] })

const readNamed = (tool: JsonObject, path: Path, namespace: unknown): Effect.Effect<ReadTools, RequestIssue> => {
  const { description, name, parameters, type } = tool
  if (typeof name !== "string" || name === "") return refuse([...path, "name"], "Missing key")
  const exposed = nameIn(namespace, name)
  const place = typeof namespace === "string" ? { namespace } : {}
  if (type === "custom") {
    const { definition } = customTool(exposed, name, tool)
    return Effect.succeed(served({ definition, form: { kind: "custom", name, ...place } }))
  }
  const definition = callerTool(exposed, description, parameters)
  const form = { kind: "function", name, ...place } as const
  return Effect.succeed(served(typeof namespace === "string" ? { definition, form } : { definition }))
}

const readTool = (tool: JsonObject, path: Path, namespace?: unknown): Effect.Effect<ReadTools, RequestIssue> => {
  switch (tool["type"]) {
    case "function":
    case "custom":
      return readNamed(tool, path, namespace)
    case "namespace": {
      const inner = Array.isArray(tool["tools"]) ? tool["tools"].filter(isJsonObject) : []
      return readAll(inner, [...path, "tools"], tool["name"])
    }
    case "local_shell":
      return Effect.succeed(served(localShellTool))
    case "mcp":
      return Effect.map(readMcp(tool, path), (server) => ({ ...nothing, servers: [server] }))
    default:
      return Effect.succeed(
        isWebSearch(tool) ? { ...nothing, vendorTools: [tool] } : { ...nothing, leftOut: [String(tool["type"])] }
      )
  }
}

const readAll = (
  tools: ReadonlyArray<JsonObject>,
  path: Path,
  namespace?: unknown
): Effect.Effect<ReadTools, RequestIssue> =>
  Effect.map(
    forEachAt(path, tools, (tool, at) => readTool(tool, at, namespace)),
    joined
  )

/** Lists of tools, and where each stands. */
const listsOf = ({ input, tools }: ToolSources): ReadonlyArray<readonly [ReadonlyArray<JsonObject>, Path]> => [
  [tools, ["tools"]],
  ...(typeof input === "string" ? [] : input).flatMap((item, index) => {
    const { tools: added, type } = item
    return type === "additional_tools" && Array.isArray(added)
      ? [[added.filter(isJsonObject), ["input", index, "tools"]] as const]
      : []
  })
]

/** Where a request may have tools. */
export interface ToolSources {
  readonly tools: ReadonlyArray<JsonObject>
  readonly input: string | ReadonlyArray<JsonObject>
}

/** Reads `tools`, and those that items of the conversation add: Codex has all of its tools in such an item. */
export const readTools = (sources: ToolSources): Effect.Effect<ReadTools, RequestIssue> =>
  Effect.map(
    Effect.forEach(listsOf(sources), ([tools, path]) => readAll(tools, path)),
    joined
  )

/** A choice, and the tools that it leaves. */
export interface ReadChoice {
  readonly choice: ToolChoice | undefined
  readonly tools: ReadonlyArray<ServedTool>
}

const isNamed = ({ definition, form }: ServedTool, given: JsonObject): boolean => {
  const { kind, name: shown, namespace: place } = { kind: "function", name: "", namespace: "", ...form }
  const { name, namespace = place, type } = given
  if (type === "namespace") return place !== "" && place === name
  if (type === "local_shell") return kind === type
  return place === namespace && (definition.name === name || (form !== undefined && shown === name))
}

/** Reads `tool_choice`. A tool that must be called has to be one that there is. */
export const readChoice = (
  given: string | JsonObject | null | undefined,
  tools: ReadonlyArray<ServedTool>
): Effect.Effect<ReadChoice, RequestIssue> => {
  if (given === undefined || given === null) return Effect.succeed({ choice: undefined, tools })
  if (typeof given === "string") return Effect.map(plainChoice(given), (choice) => ({ choice, tools }))
  if (given["type"] === "allowed_tools") {
    const allowed = Array.isArray(given["tools"]) ? given["tools"].filter(isJsonObject) : []
    return Effect.succeed({
      choice: { type: given["mode"] === "required" ? "any" : "auto" },
      tools: tools.filter((tool) => allowed.some((each) => isNamed(tool, each)))
    })
  }
  return Effect.map(readForced(given, tools), (choice) => ({ choice, tools }))
}

/** A tool that must be called. Tools of the host are not in the request. */
const readForced = (given: JsonObject, tools: ReadonlyArray<ServedTool>): Effect.Effect<ToolChoice, RequestIssue> => {
  const found = tools.find((tool) => isNamed(tool, given))
  if (found !== undefined) return Effect.succeed({ type: "tool", name: found.definition.name })
  if (given["type"] !== "mcp") {
    const asked = JSON.stringify(given)
    return refuse(["tool_choice"], `The request has no tool ${asked} that is served here.`, "invalid_value")
  }
  const { name } = given
  return Effect.succeed(typeof name === "string" ? { type: "tool", name } : { type: "any" })
}
