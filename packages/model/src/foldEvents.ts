/**
 * From events to a reply and back. The one accumulator of the system: streaming and one-shot answers
 * cannot differ, because the second is the fold of the first.
 */
import { type ContentBlock, isJsonObject, type ToolUseBlock } from "./ContentBlock.ts"
import { laterUsage, type ModelReply, noUsage } from "./Message.ts"
import type { BlockDelta, ModelEvent } from "./ModelEvent.ts"

/** A reply under construction. Start with `emptyFold`, add events with `foldEvent`. */
export interface EventFold {
  readonly reply: ModelReply
  /** Text of the tool input that is being received. */
  readonly partialJson: string
  /** Whether `message_stop` came: without it the reply is not complete, whatever it looks like. */
  readonly isComplete: boolean
}

/** Where a fold over events begins. */
export const emptyFold: EventFold = {
  reply: { id: "", model: "", content: [], stop_reason: null, stop_sequence: null, usage: noUsage },
  partialJson: "",
  isComplete: false
}

const replaceLast = (content: ReadonlyArray<ContentBlock>, block: ContentBlock): ReadonlyArray<ContentBlock> => [
  ...content.slice(0, -1),
  block
]

const applyDelta = (block: ContentBlock, delta: BlockDelta): ContentBlock => {
  if (block.type === "text" && delta.type === "text_delta") return { ...block, text: block.text + delta.text }
  if (block.type === "text" && delta.type === "citations_delta") {
    return { ...block, citations: [...(block.citations ?? []), delta.citation] }
  }
  if (block.type === "thinking" && delta.type === "thinking_delta") {
    return { ...block, thinking: block.thinking + delta.thinking }
  }
  if (block.type === "thinking" && delta.type === "signature_delta") {
    return { ...block, signature: block.signature + delta.signature }
  }
  return block
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the caller keeps the text and tells the model.
    return undefined
  }
}

/** Sets the input of a tool call from the text of its arguments. `""` means `{}`; anything but an object is kept as text. */
export const withInputText = (block: ToolUseBlock, text: string): ToolUseBlock => {
  if (text.trim() === "") return block
  const input = parseJson(text)
  return isJsonObject(input) ? { ...block, input } : { ...block, input: {}, invalidInput: text }
}

/** Adds one event. */
export const foldEvent = (fold: EventFold, event: ModelEvent): EventFold => {
  const { reply } = fold
  switch (event.type) {
    case "message_start":
      return { ...fold, reply: { ...reply, ...event.message } }
    case "content_block_start":
      return { ...fold, partialJson: "", reply: { ...reply, content: [...reply.content, event.content_block] } }
    case "content_block_delta": {
      if (event.delta.type === "input_json_delta")
        return { ...fold, partialJson: fold.partialJson + event.delta.partial_json }
      const last = reply.content.at(-1)
      if (last === undefined) return fold
      return { ...fold, reply: { ...reply, content: replaceLast(reply.content, applyDelta(last, event.delta)) } }
    }
    case "content_block_stop": {
      const last = reply.content.at(-1)
      if (last?.type !== "tool_use" || fold.partialJson === "") return fold
      const block = withInputText(last, fold.partialJson)
      return { ...fold, partialJson: "", reply: { ...reply, content: replaceLast(reply.content, block) } }
    }
    case "message_delta":
      return {
        ...fold,
        reply: {
          ...reply,
          ...event.delta,
          usage: laterUsage(reply.usage, event.usage),
          ...(event.vendor === undefined ? {} : { vendor: event.vendor })
        }
      }
    case "message_stop":
      return { ...fold, isComplete: true }
  }
}

const eventsOfBlock = (block: ContentBlock, index: number): ReadonlyArray<ModelEvent> => {
  const start = (content_block: ContentBlock): ModelEvent => ({ type: "content_block_start", index, content_block })
  const delta = (piece: BlockDelta): ModelEvent => ({ type: "content_block_delta", index, delta: piece })
  const stop: ModelEvent = { type: "content_block_stop", index }
  switch (block.type) {
    case "text": {
      const { citations, ...plain } = block
      const cited = citations ?? []
      return [
        // An empty or absent list of citations has no delta that could bring it.
        start({ ...plain, text: "", ...(citations === undefined || cited.length > 0 ? {} : { citations }) }),
        delta({ type: "text_delta", text: block.text }),
        ...cited.map((citation) => delta({ type: "citations_delta", citation })),
        stop
      ]
    }
    case "thinking":
      return [
        start({ type: "thinking", thinking: "", signature: "" }),
        delta({ type: "thinking_delta", thinking: block.thinking }),
        delta({ type: "signature_delta", signature: block.signature }),
        stop
      ]
    case "tool_use":
      return [
        start({ ...block, input: {} }),
        delta({ type: "input_json_delta", partial_json: block.invalidInput ?? JSON.stringify(block.input) }),
        stop
      ]
    default:
      return [start(block), stop]
  }
}

/** The events of a reply that is already complete: a recorded one, or one that came without streaming. */
export const eventsOf = (reply: ModelReply): ReadonlyArray<ModelEvent> => [
  { type: "message_start", message: { id: reply.id, model: reply.model, usage: { ...reply.usage, output_tokens: 0 } } },
  ...reply.content.flatMap(eventsOfBlock),
  {
    type: "message_delta",
    delta: {
      stop_reason: reply.stop_reason,
      stop_sequence: reply.stop_sequence,
      ...(reply.stop_details === undefined ? {} : { stop_details: reply.stop_details })
    },
    usage: reply.usage,
    ...(reply.vendor === undefined ? {} : { vendor: reply.vendor })
  },
  { type: "message_stop" }
]
