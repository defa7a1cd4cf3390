/**
 * What one chunk, or one whole answer, says: its texts and its pieces of calls, wherever the server put them.
 * Every field may be missing or null, and arguments may be the object itself.
 */
import type { CallPiece } from "./BlockQueue.ts"
import type { SaidWire, ToolCallWire } from "./wire.ts"

const plainText = (content: SaidWire["content"]): string => {
  if (typeof content === "string") return content
  return (content ?? []).map((part) => (typeof part["text"] === "string" ? part["text"] : "")).join("")
}

const refusalIn = (said: SaidWire): string => said.refusal ?? ""

export const hasRefusal = (said: SaidWire): boolean => refusalIn(said) !== ""

/** The texts, in the order of their blocks; any of them may be empty. */
export const textsIn = (said: SaidWire) =>
  [
    ["thinking", said.reasoning_content ?? said.reasoning ?? ""],
    ["text", plainText(said.content)],
    ["text", refusalIn(said)]
  ] as const

const argumentText = (given: unknown): string => {
  if (typeof given === "string") return given
  return given === undefined || given === null ? "" : JSON.stringify(given)
}

const pieceOf = (call: ToolCallWire): CallPiece => ({
  index: call.index ?? undefined,
  id: call.id ?? "",
  name: call.function?.name ?? "",
  text: argumentText(call.function?.arguments)
})

/** The pieces of calls. A piece that says nothing is none: servers send `tool_calls: [{}]` with content. */
export const callPiecesIn = (said: SaidWire): ReadonlyArray<CallPiece> =>
  [...(said.tool_calls ?? []), ...(said.function_call ? [{ index: 0, function: said.function_call }] : [])]
    .map(pieceOf)
    .filter(({ id, name, text }) => id !== "" || name !== "" || text !== "")
