/**
 * Thinking on its way back to the API, which verifies each signature over what came before it.
 */
import { type ContentBlock, isJsonObject, isSealed, type JsonObject } from "@signalbox/model"

/** Thinking that was not made by this API, which refuses it: without a signature, or with one of ours in its place. */
const isForeign = (block: ContentBlock): boolean => {
  if (block.type === "thinking") return block.signature === "" || isSealed(block.signature)
  return block.type === "redacted_thinking" && isSealed(block.data)
}

const isThinking = (block: ContentBlock): boolean => block.type === "thinking" || block.type === "redacted_thinking"

/** What stays of blocks of thinking in a row: from the front, or to the end, but never around a gap. */
const keptOf = (run: ReadonlyArray<ContentBlock>): ReadonlyArray<ContentBlock> => {
  const first = run.findIndex(isForeign)
  if (first === -1) return run
  return first === 0 ? run.slice(run.findLastIndex(isForeign) + 1) : run.slice(0, first)
}

/**
 * A message without the thinking of other vendors' models. In a row of thinking blocks only a whole beginning or a
 * whole end goes: one taken from the middle would make the signatures behind it invalid.
 */
export const withoutForeignThinking = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<ContentBlock> => {
  if (!content.some(isForeign)) return content
  const kept: Array<ContentBlock> = []
  let run: Array<ContentBlock> = []
  for (const block of content) {
    if (isThinking(block)) {
      run.push(block)
      continue
    }
    kept.push(...keptOf(run), block)
    run = []
  }
  return [...kept, ...keptOf(run)]
}

/** The least budget that the API takes. */
const leastBudget = 1024

/** The API wants a budget below `max_tokens`; some clients ask for as much. Where it takes no budget at all there is no thinking. */
export const clampBudget = (thinking: unknown, maxTokens: number): JsonObject => {
  if (thinking === undefined) return {}
  if (!isJsonObject(thinking) || thinking["type"] !== "enabled") return { thinking }
  const budget = thinking["budget_tokens"]
  if (typeof budget !== "number" || budget < maxTokens) return { thinking }
  return maxTokens > leastBudget ? { thinking: { ...thinking, budget_tokens: maxTokens - 1 } } : {}
}
