/**
 * Ids of output items. They say which model call of which response an item is of, so that a client that sends
 * items back sends the history as the model made it; calls of the host also carry the id that the model gave them.
 */

/** Which item it is. */
export interface ItemPlace {
  readonly responseId: string
  readonly step: number
  readonly index: number
}

export type ItemPrefix = "msg" | "rs" | "fc" | "ctc" | "lsh" | "mcp" | "mcpr" | "ws"

/** The id of an item; `callId` where no field of the item has it. */
export const itemId = (prefix: ItemPrefix, { index, responseId, step }: ItemPlace, callId?: string): string => {
  const response = responseId.replace(/^[a-z]+_/, "").replace(/[^A-Za-z0-9]/g, "")
  return [prefix, response, step, index, ...(callId === undefined ? [] : [callId])].join("_")
}

/** What an id says. */
export interface ReadItemId {
  /** Names the model call. */
  readonly step: string | undefined
  /** The response that it is of, without the prefix of its id. */
  readonly responseId: string | undefined
  readonly callId: string | undefined
}

/** Reads an id; one that is not ours says nothing. */
export const readItemId = (id: unknown): ReadItemId => {
  const found = typeof id === "string" ? /^[a-z]+_([A-Za-z0-9]*)_(\d+)_\d+(?:_(.+))?$/.exec(id) : null
  return found === null
    ? { step: undefined, responseId: undefined, callId: undefined }
    : { step: `${found[1]}.${found[2]}`, responseId: found[1], callId: found[3] }
}
