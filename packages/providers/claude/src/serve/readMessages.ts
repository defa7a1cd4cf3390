/**
 * The conversation of a request. Blocks keep their order and their fields; a text is the same as a list of one block.
 */
import type { ContentBlock, JsonObject, Message, TextBlock } from "@signalbox/model"
import { Effect, Result } from "effect"
import { type BlockIssue, checked, forEachBlock, fromWireBlock, unreadFields } from "../blocks.ts"
import { blockSchemas, type BlockWire } from "../wire/blocks.ts"
import type { MessageWire, RequestWire } from "../wire/request.ts"
import { foldHostCalls } from "./hostCalls.ts"
import { fromBlocks, invalid } from "./invalid.ts"
import type { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

const textBlocks = (content: string | ReadonlyArray<BlockWire>): ReadonlyArray<BlockWire> =>
  typeof content !== "string" ? content : content === "" ? [] : [{ type: "text", text: content }]

type Check = (block: BlockWire) => Result.Result<unknown, BlockIssue>

/** Kinds that the vocabulary reads itself. */
const read = new Set(["text", "image", "document", "thinking", "redacted_thinking", "tool_use", "tool_result"])

/** Kinds that travel as `opaque`: known here, although the vocabulary has no word for them. */
const checks: ReadonlyMap<unknown, Check> = new Map(
  Object.entries(blockSchemas).flatMap(([kind, schema]) => (read.has(kind) ? [] : [[kind, checked(schema)] as const]))
)

const isListOfBlocks = (content: unknown): content is ReadonlyArray<BlockWire> => Array.isArray(content)

/** What is wrong with a block of the API's own kinds, or with those in a result. */
const checkOwn: Check = (block) => {
  const check = checks.get(block["type"])
  if (check !== undefined) return check(block)
  if (block["type"] !== "tool_result" || !isListOfBlocks(block["content"])) return Result.succeed(block)
  return Result.mapError(forEachBlock(block["content"], checkOwn), (issue) => ({
    ...issue,
    path: ["content", ...issue.path]
  }))
}

const readBlock = (block: BlockWire): Result.Result<ContentBlock, BlockIssue> => {
  const converted = fromWireBlock(block)
  return Result.isFailure(converted) ? converted : Result.flatMap(checkOwn(block), () => converted)
}

/** The system prompt: text only. */
export const readSystem = (
  system: RequestWire["system"]
): Effect.Effect<ReadonlyArray<TextBlock>, InvalidMessagesRequest> => {
  if (system === undefined || system === null) return Effect.succeed([])
  const blocks = forEachBlock(textBlocks(system), (block) =>
    Result.flatMap(fromWireBlock(block), (converted) =>
      converted.type === "text"
        ? Result.succeed(converted)
        : Result.fail({ path: ["type"], reason: 'Expected "text"' } satisfies BlockIssue)
    )
  )
  return fromBlocks(["system"], blocks)
}

const messageFields: JsonObject = { role: true, content: true }

/** The messages in order, with the host's calls folded back into what every model takes. */
export const readMessages = Effect.fnUntraced(function* (wire: ReadonlyArray<MessageWire>) {
  const messages: Array<Message> = []
  for (const [index, message] of wire.entries()) {
    const { content, role } = message
    const path = ["messages", index, "content"]
    if (content === undefined && role !== "system") return yield* invalid(path, "Missing key")
    const blocks = textBlocks(content ?? [])
    // As in the API: only the last assistant turn, a prefill, may be empty, and a system message of settings alone.
    const mayBeEmpty = role === "system" || (role === "assistant" && index === wire.length - 1)
    if (blocks.length === 0 && !mayBeEmpty) return yield* invalid(path, "must not be empty")
    const converted = yield* fromBlocks(path, forEachBlock(blocks, readBlock))
    messages.push({ role, content: converted, ...unreadFields(message, messageFields) })
  }
  return foldHostCalls(messages)
})
