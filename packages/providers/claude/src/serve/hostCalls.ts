/**
 * Tools that the host ran, as clients of the Messages API see them: `mcp_tool_use` and `mcp_tool_result`
 * inside one assistant message. Clients show such blocks, do not run them, and send them back with the
 * next request, where they are folded back into ordinary calls and results that every upstream takes.
 */
import {
  type ContentBlock,
  type JsonObject,
  lostResult,
  type Message,
  type OpaqueBlock,
  resultText,
  type ToolResultBlock,
  type ToolResultContent,
  type ToolUseBlock
} from "@signalbox/model"
import { Predicate } from "effect"
import { vendor } from "../blocks.ts"

/** The id of a call as the wire wants it for a tool that a server ran: `mcptoolu_…`. */
const hostCallId = (toolUseId: string): string => `mcptoolu_${toolUseId.replace(/^toolu_/, "")}`

const toolUseIdOf = (id: unknown): string => `toolu_${String(id).replace(/^mcptoolu_/, "")}`

/** The block that shows a call. */
export const hostCallBlock = (call: ToolUseBlock, source: string): JsonObject => ({
  type: "mcp_tool_use",
  id: hostCallId(call.id),
  name: call.name,
  server_name: source,
  input: call.input
})

/** Results on this wire hold text only: what is none is described in brackets, as `resultText` does. */
const resultTexts = (content: ToolResultBlock["content"]): ReadonlyArray<JsonObject> => {
  if (content === undefined) return []
  const items: ReadonlyArray<ToolResultContent> =
    typeof content === "string" ? [{ type: "text", text: content }] : content
  return items
    .map((item) => (item.type === "text" ? item.text : resultText({ content: [item], isError: false })))
    .filter((text) => text !== "")
    .map((text) => ({ type: "text", text }))
}

/** The block that shows a result: complete, never streamed in pieces. */
export const hostResultBlock = (result: ToolResultBlock): JsonObject => ({
  type: "mcp_tool_result",
  tool_use_id: hostCallId(result.tool_use_id),
  is_error: result.is_error ?? false,
  content: resultTexts(result.content)
})

const isOf = (block: ContentBlock, type: string): block is OpaqueBlock =>
  block.type === "opaque" && block.vendor === vendor && block.block["type"] === type

const isHostCall = (block: ContentBlock): block is OpaqueBlock => isOf(block, "mcp_tool_use")
const isHostResult = (block: ContentBlock): block is OpaqueBlock => isOf(block, "mcp_tool_result")

const foldCall = ({ block }: OpaqueBlock): ToolUseBlock => ({
  type: "tool_use",
  id: toolUseIdOf(block["id"]),
  name: String(block["name"]),
  input: Predicate.isObject(block["input"]) ? { ...block["input"] } : {},
  runBy: { _tag: "Host", source: String(block["server_name"]) },
  ...(Predicate.isObject(block["cache_control"]) ? { cache_control: { ...block["cache_control"] } } : {})
})

const textsOf = (content: unknown): ReadonlyArray<ToolResultContent> => {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }]
  if (!Array.isArray(content)) return []
  return content.flatMap((item: unknown) =>
    Predicate.hasProperty(item, "text") && typeof item.text === "string" && item.text !== ""
      ? [{ type: "text" as const, text: item.text }]
      : []
  )
}

const foldResult = ({ block }: OpaqueBlock): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: toolUseIdOf(block["tool_use_id"]),
  content: textsOf(block["content"]),
  ...(block["is_error"] === true ? { is_error: true } : {})
})

/** What one model call of the turn said, and what the host's tools answered to it. */
interface Step {
  readonly calls: Array<ContentBlock>
  readonly results: Array<ToolResultBlock>
}

/** Anything that follows a result was said after it: a new step. */
const stepsOf = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<Step> => {
  let last: Step = { calls: [], results: [] }
  const steps = [last]
  for (const block of content) {
    if (isHostResult(block)) {
      const result = foldResult(block)
      // A result without its call cannot be sent to any model: upstreams refuse the whole history.
      if (last.calls.some((call) => call.type === "tool_use" && call.id === result.tool_use_id)) {
        last.results.push(result)
      }
      continue
    }
    if (last.results.length > 0) {
      last = { calls: [], results: [] }
      steps.push(last)
    }
    last.calls.push(isHostCall(block) ? foldCall(block) : block)
  }
  return steps
}

/** The results of a step's host calls in call order; one that never came is said to be lost. */
const resultsOf = (step: Step): ReadonlyArray<ToolResultBlock> =>
  step.calls.flatMap((call) => {
    if (call.type !== "tool_use" || call.runBy?._tag !== "Host") return []
    const found = step.results.find((result) => result.tool_use_id === call.id)
    return [found ?? lostResult(call.id)]
  })

/** Calls with the results that the host gave; the caller may have more to say to them. */
interface OpenStep {
  readonly calls: ReadonlyArray<ContentBlock>
  readonly results: ReadonlyArray<ToolResultBlock>
}

/** One user turn of the host's results and what the caller sent: results first, in the order of their calls. */
const mergeResults = ({ calls, results }: OpenStep, sent: ReadonlyArray<ContentBlock>): Message => {
  const place = new Map(calls.flatMap((call, index) => (call.type === "tool_use" ? [[call.id, index] as const] : [])))
  const answers = sent.filter((block) => block.type === "tool_result" && place.has(block.tool_use_id))
  const first = [...results, ...answers].filter((block) => block.type === "tool_result")
  first.sort((a, b) => (place.get(a.tool_use_id) ?? 0) - (place.get(b.tool_use_id) ?? 0))
  return { role: "user", content: [...first, ...sent.filter((block) => !answers.includes(block))] }
}

/** Messages of one role in a row are one turn; a client may have cut an assistant turn anywhere. */
const joinAssistants = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const joined: Array<Message> = []
  for (const message of messages) {
    const last = joined.at(-1)
    if (message.role === "assistant" && last?.role === "assistant") {
      joined[joined.length - 1] = { role: "assistant", content: [...last.content, ...message.content] }
    } else {
      joined.push(message)
    }
  }
  return joined
}

/** Adds an assistant turn, each step with its results. The last step stays open when it has some. */
const addSteps = (folded: Array<Message>, content: ReadonlyArray<ContentBlock>): OpenStep | undefined => {
  const steps = stepsOf(content).map((step) => ({ calls: step.calls, results: resultsOf(step) }))
  for (const [index, step] of steps.entries()) {
    if (step.calls.length > 0) folded.push({ role: "assistant", content: step.calls })
    if (step.results.length === 0) continue
    if (index === steps.length - 1) return step
    folded.push({ role: "user", content: step.results })
  }
  return undefined
}

/**
 * A history as clients send it, with the host's calls as they were made: assistant up to the calls, user
 * with the results, assistant again. The caller's own results of the same step end in the same user turn.
 */
export const foldHostCalls = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const hasHostBlocks = messages.some((message) =>
    message.content.some((block) => isHostCall(block) || isHostResult(block))
  )
  if (!hasHostBlocks) return messages
  const folded: Array<Message> = []
  let open: OpenStep | undefined
  for (const message of joinAssistants(messages)) {
    const before = open
    const isMerged = before !== undefined && message.role === "user"
    if (before !== undefined) folded.push(mergeResults(before, isMerged ? message.content : []))
    open = message.role === "assistant" ? addSteps(folded, message.content) : undefined
    if (message.role !== "assistant" && !isMerged) folded.push(message)
  }
  if (open !== undefined) folded.push({ role: "user", content: open.results })
  return folded
}
