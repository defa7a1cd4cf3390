/**
 * Makes room among messages that have to stay: the longest results of tools lose their middle, down to one length for all
 * of them, with a mark in its place.
 */
import { type ContentBlock, type Message, textOf, type ToolResultBlock } from "@signalbox/model"
import { endsOf } from "./endsOf.ts"

/** No result is cut below so many tokens: less says nothing. */
const leastTokens = 100

/** Tokens are not spread evenly over a text. */
const caution = 0.9

/** Characters of the mark. */
const markLength = 80

const wordsOf = ({ content }: ToolResultBlock): string =>
  typeof content === "string" ? content : textOf(content ?? [])

const withoutMiddle = (block: ToolResultBlock, maxLength: number): ToolResultBlock => {
  const words = wordsOf(block)
  const { head, leftOut, tail } = endsOf(words, maxLength)
  if (leftOut === 0) return block
  const text = `${head}\n[… ${leftOut} of ${words.length} characters left out to fit the context window …]\n${tail}`
  const others = typeof block.content === "string" ? [] : (block.content ?? []).filter(({ type }) => type !== "text")
  return { ...block, content: [{ type: "text", text }, ...others] }
}

interface LongResult {
  readonly block: ToolResultBlock
  readonly tokens: number
}

const sizeOf = (block: ContentBlock): number =>
  block.type === "tool_result" ? wordsOf(block).length : JSON.stringify(block).length

/** The results of a message, each with its share of the tokens. */
const resultsOf = ({ content }: Message, tokens: number): ReadonlyArray<LongResult> => {
  const size = content.reduce((sum, block) => sum + sizeOf(block), 0)
  return content.flatMap((block) =>
    block.type === "tool_result" && size > 0 ? [{ block, tokens: (tokens * sizeOf(block)) / size }] : []
  )
}

/** The length to which the longest come down so that `over` tokens become free. */
const levelFor = (sizes: ReadonlyArray<number>, over: number): number => {
  const falling = sizes.toSorted((a, b) => b - a)
  let sum = 0
  for (const [index, size] of falling.entries()) {
    sum += size
    const level = (sum - over) / (index + 1)
    if (level >= (falling[index + 1] ?? 0)) return Math.max(level, leastTokens)
  }
  return leastTokens
}

/** The messages with less in their results, and the tokens that they have then. */
export const shortenResults = (
  messages: ReadonlyArray<Message>,
  tokensOf: (message: Message) => number,
  over: number
): { readonly messages: ReadonlyArray<Message>; readonly freed: number } => {
  const results = messages.flatMap((message) => resultsOf(message, tokensOf(message)))
  const level = levelFor(
    results.map(({ tokens }) => tokens),
    over
  )
  const cut = new Map<ContentBlock, ToolResultBlock>()
  let freed = 0
  for (const { block, tokens } of results) {
    if (tokens <= level) continue
    const { length } = wordsOf(block)
    const shorter = withoutMiddle(block, Math.max(0, Math.floor((length * level * caution) / tokens) - markLength))
    const share = 1 - wordsOf(shorter).length / length
    if (share <= 0) continue
    cut.set(block, shorter)
    freed += share * tokens
  }
  if (cut.size === 0) return { messages, freed: 0 }
  return {
    messages: messages.map((message) =>
      message.content.some((block) => cut.has(block))
        ? { ...message, content: message.content.map((block) => cut.get(block) ?? block) }
        : message
    ),
    freed: Math.floor(freed)
  }
}
