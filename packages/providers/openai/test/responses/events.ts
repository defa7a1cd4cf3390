/** Events of Responses streams, and what a model makes of them. */
import { collectReply, type ModelError, type ModelReply } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { openAiDefaults } from "@signalbox/provider-openai"
import { Effect, type Result } from "effect"
import { withCannedAnswer } from "../support.ts"

export const api = { ...openAiDefaults, api: "responses", baseUrl: "https://x/v1" } as const

export const event = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
export const added = (output_index: number, item: object) => event("response.output_item.added", { output_index, item })
export const ended = (output_index: number, item: object) => event("response.output_item.done", { output_index, item })
export const completed = (response: object = {}) =>
  event("response.completed", { response: { id: "r", model: "m", ...response } })
export const created = event("response.created", {
  response: { id: "r", model: "m", status: "in_progress", output: [] }
})
export const delta = (kind: string, output_index: number, piece: string, more: object = {}) =>
  event(`response.${kind}.delta`, { output_index, delta: piece, ...more })
export const message = (...texts: ReadonlyArray<string>) => ({
  type: "message",
  role: "assistant",
  content: texts.map((words) => ({ type: "output_text", text: words, annotations: [] }))
})
export const call = (id: string, name: string, input: string) => ({
  type: "function_call",
  call_id: id,
  name,
  arguments: input
})
export const reasoning = {
  type: "reasoning",
  id: "rs_1",
  summary: [{ type: "summary_text", text: "hm" }],
  encrypted_content: "e"
}

export const replyTo = (
  pieces: ReadonlyArray<Uint8Array | string>
): Effect.Effect<Result.Result<ModelReply, ModelError>> =>
  withCannedAnswer(pieces, (model) => Effect.result(collectReply("openai", model.stream(askFor()))), api)
