/**
 * What one chunk, or one whole answer, says: its texts and its pieces of calls, wherever the server put them.
 * Every field may be missing or null, and arguments may be the object itself.
 */
import type { CallPiece } from "./BlockQueue.ts"
import { isJsonObject, type JsonObject } from "@signalbox/model"
import type { SaidWire, ToolCallWire } from "./wire.ts"

const plainText = (content: SaidWire["content"]): string => {
  if (typeof content === "string") return content
  return (content ?? []).map((part) => (typeof part["text"] === "string" ? part["text"] : "")).join("")
}

/** Mistral thinks in parts of its content. */
const mistralThoughts = (content: SaidWire["content"]): string =>
  typeof content === "string" || !content
    ? ""
    : content.map((part) => (part["type"] === "thinking" ? innerText(part["thinking"]) : "")).join("")

const innerText = (given: unknown): string => {
  if (typeof given === "string") return given
  if (!Array.isArray(given)) return ""
  return given
    .map((part: unknown) => (isJsonObject(part) && typeof part["text"] === "string" ? part["text"] : ""))
    .join("")
}

const refusalIn = (said: SaidWire): string => said.refusal ?? ""

export const hasRefusal = (said: SaidWire): boolean => refusalIn(said) !== ""

/** A piece of reasoning: text, or what the server wants back, or both. */
export interface ThoughtPiece {
  readonly text: string
  readonly detail: JsonObject | undefined
}

const detailText = (detail: JsonObject): string =>
  [detail["text"], detail["summary"]].find((text) => typeof text === "string") ?? ""

/** Reasoning, as text alone or in details, which then hold the text too. */
export const thoughtsIn = (said: SaidWire): ReadonlyArray<ThoughtPiece> => {
  const details = said.reasoning_details ?? []
  const text = said.reasoning_content ?? said.reasoning ?? mistralThoughts(said.content)
  const isTold = details.some((detail) => detailText(detail) !== "")
  return [
    ...(isTold || text === "" ? [] : [{ text, detail: undefined }]),
    ...details.map((detail) => ({ text: detailText(detail), detail }))
  ]
}

/** Whether nobody may read a detail: all of it is for the server. */
export const isHidden = (detail: JsonObject): boolean => detail["type"] === "reasoning.encrypted"

/** The texts, in the order of their blocks; any of them may be empty. */
export const textsIn = (said: SaidWire): readonly [content: string, refusal: string] => [
  plainText(said.content),
  refusalIn(said)
]

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

/** The type of what a server wants back with a call; `id` is that of the call. */
export const callExtra = "tool_call.extra"

/** What the server wants back with its calls. */
export const callExtrasIn = (said: SaidWire): ReadonlyArray<JsonObject> =>
  (said.tool_calls ?? []).flatMap(({ extra_content, id }) =>
    extra_content ? [{ type: callExtra, id, extra_content }] : []
  )

/** The pieces of calls. A piece that says nothing is none: servers send `tool_calls: [{}]` with content. */
export const callPiecesIn = (said: SaidWire): ReadonlyArray<CallPiece> =>
  [...(said.tool_calls ?? []), ...(said.function_call ? [{ index: 0, function: said.function_call }] : [])]
    .map(pieceOf)
    .filter(({ id, name, text }) => id !== "" || name !== "" || text !== "")
