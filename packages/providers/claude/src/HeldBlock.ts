/**
 * A streamed block of a kind that the vocabulary does not know (`server_tool_use`, `compaction`), put together
 * before it is handed on: `opaque` blocks are complete when they start, since nobody downstream knows how their
 * deltas add up. What cannot be added up here either follows the block as it came.
 */
import type { JsonObject, ModelEvent, OpaqueBlock } from "@signalbox/model"
import { Predicate } from "effect"
import { readJson } from "@signalbox/model/http"

export interface HeldBlock {
  readonly block: OpaqueBlock
  readonly partialJson: string
  readonly others: ReadonlyArray<JsonObject>
}

/** Begins to hold a block. */
export const holdBlock = (block: OpaqueBlock): HeldBlock => ({ block, partialJson: "", others: [] })

/** Adds a delta: text of an input, or texts for fields that hold text or nothing yet. */
export const holdDelta = (held: HeldBlock, delta: JsonObject): HeldBlock => {
  const { type, ...fields } = delta
  if (type === "input_json_delta" && typeof fields["partial_json"] === "string") {
    return { ...held, partialJson: held.partialJson + fields["partial_json"] }
  }
  const { block } = held.block
  const isText = (name: string) =>
    typeof fields[name] === "string" && (typeof (block[name] ?? "") === "string" || block[name] === null)
  if (!Object.keys(fields).every(isText)) return { ...held, others: [...held.others, delta] }
  const added = Object.fromEntries(
    Object.entries(fields).map(([name, text]) => {
      const before = block[name]
      return [name, `${typeof before === "string" ? before : ""}${String(text)}`]
    })
  )
  return { ...held, block: { ...held.block, block: { ...block, ...added } } }
}

/** The events of the block, now that it has ended. */
export const heldEvents = (held: HeldBlock, index: number): ReadonlyArray<ModelEvent> => {
  const input = readJson(held.partialJson)
  const content_block = Predicate.isObject(input)
    ? { ...held.block, block: { ...held.block.block, input } }
    : held.block
  return [
    { type: "content_block_start", index, content_block },
    ...held.others.map((delta): ModelEvent => ({
      type: "content_block_delta",
      index,
      delta: { type: "opaque_delta", delta }
    }))
  ]
}
