/**
 * Chat messages as the pieces of a conversation. An assistant message of a turn with several model calls is taken
 * apart again, by what `mcp_calls` says of each, so that the model sees the history that it made.
 */
import { isJsonObject, type ContentBlock, type JsonObject, type ToolUseBlock, withInputText } from "@signalbox/model"
import { Effect, Option, Schema } from "effect"
import { readContent, readOutput, readTexts } from "../content.ts"
import type { HistoryItem } from "../history.ts"
import { refuse, type RequestIssue } from "../issue.ts"
import { readDetails, type ReadThought } from "./reasoningDetails.ts"
import { McpCallWire, type MessageWire } from "./wire.ts"

type Path = ReadonlyArray<PropertyKey>
type Read = Effect.Effect<ReadonlyArray<HistoryItem>, RequestIssue>

const callBlock = (id: string, name: string, text: string): ToolUseBlock =>
  withInputText({ type: "tool_use", id, name, input: {} }, text)

/** Some clients send the object itself. */
const argumentText = (given: unknown): string => {
  if (typeof given === "string") return given
  return given === undefined || given === null ? "" : JSON.stringify(given)
}

const readCall = (call: JsonObject, path: Path): Effect.Effect<ToolUseBlock, RequestIssue> => {
  const kind = isJsonObject(call["custom"]) ? "custom" : "function"
  const inner = call[kind]
  const id = typeof call["id"] === "string" ? call["id"] : ""
  if (!isJsonObject(inner)) return refuse([...path, kind], "Missing key")
  const name = inner["name"]
  if (typeof name !== "string" || name === "") return refuse([...path, kind, "name"], "Missing key")
  if (kind === "function") return Effect.succeed(callBlock(id, name, argumentText(inner["arguments"])))
  return Effect.succeed({ type: "tool_use", id, name, input: { input: argumentText(inner["input"]) } })
}

/** What is no call of ours is of another server, and means nothing here. */
const decodeHostCall = Schema.decodeUnknownOption(McpCallWire)

/** A call of the host with its result. */
const hostCall = (call: McpCallWire, step: string): ReadonlyArray<HistoryItem> => {
  const block = {
    ...callBlock(call.id, call.name, call.arguments),
    runBy: { _tag: "Host" as const, source: call.server_label }
  }
  const asked: HistoryItem = { type: "assistant", block, step }
  if (call.output === undefined || call.output === null) return [asked]
  const failed = call.is_error === true ? { is_error: true } : {}
  return [
    asked,
    { type: "result", result: { type: "tool_result", tool_use_id: call.id, content: call.output, ...failed } }
  ]
}

/** What the official accumulator leaves of a thought that was streamed: its last piece, and a signature without a text. */
const isRest = (details: ReadonlyArray<JsonObject>): boolean =>
  details.some(({ signature, text }) => text === undefined && signature !== undefined)

const thoughtsOf = (message: MessageWire): ReadonlyArray<ReadThought> => {
  const given = message.reasoning_details ?? []
  const details = readDetails(given)
  const thinking = message.reasoning_content ?? message.reasoning ?? ""
  if (details.length > 0 || thinking === "" || isRest(given)) return details
  return [{ block: { type: "thinking", thinking, signature: "" }, step: undefined }]
}

const text = (words: string): ReadonlyArray<ContentBlock> => (words === "" ? [] : [{ type: "text", text: words }])

interface Said {
  readonly thoughts: ReadonlyArray<ReadThought>
  readonly content: ReadonlyArray<ContentBlock>
  readonly calls: ReadonlyArray<ToolUseBlock>
  readonly hostCalls: ReadonlyArray<McpCallWire>
}

/** The model calls that made host calls, in order, each with how much had been said by then. */
const hostSteps = (calls: ReadonlyArray<McpCallWire>) => {
  const steps = new Map<number, { readonly calls: Array<McpCallWire>; readonly offset: number }>()
  for (const call of calls) {
    const found = steps.get(call.step ?? 0)
    if (found === undefined) steps.set(call.step ?? 0, { calls: [call], offset: call.content_offset ?? 0 })
    else found.calls.push(call)
  }
  return [...steps].toSorted(([a], [b]) => a - b)
}

/** Everything of one message, by the model calls that said it. */
const takeApart = ({ calls, content, hostCalls, thoughts }: Said, name: string): ReadonlyArray<HistoryItem> => {
  const items: Array<HistoryItem> = []
  const say = (step: string, blocks: ReadonlyArray<ContentBlock>) => {
    items.push(...blocks.map((block): HistoryItem => ({ type: "assistant", block, step })))
  }
  const steps = hostSteps(hostCalls)
  const think = (after: number, until: number) =>
    thoughts.filter(({ step = Infinity }) => step > after && step <= until).map(({ block }) => block)
  const words = content.map((block) => (block.type === "text" ? block.text : "")).join("")
  let from = 0
  let called = 0
  let before = -1
  let last = `${name}.last`
  for (const [number, { calls: asked, offset }] of steps) {
    const step = `${name}.${number}`
    say(step, [...think(before, number), ...text(words.slice(from, offset).replace(/^\n\n/, ""))])
    from = Math.max(from, offset)
    before = number
    for (const one of asked) {
      // The model call that asked for the caller's tools too is the last one.
      if (typeof one.tool_calls_before === "number") last = step
      say(step, calls.slice(called, one.tool_calls_before ?? called))
      called = Math.max(called, one.tool_calls_before ?? called)
      items.push(...hostCall(one, step))
    }
  }
  const rest = steps.length === 0 ? content : text(words.slice(from).replace(/^\n\n/, ""))
  say(last, [...think(before, Infinity), ...rest, ...calls.slice(called)])
  return items
}

const readAssistant = Effect.fnUntraced(function* (message: MessageWire, path: Path) {
  const said = yield* readContent(message.content ?? "", [...path, "content"])
  const calls = yield* Effect.forEach(message.tool_calls ?? [], (call, index) =>
    readCall(call, [...path, "tool_calls", index])
  )
  const content = said.length > 0 ? said : text(message.refusal ?? "")
  const thoughts = thoughtsOf(message)
  const hostCalls = (message.mcp_calls ?? []).flatMap((call) => Option.toArray(decodeHostCall(call)))
  return takeApart({ thoughts, content, calls, hostCalls }, path.join("."))
})

const readResult = Effect.fnUntraced(function* (message: MessageWire, path: Path) {
  if (typeof message.tool_call_id !== "string") return yield* refuse([...path, "tool_call_id"], "Missing key")
  const content = yield* readOutput(message.content, [...path, "content"])
  const result = { type: "tool_result", tool_use_id: message.tool_call_id, content } as const
  return [{ type: "result", result }] satisfies ReadonlyArray<HistoryItem>
})

const readMessage = (message: MessageWire, path: Path): Read => {
  const content = message.content ?? ""
  switch (message.role) {
    case "system":
    case "developer":
      return Effect.map(readTexts(content, [...path, "content"]), (read) => [{ type: "system", content: read }])
    case "user":
      return Effect.map(readContent(content, [...path, "content"]), (read) => [{ type: "user", content: read }])
    case "assistant":
      return readAssistant(message, path)
    case "tool":
      return readResult(message, path)
    default:
      return refuse([...path, "role"], `Expected system, developer, user, assistant or tool, not "${message.role}".`)
  }
}

/** The messages of a request, piece by piece. */
export const readMessages = (messages: ReadonlyArray<MessageWire>): Read =>
  Effect.map(
    Effect.forEach(messages, (message, index) => readMessage(message, ["messages", index])),
    (read) => read.flat()
  )
