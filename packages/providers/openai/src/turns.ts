/**
 * A conversation in the order that OpenAI's APIs want: every call directly followed by its one result. Calls that
 * a vendor ran itself, inside its own message, become ordinary ones, so the message is split after each of them.
 * Whatever the history lacks or has too much is repaired, because servers refuse the whole request otherwise.
 */
import {
  type ContentBlock,
  isJsonObject,
  type JsonObject,
  type Message,
  type ToolResultBlock,
  type ToolUseBlock
} from "@signalbox/model"

/** A call and what it answered, if anything. */
export interface AnsweredCall {
  readonly call: ToolUseBlock
  readonly result: ToolResultBlock | undefined
}

/** One turn. Results that a user's turn still holds answer no call. */
export type Turn =
  | { readonly role: "user" | "system"; readonly content: ReadonlyArray<ContentBlock> }
  | {
      readonly role: "assistant"
      readonly content: ReadonlyArray<Exclude<ContentBlock, ToolUseBlock | ToolResultBlock>>
      readonly calls: ReadonlyArray<AnsweredCall>
    }

const isCallOfVendor = (block: JsonObject): boolean =>
  block["type"] === "mcp_tool_use" || block["type"] === "server_tool_use"

const isResultOfVendor = (block: JsonObject): boolean =>
  typeof block["type"] === "string" &&
  block["type"].endsWith("_tool_result") &&
  typeof block["tool_use_id"] === "string"

const vendorCall = (block: JsonObject): ToolUseBlock => ({
  type: "tool_use",
  id: String(block["id"]),
  name: typeof block["name"] === "string" ? block["name"] : "unnamed_tool",
  input: isJsonObject(block["input"]) ? block["input"] : {}
})

/** What is long and for the vendor alone. */
const unreadable = new Set([
  "encrypted_content",
  "encrypted_index",
  "encrypted_stdout",
  "type",
  "tool_use_id",
  "caller"
])

/** All that can be read in the result of a tool that a vendor ran: its texts, titles and addresses, output, codes. */
const readable = (value: unknown): string => {
  if (typeof value === "string") return value
  if (Array.isArray(value))
    return value
      .map(readable)
      .filter((text) => text !== "")
      .join("\n")
  if (!isJsonObject(value)) return value === undefined || value === null ? "" : JSON.stringify(value)
  if (value["type"] === "base64") return `[${String(value["media_type"])}]`
  if (value["type"] === "tool_reference") return `Loaded tools: ${String(value["tool_name"])}`
  return Object.entries(value)
    .filter(([name]) => !unreadable.has(name))
    .map(([name, inner]) =>
      typeof inner === "number" || typeof inner === "boolean" ? `${name}: ${inner}` : readable(inner)
    )
    .filter((text) => text !== "")
    .join("\n")
}

const vendorResult = (block: JsonObject): ToolResultBlock => {
  const { content } = block
  const isError =
    block["is_error"] === true || (isJsonObject(content) && String(content["type"]).endsWith("_tool_result_error"))
  const references = Array.isArray(content) ? content : isJsonObject(content) ? content["tool_references"] : undefined
  const isReferences =
    Array.isArray(references) && references.some((each) => isJsonObject(each) && each["type"] === "tool_reference")
  return {
    type: "tool_result",
    tool_use_id: String(block["tool_use_id"]),
    content: isReferences
      ? references.filter(isJsonObject).map((each) => ({ type: "opaque" as const, vendor: "anthropic", block: each }))
      : readable(content),
    ...(isError ? { is_error: true } : {})
  }
}

/** Blocks of an assistant's message with the calls and results of its vendor as ordinary ones. */
const unfolded = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<ContentBlock> =>
  content.map((block) => {
    if (block.type !== "opaque" || block.vendor !== "anthropic") return block
    if (isCallOfVendor(block.block)) return vendorCall(block.block)
    return isResultOfVendor(block.block) ? vendorResult(block.block) : block
  })

/** Splits a message after each run of results: what follows was said knowing them. */
const segmentsOf = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<ReadonlyArray<ContentBlock>> => {
  const segments: Array<Array<ContentBlock>> = [[]]
  for (const [index, block] of content.entries()) {
    if (block.type !== "tool_result" && content[index - 1]?.type === "tool_result") segments.push([])
    segments.at(-1)?.push(block)
  }
  return segments
}

/** The results that may answer a message's calls: its own, and all until the assistant speaks again. */
const resultsFor = (segment: ReadonlyArray<ContentBlock>, following: ReadonlyArray<Message>) => {
  const next = following.findIndex(({ role }) => role === "assistant")
  const until = next < 0 ? following : following.slice(0, next)
  return [segment, ...until.map(({ content }) => content)].flat().filter((block) => block.type === "tool_result")
}

const orphanText = (result: ToolResultBlock): ContentBlock => ({
  type: "text",
  text: `[Result of an earlier tool call]\n${readable(result.content)}`
})

const assistantTurns = (
  message: Message,
  following: ReadonlyArray<Message>,
  answered: Set<ToolResultBlock>
): ReadonlyArray<Turn> =>
  segmentsOf(unfolded(message.content)).map((segment) => {
    const unused = [...resultsFor(segment, following)]
    const calls = segment.flatMap((block) => {
      if (block.type !== "tool_use") return []
      const at = unused.findIndex(({ tool_use_id }) => tool_use_id === block.id)
      const [result] = at < 0 ? [] : unused.splice(at, 1)
      if (result !== undefined) answered.add(result)
      return [{ call: block, result }]
    })
    const content = segment.flatMap((block) => {
      if (block.type === "tool_use") return []
      return block.type === "tool_result" ? (answered.has(block) ? [] : [orphanText(block)]) : [block]
    })
    // `orphanText` is a text, and both kinds of tool blocks are gone.
    return { role: "assistant", calls, content: content as Extract<Turn, { role: "assistant" }>["content"] }
  })

/** The turns of a conversation. */
export const turnsOf = (messages: ReadonlyArray<Message>): ReadonlyArray<Turn> => {
  const answered = new Set<ToolResultBlock>()
  return messages.flatMap((message, index): ReadonlyArray<Turn> => {
    if (message.role === "assistant") return assistantTurns(message, messages.slice(index + 1), answered)
    const content = message.content.filter((block) => block.type !== "tool_result" || !answered.has(block))
    return [{ role: message.role, content }]
  })
}

/** The calls of all turns. */
export const callsOf = (turns: ReadonlyArray<Turn>): ReadonlyArray<AnsweredCall> =>
  turns.flatMap((turn) => (turn.role === "assistant" ? turn.calls : []))
