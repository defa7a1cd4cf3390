/**
 * A stream in the making: the next state, and the events that lead there. Every function adds to it.
 */
import type { JsonObject } from "@signalbox/model"
import { itemId, type ItemPrefix } from "./itemIds.ts"
import type { OpenItem, ResponsesState } from "./ResponsesState.ts"
import type { ResponsesEvent } from "./wire.ts"

/** A state in the making. */
export interface Draft {
  state: ResponsesState
  readonly events: Array<ResponsesEvent>
}

/** Adds an event. Every one has the next number. */
export const emit = (draft: Draft, type: string, fields: JsonObject): void => {
  const { sequence, silentPings } = draft.state
  draft.events.push({ type, sequence_number: sequence, ...fields })
  draft.state = { ...draft.state, sequence: sequence + 1, silentPings: type === "keepalive" ? silentPings : 0 }
}

/** The id of an item that is about to be added. */
export const idOf = ({ state }: Draft, prefix: ItemPrefix, step: number, callId?: string): string =>
  itemId(prefix, { responseId: state.stream.id, step, index: state.output.length }, callId)

/** Begins an item; the answer is its place. */
export const addItem = (draft: Draft, item: JsonObject): number => {
  const output_index = draft.state.output.length
  draft.state = { ...draft.state, output: [...draft.state.output, item] }
  emit(draft, "response.output_item.added", { output_index, item })
  return output_index
}

/** Ends the item at a place. */
export const finishItem = (draft: Draft, output_index: number, item: JsonObject): void => {
  draft.state = { ...draft.state, output: draft.state.output.with(output_index, item) }
  emit(draft, "response.output_item.done", { output_index, item })
}

/** Says which item is being told. */
export const setOpen = (draft: Draft, open: OpenItem | undefined): void => {
  draft.state = { ...draft.state, open }
}

/** How events name an item. */
export const placeOf = ({ id, index }: OpenItem): JsonObject => ({ item_id: id, output_index: index })
