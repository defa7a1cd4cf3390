/**
 * The Anthropic Messages wire: one JSON message, or the server-sent events that the official stream helper needs (every
 * event with its `event:` line, blocks that never overlap, cumulative usage in `message_delta`, then `message_stop`).
 */
import type { Answer, AnswerBlock } from "./Answer.ts"
import type { Frame } from "./Frame.ts"

/** The answer as one JSON body. */
export const messagesJson = (answer: Answer): object => ({
  id: messageId(answer),
  type: "message",
  role: "assistant",
  model: answer.model,
  content: answer.blocks.map((block, index) => wholeBlock(block, answer, index)),
  stop_reason: answer.stopReason,
  stop_sequence: answer.stopSequence,
  stop_details: null,
  usage: usage(answer, answer.usage.outputTokens)
})

/** The answer as server-sent events, in order. */
export const messagesFrames = (answer: Answer): ReadonlyArray<Frame> => [
  event("message_start", {
    message: {
      id: messageId(answer),
      type: "message",
      role: "assistant",
      model: answer.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: usage(answer, 1)
    }
  }),
  ...answer.blocks.flatMap((block, index) => blockFrames(block, answer, index)),
  event("message_delta", {
    delta: { stop_reason: answer.stopReason, stop_sequence: answer.stopSequence, stop_details: null },
    usage: usage(answer, answer.usage.outputTokens)
  }),
  event("message_stop", {})
]

/** One event of the Messages stream; `isPiece` marks content that faults and holds count. */
export const event = (type: string, fields: object, isPiece = false): Frame => ({
  text: `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`,
  isPiece
})

/** One text piece, for a fault that replaces the next one. */
export const messagesTextPiece = (text: string): string =>
  event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }).text

const messageId = (answer: Answer): string => `msg_fx${String(answer.n).padStart(22, "0")}`

const toolId = (block: { readonly id: string | undefined }, answer: Answer, index: number): string =>
  block.id ?? `toolu_fx${String(answer.n).padStart(16, "0")}${String(index).padStart(4, "0")}`

const usage = (answer: Answer, outputTokens: number): object => ({
  input_tokens: answer.usage.inputTokens,
  cache_creation_input_tokens: answer.usage.cacheWriteTokens,
  cache_read_input_tokens: answer.usage.cacheReadTokens,
  output_tokens: outputTokens,
  ...(answer.usage.thinkingTokens === 0
    ? {}
    : { output_tokens_details: { thinking_tokens: answer.usage.thinkingTokens } }),
  service_tier: "standard"
})

const wholeBlock = (block: AnswerBlock, answer: Answer, index: number): object => {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.pieces.join("") }
    case "thinking":
      return { type: "thinking", thinking: block.pieces.join(""), signature: block.signature }
    case "redacted_thinking":
      return { type: "redacted_thinking", data: block.data }
    case "tool_call":
      return { type: "tool_use", id: toolId(block, answer, index), name: block.name, input: block.input }
    case "messages_only":
      return block.block
  }
}

const blockFrames = (block: AnswerBlock, answer: Answer, index: number): ReadonlyArray<Frame> => [
  event("content_block_start", { index, content_block: openBlock(block, answer, index) }),
  // The real API pings after the first block has started.
  ...(index === 0 ? [event("ping", {})] : []),
  ...deltaFrames(block, index),
  event("content_block_stop", { index })
]

const deltaFrames = (block: AnswerBlock, index: number): ReadonlyArray<Frame> => {
  const delta = (fields: object, isPiece = true) => event("content_block_delta", { index, delta: fields }, isPiece)
  switch (block.type) {
    case "text":
      return block.pieces.map((text) => delta({ type: "text_delta", text }))
    case "thinking":
      return [
        ...block.pieces.map((thinking) => delta({ type: "thinking_delta", thinking })),
        delta({ type: "signature_delta", signature: block.signature }, false)
      ]
    case "tool_call":
      return [
        delta({ type: "input_json_delta", partial_json: "" }, false),
        ...block.pieces.map((partial) => delta({ type: "input_json_delta", partial_json: partial }))
      ]
    default:
      return []
  }
}

const openBlock = (block: AnswerBlock, answer: Answer, index: number): object => {
  if (block.type === "text") return { type: "text", text: "" }
  if (block.type === "thinking") return { type: "thinking", thinking: "", signature: "" }
  if (block.type === "tool_call")
    return { type: "tool_use", id: toolId(block, answer, index), name: block.name, input: {} }
  return wholeBlock(block, answer, index)
}
