/**
 * A model without a model: it reads the request, picks a tool by its words and schema, calls it, and reads
 * the answer back. It lets a person without an API key use real MCP servers, and never pretends to be more.
 * It keeps no state between requests: where a conversation stands follows from its messages.
 */
import { DateTime, Effect, Stream } from "effect"
import type { ContentBlock, JsonObject } from "../ContentBlock.ts"
import { eventsOf } from "../foldEvents.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import { type ModelReply, type ModelRequest, noUsage } from "../Message.ts"
import type { ModelEvent } from "../ModelEvent.ts"
import { answer, type Response } from "./answer.ts"
import { type Catalogue, makeCatalogue } from "./catalogue.ts"

/** Options of `offlineModel`. */
export interface OfflineModelOptions {
  /** What it calls itself in requests and replies. */
  readonly name?: string
}

const allowedTools = (request: ModelRequest): ModelRequest["tools"] => {
  const choice = request.toolChoice
  return choice?.type === "none" ? noTools : request.tools
}
const noTools: ModelRequest["tools"] = []

const contentOf = (response: Response, request: ModelRequest): ReadonlyArray<ContentBlock> => {
  const text: ReadonlyArray<ContentBlock> = response.text === "" ? [] : [{ type: "text", text: response.text }]
  const isSerial = request.toolChoice?.type !== "none" && request.toolChoice?.disableParallel === true
  const calls = isSerial ? response.calls.slice(0, 1) : response.calls
  return [
    ...text,
    ...calls.map((call: { readonly name: string; readonly input: JsonObject }, index): ContentBlock => ({
      type: "tool_use",
      // Unique in the conversation, and the same when the same conversation is replayed.
      id: `toolu_offline_${request.messages.length}_${index}`,
      name: call.name,
      input: call.input
    }))
  ]
}

/** Text arrives word by word, as from any model. */
const inWords = (event: ModelEvent): ReadonlyArray<ModelEvent> => {
  if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") return [event]
  const pieces = event.delta.text.match(/\s*\S{1,200}(?:\s+$)?|^\s+$/g) ?? [event.delta.text]
  return pieces.map((text) => ({ ...event, delta: { type: "text_delta", text } }))
}

const reply = (name: string, catalogue: Catalogue, request: ModelRequest, now: DateTime.Utc): ModelReply => {
  const content = contentOf(answer(catalogue, request, now), request)
  return {
    id: `msg_offline_${request.messages.length}`,
    model: request.model === "" ? name : request.model,
    content,
    stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
    stop_sequence: null,
    // It counts no tokens, because it uses none.
    usage: noUsage
  }
}

/**
 * The offline model. Use it where no other model is configured, and in tests and demonstrations that need
 * tool calls without a key. Costs nothing, needs no network, gives the same reply to the same messages,
 * and never fails.
 */
export const offlineModel = (options: OfflineModelOptions = {}): LanguageModel["Service"] => {
  const name = options.name ?? "offline"
  const catalogueOf = makeCatalogue()
  return makeLanguageModel({
    provider: "offline",
    defaultModel: name,
    stream: (request) =>
      Stream.unwrap(
        Effect.map(DateTime.now, (now) =>
          Stream.fromIterable(eventsOf(reply(name, catalogueOf(allowedTools(request)), request, now)).flatMap(inWords))
        )
      )
  })
}
