/**
 * Thinking in a Chat message: OpenRouter's `reasoning_details`, the only form in which clients of this API send
 * signatures back. The id says which model call of the turn thought it.
 */
import type { ContentBlock, JsonObject } from "@signalbox/model"
import type { Thought } from "../turnParts.ts"

const format = "anthropic-claude-v1"

/** The id of a thought. */
const thoughtId = (step: number, index: number): string => `rs_${step}_${index}`

/** What every detail of a thought begins with. */
export const detailHead = (thought: Thought["type"], step: number, index: number): JsonObject => ({
  type: thought === "thinking" ? "reasoning.text" : "reasoning.encrypted",
  id: thoughtId(step, index),
  format,
  index
})

/** A whole thought as one detail. */
export const wholeDetail = (thought: Thought, step: number, index: number): JsonObject => ({
  ...detailHead(thought.type, step, index),
  ...(thought.type === "thinking"
    ? { text: thought.thinking, ...(thought.signature === "" ? {} : { signature: thought.signature }) }
    : { data: thought.data })
})

/** A thought that came back, and the model call that it is of. */
export interface ReadThought {
  readonly block: ContentBlock
  readonly step: number | undefined
}

const stepIn = (id: unknown): number | undefined => {
  const found = typeof id === "string" ? /^rs_(\d+)_\d+$/.exec(id)?.[1] : undefined
  return found === undefined ? undefined : Number(found)
}

const joined = (details: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => {
  const byIndex: Array<JsonObject> = []
  for (const detail of details) {
    const last = byIndex.at(-1)
    const isPiece =
      last !== undefined &&
      typeof detail["index"] === "number" &&
      detail["index"] === last["index"] &&
      detail["type"] === last["type"]
    if (!isPiece) byIndex.push(detail)
    else {
      const before = typeof last["text"] === "string" ? last["text"] : ""
      const text = typeof detail["text"] === "string" ? { text: before + detail["text"] } : {}
      byIndex[byIndex.length - 1] = { ...last, ...detail, id: last["id"] ?? detail["id"], ...text }
    }
  }
  return byIndex
}

/** Details as thinking blocks. Some clients keep the pieces of a stream as they came. A signature without its text proves nothing. */
export const readDetails = (details: ReadonlyArray<JsonObject>): ReadonlyArray<ReadThought> =>
  joined(details).flatMap((detail): ReadonlyArray<ReadThought> => {
    const { data, id, signature, text, type } = detail
    const step = stepIn(id)
    if (type === "reasoning.encrypted" && typeof data === "string") {
      return detail["format"] === format ? [{ block: { type: "redacted_thinking", data }, step }] : []
    }
    if (type !== "reasoning.text" || typeof text !== "string") return []
    const block = {
      type: "thinking",
      thinking: text,
      signature: typeof signature === "string" ? signature : ""
    } as const
    return [{ block, step }]
  })
