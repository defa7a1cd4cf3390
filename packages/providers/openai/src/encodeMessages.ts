/**
 * A conversation as Chat Completions wants it: every tool call answered, by exactly one `tool` message,
 * directly after the assistant message that made it. Whatever the history lacks or has too much is repaired,
 * because servers refuse the whole request otherwise; text is never lost.
 */
import {
  fitName,
  type JsonObject,
  type Message,
  type ModelRequest,
  type ToolResultBlock,
  type ToolUseBlock
} from "@signalbox/model"
import { contentOf, type Part, partsOf, resultParts, textsOf } from "./parts.ts"

/** Ids of other vendors may hold anything; call and result are changed alike. */
const callId = (id: string): string => id.replace(/[^A-Za-z0-9_-]/g, "_")

const encodeCall = (call: ToolUseBlock): JsonObject => ({
  id: callId(call.id),
  type: "function",
  function: { name: fitName(call.name), arguments: JSON.stringify(call.input) }
})

/** Tool messages hold text; images follow in the next user message, each announced where it was. */
interface EncodedResult {
  readonly message: JsonObject
  readonly images: ReadonlyArray<Part>
}

const encodeResult = (call: ToolUseBlock, result: ToolResultBlock | undefined): EncodedResult => {
  const { images, text } = result === undefined ? { images: [], text: "(no result)" } : resultParts(result, call.name)
  return { message: { role: "tool", tool_call_id: callId(call.id), content: text }, images }
}

/** A result to no call of the assistant's: said as text, so that nothing is lost. */
const orphan = (result: ToolResultBlock): ReadonlyArray<Part> => {
  const { images, text } = resultParts(result, result.tool_use_id)
  return [{ type: "text", text: `[Result of an earlier tool call]\n${text}` }, ...images]
}

const encodeAssistant = (text: string, calls: ReadonlyArray<ToolUseBlock>): ReadonlyArray<JsonObject> => {
  if (text === "" && calls.length === 0) return []
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(encodeCall) })
    }
  ]
}

/** The results between an assistant message and the next one, by the call that they answer. */
const resultsAfter = (messages: ReadonlyArray<Message>, index: number): ReadonlyMap<string, ToolResultBlock> => {
  const found = new Map<string, ToolResultBlock>()
  for (const message of messages.slice(index + 1)) {
    if (message.role === "assistant") break
    for (const block of message.content) {
      if (block.type === "tool_result" && !found.has(block.tool_use_id)) found.set(block.tool_use_id, block)
    }
  }
  return found
}

/** The messages of a request, the system prompt first. */
export const encodeMessages = (request: ModelRequest): ReadonlyArray<JsonObject> => {
  const system = request.system.map(({ text }) => text).filter((text) => text !== "")
  const encoded: Array<JsonObject> = system.length === 0 ? [] : [{ role: "system", content: system.join("\n\n") }]
  const answered = new Set<ToolResultBlock>()
  let images: ReadonlyArray<Part> = []
  const addUser = (parts: ReadonlyArray<Part>) => {
    if (parts.length > 0) encoded.push({ role: "user", content: contentOf(parts) })
  }
  for (const [index, message] of request.messages.entries()) {
    if (message.role === "assistant") {
      addUser(images)
      const calls = message.content.filter((block) => block.type === "tool_use")
      encoded.push(...encodeAssistant(textsOf(message.content).join(""), calls))
      const results = resultsAfter(request.messages, index)
      const answers = calls.map((call) => encodeResult(call, results.get(call.id)))
      for (const call of calls) {
        const result = results.get(call.id)
        if (result !== undefined) answered.add(result)
      }
      encoded.push(...answers.map((answer) => answer.message))
      images = answers.flatMap((answer) => answer.images)
    } else if (message.role === "system") {
      const text = textsOf(message.content).join("\n\n")
      if (text !== "") encoded.push({ role: "system", content: text })
    } else {
      const own = message.content.flatMap((block) => {
        if (block.type !== "tool_result") return partsOf(block)
        return answered.has(block) ? [] : orphan(block)
      })
      addUser([...images, ...own])
      images = []
    }
  }
  addUser(images)
  return encoded
}
