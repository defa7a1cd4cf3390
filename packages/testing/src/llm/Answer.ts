/**
 * A reply made ready for a request: templates filled in, text cut into pieces, ids and usage settled. All dialects render
 * an `Answer`; nothing after this point looks at the script again.
 */
import type { SeenRequest } from "./SeenRequest.ts"
import type { Block, Reply, StopReason } from "./script.ts"

/** A block whose texts are the pieces to stream; joined they are the whole. */
export type AnswerBlock =
  | { readonly type: "text"; readonly pieces: ReadonlyArray<string> }
  | { readonly type: "thinking"; readonly pieces: ReadonlyArray<string>; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | {
      readonly type: "tool_call"
      readonly id: string | undefined
      readonly name: string
      readonly input: unknown
      readonly pieces: ReadonlyArray<string>
    }
  | { readonly type: "messages_only"; readonly block: { readonly type: string; readonly [key: string]: unknown } }

/** What is to be sent for one request. */
export interface Answer {
  /** Number of the request; ids are made from it. */
  readonly n: number
  readonly model: string
  readonly blocks: ReadonlyArray<AnswerBlock>
  readonly stopReason: StopReason
  readonly stopSequence: string | null
  readonly usage: {
    readonly inputTokens: number
    readonly outputTokens: number
    readonly cacheReadTokens: number
    readonly cacheWriteTokens: number
    readonly thinkingTokens: number
  }
  readonly interleaveToolCalls: boolean
}

/** Fills in and cuts up `reply` for `request`. */
export const makeAnswer = (reply: Reply, request: SeenRequest): Answer => {
  const blocks = blocksOf(reply).map((block) => readyBlock(block, reply, request))
  const callsTool = blocks.some((block) => block.type === "tool_call")
  return {
    n: request.n,
    model: request.model,
    blocks,
    stopReason: reply.stopReason ?? (callsTool ? "tool_use" : "end_turn"),
    stopSequence: reply.stopSequence ?? null,
    usage: usageOf(reply, request, blocks),
    interleaveToolCalls: reply.interleaveToolCalls ?? false
  }
}

/** What the script says, else counted from the texts. */
const usageOf = (reply: Reply, request: SeenRequest, blocks: ReadonlyArray<AnswerBlock>): Answer["usage"] => {
  const size = (kinds: ReadonlyArray<string>) =>
    blocks.reduce(
      (sum, block) => ("pieces" in block && kinds.includes(block.type) ? sum + length(block.pieces) : sum),
      0
    )
  const given = reply.usage ?? {}
  const thinking = size(["thinking"])
  return {
    inputTokens: given.inputTokens ?? tokens(request.rawBody.length),
    outputTokens: given.outputTokens ?? tokens(size(["text", "thinking", "tool_call"])),
    cacheReadTokens: given.cacheReadTokens ?? 0,
    cacheWriteTokens: given.cacheWriteTokens ?? 0,
    thinkingTokens: given.thinkingTokens ?? (thinking === 0 ? 0 : tokens(thinking))
  }
}

const blocksOf = (reply: Reply): ReadonlyArray<Block> =>
  reply.blocks ?? [
    ...(reply.thinking === undefined ? [] : [{ type: "thinking", thinking: reply.thinking } as const]),
    ...(reply.text === undefined ? [] : [{ type: "text", text: reply.text } as const]),
    ...(reply.toolCalls ?? []).map(callBlock)
  ]

const callBlock = (call: NonNullable<Reply["toolCalls"]>[number]): Block => ({
  type: "tool_call",
  name: call.name,
  input: call.input ?? {},
  ...(call.id === undefined ? {} : { id: call.id })
})

const readyBlock = (block: Block, reply: Reply, request: SeenRequest): AnswerBlock => {
  const pieces = (text: string | ReadonlyArray<string>) =>
    typeof text === "string" ? cut(fill(text, request), reply.chunks ?? 16) : text.map((piece) => fill(piece, request))
  switch (block.type) {
    case "text":
      return { type: "text", pieces: pieces(block.text) }
    case "thinking":
      return {
        type: "thinking",
        pieces: pieces(block.thinking),
        signature: block.signature ?? `fx-signature-${request.n}`
      }
    case "tool_call": {
      const input = fillDeep(block.input, request)
      // Input given as text is sent as it is, so that a script can also send arguments that are not JSON.
      const json = typeof input === "string" ? input : JSON.stringify(input)
      return { type: "tool_call", id: block.id, name: block.name, input, pieces: cut(json, reply.chunks ?? 16) }
    }
    default:
      return block
  }
}

const length = (pieces: ReadonlyArray<string>): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

/** About four characters per token, at least one: deterministic, and never zero. */
const tokens = (characters: number): number => Math.max(1, Math.ceil(characters / 4))

/** Cuts between code points, so that no piece holds half a surrogate pair. */
const cut = (text: string, sizes: number | ReadonlyArray<number>): ReadonlyArray<string> => {
  const points = Array.from(text)
  const list = typeof sizes === "number" ? [sizes] : sizes
  const pieces: Array<string> = []
  let from = 0
  while (from < points.length) {
    const size = Math.max(1, list[Math.min(pieces.length, list.length - 1)] ?? 16)
    pieces.push(points.slice(from, from + size).join(""))
    from += size
  }
  return pieces
}

const fill = (text: string, request: SeenRequest): string =>
  text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    switch (name) {
      case "lastUserText":
        return request.lastUserText
      case "lastToolResult":
        return request.toolResults.at(-1) ?? ""
      case "toolResults":
        return request.toolResults.join("\n")
      case "model":
        return request.model
      case "n":
        return String(request.n)
      default:
        return whole
    }
  })

const fillDeep = (value: unknown, request: SeenRequest): unknown => {
  if (typeof value === "string") return fill(value, request)
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, request))
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillDeep(item, request)]))
  }
  return value
}
