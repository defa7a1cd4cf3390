/**
 * Input items as the pieces of a conversation. Items that the host's own answers were made of say in their ids
 * which model call they are of; an `mcp_call` is a call and its result at once.
 */
import { isJsonObject, type JsonObject, type ToolUseBlock, withInputText } from "@signalbox/model"
import { Effect } from "effect"
import { nameIn } from "../callForms.ts"
import { readContent, readOutput, readTexts } from "../content.ts"
import type { HistoryItem } from "../history.ts"
import { refuse, type RequestIssue } from "../issue.ts"
import { leaveOut } from "../leaveOut.ts"
import { readItemId } from "./itemIds.ts"
import { readReasoning } from "./reasoning.ts"

type Path = ReadonlyArray<PropertyKey>
type Items = ReadonlyArray<HistoryItem>
type Read = Effect.Effect<Items, RequestIssue>

const contentOf = (given: unknown): string | ReadonlyArray<JsonObject> => {
  if (typeof given === "string") return given
  return Array.isArray(given) ? given.filter(isJsonObject) : ""
}

const spoken = (
  item: JsonObject,
  blocks: ReadonlyArray<Extract<HistoryItem, { type: "assistant" }>["block"]>
): Items => {
  const { step } = readItemId(item["id"])
  return blocks.map((block) => ({ type: "assistant", block, step }))
}

const readMessage = (item: JsonObject, path: Path): Read => {
  const content = contentOf(item["content"])
  const at = [...path, "content"]
  switch (item["role"]) {
    case "system":
    case "developer":
      return Effect.map(readTexts(content, at), (read) => [{ type: "system", content: read }])
    case "user":
      return Effect.map(readContent(content, at), (read) => [{ type: "user", content: read }])
    case "assistant":
      return Effect.map(readContent(content, at), (read) => spoken(item, read))
    default:
      return refuse([...path, "role"], "Expected system, developer, user or assistant")
  }
}

const idIn = (item: JsonObject, path: Path): Effect.Effect<string, RequestIssue> => {
  const id = item["call_id"]
  return typeof id === "string" && id !== "" ? Effect.succeed(id) : refuse([...path, "call_id"], "Missing key")
}

const textOf = (given: unknown): string => (typeof given === "string" ? given : JSON.stringify(given ?? {}))

/** A call of any form as the call of a function that models know. */
const callOf = (item: JsonObject, id: string): ToolUseBlock | undefined => {
  const { action, input, name, namespace, type } = item
  if (type === "local_shell_call") {
    const { type: _exec, ...rest } = isJsonObject(action) ? action : {}
    return { type: "tool_use", id, name: "local_shell", input: rest }
  }
  if (typeof name !== "string" || name === "") return undefined
  const call: ToolUseBlock = { type: "tool_use", id, name: nameIn(namespace, name), input: {} }
  return type === "custom_tool_call"
    ? { ...call, input: { input: textOf(input ?? "") } }
    : withInputText(call, textOf(item["arguments"]))
}

const readCall = Effect.fnUntraced(function* (item: JsonObject, path: Path): Effect.fn.Return<Items, RequestIssue> {
  const call = callOf(item, yield* idIn(item, path))
  return call === undefined ? yield* refuse([...path, "name"], "Missing key") : spoken(item, [call])
})

const readResult = Effect.fnUntraced(function* (item: JsonObject, path: Path): Effect.fn.Return<Items, RequestIssue> {
  const isShell = item["type"] === "local_shell_call_output" && item["call_id"] === undefined
  const tool_use_id = yield* idIn(isShell ? { ...item, call_id: item["id"] } : item, path)
  const content = yield* readOutput(item["output"], [...path, "output"])
  return [{ type: "result", result: { type: "tool_result", tool_use_id, content } }]
})

/** The words of an error, whichever of its forms it has. */
const errorWords = (error: unknown): string => {
  if (typeof error === "string") return error
  if (!isJsonObject(error)) return "error"
  const { content, message } = error
  if (typeof message === "string") return message
  const texts = (Array.isArray(content) ? content : []).flatMap((part: unknown) =>
    isJsonObject(part) && typeof part["text"] === "string" ? [part["text"]] : []
  )
  return texts.length > 0 ? texts.join("\n") : JSON.stringify(error)
}

const readMcpCall = (item: JsonObject): Items => {
  const { arguments: given, error, id, name, output, server_label } = item
  if (typeof name !== "string" || name === "") return []
  const callId = readItemId(id).callId ?? (typeof id === "string" ? id : name)
  const source = typeof server_label === "string" ? server_label : "signalbox"
  const call: ToolUseBlock = {
    ...withInputText({ type: "tool_use", id: callId, name, input: {} }, textOf(given)),
    runBy: { _tag: "Host", source }
  }
  const frame = { type: "tool_result", tool_use_id: callId } as const
  const isFailed = error !== undefined && error !== null
  if (!isFailed && typeof output !== "string") return spoken(item, [call])
  const result = isFailed
    ? { ...frame, content: errorWords(error), is_error: true }
    : { ...frame, content: String(output) }
  return [...spoken(item, [call]), { type: "result", result }]
}

/** A call that was shown as waiting. What the client answered to it is read apart from the conversation. */
const readApprovalRequest = (item: JsonObject): Items =>
  readMcpCall({ ...item, error: "Not run: it was waiting for approval.", output: null })

const readItem = (item: JsonObject, path: Path): Effect.Effect<Items | string, RequestIssue> => {
  switch (item["type"] ?? "message") {
    case "message":
      return readMessage(item, path)
    case "reasoning":
      return Effect.succeed(spoken(item, readReasoning(item)))
    case "function_call":
    case "custom_tool_call":
    case "local_shell_call":
      return readCall(item, path)
    case "function_call_output":
    case "custom_tool_call_output":
    case "local_shell_call_output":
      return readResult(item, path)
    case "mcp_call":
      return Effect.succeed(readMcpCall(item))
    case "web_search_call":
      // Its upstream wants it back beside the reasoning that led to it; others do not see it.
      return Effect.succeed(spoken(item, [{ type: "opaque", vendor: "openai", block: item }]))
    case "mcp_approval_request":
      return Effect.succeed(readApprovalRequest(item))
    case "mcp_approval_response":
    case "additional_tools":
      // Read apart: with the tools of the request, with what it approves.
      return Effect.succeed([])
    case "item_reference":
      return refuse(
        path,
        `Item with id '${String(item["id"])}' not found. Responses are not stored here: send the items themselves, as with store: false.`
      )
    default:
      return Effect.succeed(String(item["type"]))
  }
}

/** The input of a request, piece by piece. Items of other kinds are left out. */
export const readItems = Effect.fnUntraced(function* (
  input: string | ReadonlyArray<JsonObject>
): Effect.fn.Return<Items, RequestIssue> {
  if (typeof input === "string") return [{ type: "user", content: yield* readContent(input, ["input"]) }]
  const read = yield* Effect.forEach(input, (item, index) => readItem(item, ["input", index]))
  yield* leaveOut(
    "items",
    read.filter((items) => typeof items === "string")
  )
  return read.flatMap((items) => (typeof items === "string" ? [] : items))
})
