/**
 * The OpenAI Responses wire: one JSON response, or its events, each with its `event:` line and a `sequence_number`
 * and without `[DONE]`. Every block is an item of its own, in order; reasoning comes as a summary and encrypted.
 */
import type { Answer, AnswerBlock } from "./Answer.ts"
import type { ChatError } from "./faults.ts"
import type { Frame } from "./Frame.ts"

type Json = Readonly<Record<string, unknown>>

/** The answer as one JSON body. */
export const responsesJson = (answer: Answer, created: number): object => ({
  ...head(answer, created),
  status: isIncomplete(answer) ? "incomplete" : "completed",
  incomplete_details: isIncomplete(answer) ? { reason: incompleteReason(answer) } : null,
  output: answer.blocks.flatMap((block, index) => wholeItem(block, answer, index)),
  usage: usage(answer)
})

/** The answer as server-sent events, in order. */
export const responsesFrames = (answer: Answer, created: number): ReadonlyArray<Frame> => {
  const begun = { ...head(answer, created), status: "in_progress", output: [], usage: null }
  const events: ReadonlyArray<Event> = [
    { type: "response.created", fields: { response: begun } },
    { type: "response.in_progress", fields: { response: begun } },
    ...items(answer).flatMap(({ block, index, item }, output_index) =>
      itemEvents(block, item, output_index, answer, index)
    ),
    {
      type: isIncomplete(answer) ? "response.incomplete" : "response.completed",
      fields: { response: responsesJson(answer, created) }
    }
  ]
  return events.map((event, sequence) => frame(event, sequence))
}

/** One text piece, for a fault that replaces the next one. */
export const responsesTextPiece = (text: string): string =>
  frame({ type: "response.output_text.delta", fields: { output_index: 0, content_index: 0, delta: text } }, 0).text

/** The event of an error in the middle of a stream: flat, and what Chat has for a type is the code. */
export const responsesErrorEvent = ({ code, message, type }: ChatError): string =>
  frame({ type: "error", fields: { code: code ?? type, message, param: null } }, 0).text

interface Event {
  readonly type: string
  readonly fields: Json
  readonly isPiece?: boolean
}

const frame = ({ fields, isPiece = false, type }: Event, sequence: number): Frame => ({
  text: `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...fields })}\n\n`,
  isPiece
})

const head = (answer: Answer, created: number) => ({
  id: `resp_fx${answer.n}`,
  object: "response",
  created_at: created,
  model: answer.model,
  error: null
})

const isIncomplete = ({ stopReason }: Answer): boolean =>
  ["max_tokens", "model_context_window_exceeded", "refusal"].includes(stopReason)

const incompleteReason = ({ stopReason }: Answer): string =>
  stopReason === "refusal" ? "content_filter" : "max_output_tokens"

const items = (answer: Answer) =>
  answer.blocks.flatMap((block, index) => wholeItem(block, answer, index).map((item) => ({ block, index, item })))

/** The item of a block; blocks that only Messages have are none. */
const wholeItem = (block: AnswerBlock, answer: Answer, index: number): ReadonlyArray<Json> => {
  const id = `fx${answer.n}_${index}`
  switch (block.type) {
    case "text":
      return [
        {
          id: `msg_${id}`,
          type: "message",
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text: block.pieces.join(""), annotations: [] }]
        }
      ]
    case "thinking": {
      const summary = [{ type: "summary_text", text: block.pieces.join("") }]
      return [{ id: `rs_fx${index}`, type: "reasoning", summary, encrypted_content: block.signature }]
    }
    case "redacted_thinking":
      return [{ id: `rs_fx${index}`, type: "reasoning", summary: [], encrypted_content: block.data }]
    case "tool_call":
      return [
        {
          id: `fc_${id}`,
          type: "function_call",
          status: "completed",
          call_id: block.id ?? `call_${id}`,
          name: block.name,
          arguments: block.pieces.join("")
        }
      ]
    default:
      return []
  }
}

const itemEvents = (
  block: AnswerBlock,
  item: Json,
  output_index: number,
  answer: Answer,
  index: number
): ReadonlyArray<Event> => {
  const place = { item_id: item["id"], output_index }
  const added = { ...item, status: "in_progress", ...emptied(block) }
  return [
    { type: "response.output_item.added", fields: { output_index, item: added } },
    ...pieceEvents(block, place),
    { type: "response.output_item.done", fields: { output_index, item: wholeItem(block, answer, index)[0] } }
  ]
}

const emptied = (block: AnswerBlock): Json => {
  if (block.type === "text") return { content: [] }
  if (block.type === "tool_call") return { arguments: "" }
  return { summary: [], encrypted_content: null }
}

const pieceEvents = (block: AnswerBlock, place: Json): ReadonlyArray<Event> => {
  switch (block.type) {
    case "text": {
      const at = { ...place, content_index: 0 }
      const part = { type: "output_text", text: "", annotations: [] }
      const text = block.pieces.join("")
      return [
        { type: "response.content_part.added", fields: { ...at, part } },
        ...block.pieces.map((delta) => ({
          type: "response.output_text.delta",
          fields: { ...at, delta, logprobs: [] },
          isPiece: true
        })),
        { type: "response.output_text.done", fields: { ...at, text, logprobs: [] } },
        { type: "response.content_part.done", fields: { ...at, part: { ...part, text } } }
      ]
    }
    case "thinking": {
      const at = { ...place, summary_index: 0 }
      const text = block.pieces.join("")
      return [
        { type: "response.reasoning_summary_part.added", fields: { ...at, part: { type: "summary_text", text: "" } } },
        ...block.pieces.map((delta) => ({
          type: "response.reasoning_summary_text.delta",
          fields: { ...at, delta },
          isPiece: true
        })),
        { type: "response.reasoning_summary_text.done", fields: { ...at, text } },
        { type: "response.reasoning_summary_part.done", fields: { ...at, part: { type: "summary_text", text } } }
      ]
    }
    case "tool_call":
      return [
        ...block.pieces.map((delta) => ({
          type: "response.function_call_arguments.delta",
          fields: { ...place, delta },
          isPiece: true
        })),
        { type: "response.function_call_arguments.done", fields: { ...place, arguments: block.pieces.join("") } }
      ]
    default:
      return []
  }
}

const usage = (answer: Answer): object => {
  const { cacheReadTokens, cacheWriteTokens, inputTokens, outputTokens, thinkingTokens } = answer.usage
  const input = inputTokens + cacheReadTokens + cacheWriteTokens
  return {
    input_tokens: input,
    output_tokens: outputTokens,
    total_tokens: input + outputTokens,
    input_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens_details: { reasoning_tokens: thinkingTokens }
  }
}
