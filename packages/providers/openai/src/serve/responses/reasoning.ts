/**
 * Thinking as reasoning items. Clients keep `encrypted_content` and send it back unread, so it carries the whole
 * thought with its signature, which the model's provider verifies; the summary is for people.
 */
import {
  type ContentBlock,
  isJsonObject,
  type JsonObject,
  RedactedThinkingBlock,
  ThinkingBlock
} from "@signalbox/model"
import { Option, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import type { Thought } from "../turnParts.ts"

/** Tells our content from that of OpenAI. */
const mark = "signalbox1."

const ThoughtJson = Schema.fromJsonString(Schema.Union([ThinkingBlock, RedactedThinkingBlock]))

const decodeThought = Schema.decodeUnknownOption(ThoughtJson)

/** The summary of a thought: what of it can be read. */
export const summaryOf = (text: string): ReadonlyArray<JsonObject> =>
  text === "" ? [] : [{ type: "summary_text", text }]

/** A finished reasoning item. Thinking without a signature is all in its summary. */
export const reasoningItem = (id: string, thought: Thought): JsonObject => {
  const isOpen = thought.type === "thinking" && thought.signature === ""
  return {
    id,
    type: "reasoning",
    summary: thought.type === "thinking" ? summaryOf(thought.thinking) : [],
    encrypted_content: isOpen ? null : `${mark}${Base64Url.encode(JSON.stringify(thought))}`
  }
}

const textsIn = (parts: unknown): ReadonlyArray<string> =>
  (Array.isArray(parts) ? parts : []).flatMap((part: unknown) =>
    isJsonObject(part) && typeof part["text"] === "string" ? [part["text"]] : []
  )

/** A reasoning item that came back. What OpenAI has encrypted stays as it is, for OpenAI. */
export const readReasoning = (item: JsonObject): ReadonlyArray<ContentBlock> => {
  const encrypted = item["encrypted_content"]
  if (typeof encrypted === "string" && encrypted !== "") {
    if (!encrypted.startsWith(mark)) return [{ type: "opaque", vendor: "openai", block: item }]
    const json = Base64Url.decodeString(encrypted.slice(mark.length))
    const thought = Result.isSuccess(json) ? Option.getOrUndefined(decodeThought(json.success)) : undefined
    if (thought !== undefined) return [thought]
  }
  const told = textsIn(item["content"])
  const thinking = (told.length > 0 ? told : textsIn(item["summary"])).join("\n\n")
  return thinking === "" ? [] : [{ type: "thinking", thinking, signature: "" }]
}
