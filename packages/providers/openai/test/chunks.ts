/** Chunks of Chat streams, and what a model makes of them. */
import { collectReply, type ModelError, type ModelReply, type ModelRequest } from "@signalbox/model"
import type { OpenAiOptions } from "@signalbox/provider-openai"
import { Effect, type Result } from "effect"
import { askFor } from "@signalbox/model/testing"
import { withCannedAnswer } from "./support.ts"

export type Delta = Readonly<Record<string, unknown>>

export const chunk = (delta: Delta, finish: string | null = null, more: object = {}) =>
  `data: ${JSON.stringify({ id: "c1", model: "m", choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`
export const usage = { prompt_tokens: 20, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 7 } }
export const usageChunk = `data: ${JSON.stringify({ id: "c1", model: "m", choices: [], usage })}\n\n`
export const done = "data: [DONE]\n\n"
export const call = (fields: object) => ({ tool_calls: [fields] })

export const replyTo = (
  pieces: ReadonlyArray<Uint8Array | string>,
  options: Partial<OpenAiOptions> = {},
  request: Partial<ModelRequest> = {}
): Effect.Effect<Result.Result<ModelReply, ModelError>> =>
  withCannedAnswer(pieces, (model) => Effect.result(collectReply("openai", model.stream(askFor("", request)))), options)
