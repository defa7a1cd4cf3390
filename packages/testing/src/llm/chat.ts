/**
 * The OpenAI Chat Completions wire: one JSON completion, or chunks (role chunk, deltas, finish chunk, a usage chunk when it
 * is asked for, `[DONE]`). Paths below `/api/` answer as OpenRouter does: reasoning in `reasoning`, usage without asking.
 */
import type { Answer } from "./Answer.ts"
import type { Frame } from "./Frame.ts"

/** How the answer is to be dressed, which the request decides. */
export interface ChatStyle {
  readonly sendsUsage: boolean
  readonly isOpenRouter: boolean
  /** Seconds since the epoch. */
  readonly created: number
}

/** The answer as one JSON body. */
export const chatJson = (answer: Answer, style: ChatStyle): object => {
  const text = joined(answer, "text")
  const thinking = joined(answer, "thinking")
  const calls = toolCalls(answer)
  return {
    id: `chatcmpl-fx${answer.n}`,
    object: "chat.completion",
    created: style.created,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && calls.length > 0 ? null : text,
          refusal: null,
          ...(thinking === "" ? {} : { [reasoningField(style)]: thinking }),
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map((call) => ({
                  id: call.id,
                  type: "function",
                  function: { name: call.name, arguments: call.pieces.join("") }
                }))
              })
        },
        logprobs: null,
        finish_reason: finishReason(answer)
      }
    ],
    usage: usage(answer)
  }
}

/** The answer as server-sent data, in order. */
export const chatFrames = (answer: Answer, style: ChatStyle): ReadonlyArray<Frame> => {
  const chunk = (delta: object, finish: string | null = null, isPiece = false) =>
    data({ ...head(answer, style), choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] }, isPiece)
  return [
    ...(style.isOpenRouter ? [{ text: ": OPENROUTER PROCESSING\n\n", isPiece: false }] : []),
    chunk({ role: "assistant", content: "", refusal: null }),
    ...contentDeltas(answer, style).map(({ delta, isPiece }) => chunk(delta, null, isPiece)),
    chunk({}, finishReason(answer)),
    ...(style.sendsUsage ? [data({ ...head(answer, style), choices: [], usage: usage(answer) })] : []),
    { text: "data: [DONE]\n\n", isPiece: false }
  ]
}

/** One `data:` line of the Chat stream. */
export const data = (value: object, isPiece = false): Frame => ({ text: `data: ${JSON.stringify(value)}\n\n`, isPiece })

/** One text chunk, for a fault that replaces the next one. */
export const chatTextPiece = (answer: Answer, style: ChatStyle, text: string): string =>
  data({
    ...head(answer, style),
    choices: [{ index: 0, delta: { content: text }, logprobs: null, finish_reason: null }]
  }).text

const head = (answer: Answer, style: ChatStyle) => ({
  id: `chatcmpl-fx${answer.n}`,
  object: "chat.completion.chunk",
  created: style.created,
  model: answer.model
})

const reasoningField = (style: ChatStyle): string => (style.isOpenRouter ? "reasoning" : "reasoning_content")

interface Call {
  readonly index: number
  readonly id: string
  readonly name: string
  readonly pieces: ReadonlyArray<string>
}

const toolCalls = (answer: Answer) =>
  answer.blocks
    .filter((block) => block.type === "tool_call")
    .map(({ name, pieces, id }, index): Call => ({ name, pieces, index, id: id ?? `call_fx${answer.n}_${index}` }))

const joined = (answer: Answer, type: "text" | "thinking"): string =>
  answer.blocks.flatMap((block) => (block.type === type && "pieces" in block ? block.pieces : [])).join("")

interface Delta {
  readonly delta: object
  readonly isPiece: boolean
}

const contentDeltas = (answer: Answer, style: ChatStyle): ReadonlyArray<Delta> => {
  const calls = toolCalls(answer)
  const perCall = calls.map((call) => callDeltas(call))
  let callNumber = 0
  const inOrder = answer.blocks.flatMap((block): ReadonlyArray<Delta> => {
    switch (block.type) {
      case "text":
        return block.pieces.map((content) => ({ delta: { content }, isPiece: true }))
      case "thinking":
        return block.pieces.map((piece) => ({ delta: { [reasoningField(style)]: piece }, isPiece: true }))
      case "tool_call":
        return answer.interleaveToolCalls ? [] : (perCall[callNumber++] ?? [])
      default:
        return []
    }
  })
  return answer.interleaveToolCalls ? [...inOrder, ...alternate(perCall)] : inOrder
}

const callDeltas = (call: Call): ReadonlyArray<Delta> => [
  {
    delta: {
      tool_calls: [{ index: call.index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }]
    },
    isPiece: false
  },
  ...call.pieces.map((piece) => ({
    delta: { tool_calls: [{ index: call.index, function: { arguments: piece } }] },
    isPiece: true
  }))
]

const alternate = (lists: ReadonlyArray<ReadonlyArray<Delta>>): ReadonlyArray<Delta> =>
  Array.from({ length: Math.max(0, ...lists.map((list) => list.length)) }).flatMap((_, row) =>
    lists.flatMap((list) => list.slice(row, row + 1))
  )

const finishReason = (answer: Answer): string => {
  switch (answer.stopReason) {
    case "tool_use":
      return "tool_calls"
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length"
    case "refusal":
      return "content_filter"
    default:
      return "stop"
  }
}

const usage = (answer: Answer): object => {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = answer.usage
  const prompt = inputTokens + cacheReadTokens + cacheWriteTokens
  return {
    prompt_tokens: prompt,
    completion_tokens: outputTokens,
    total_tokens: prompt + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: thinkingTokens }
  }
}
