/**
 * Answers of the Responses API in the vocabulary: a pure reducer over its events. A whole answer is its items one
 * after another and their end, so the two can never differ. Deltas that a server leaves out are made up for by the
 * whole item that follows them.
 */
import {
  emptyFold,
  foldEvent,
  isJsonObject,
  type JsonObject,
  type ModelError,
  type ModelEvent,
  type ModelReply,
  ProviderInvalidResponse,
  StreamInterrupted,
  type Usage
} from "@signalbox/model"
import { excerpt, readJson, type StreamDecoder } from "@signalbox/model/http"
import { Result, Schema } from "effect"
import {
  type Answer,
  closeBlocks,
  type DecodeSettings,
  estimateTokens,
  newAnswer,
  sayAll,
  type Saying,
  stopReason,
  usageOf
} from "../answer.ts"
import { citationsOf } from "../citations.ts"
import { errorInBody } from "../errors.ts"
import { cutAt } from "../stops.ts"
import { ResponsesEventWire, ResponsesUsageWire, ResponseWire } from "./wire.ts"

/** How far an answer has come. */
export interface ResponsesState {
  readonly phase: "new" | "open" | "complete"
  readonly answer: Answer
  /** Items of which text, or arguments, have come in pieces. */
  readonly streamed: ReadonlySet<number>
  /** The part of a reasoning summary that the last piece was of. */
  readonly summaryPart: number | undefined
}

type Decoded = Result.Result<readonly [ResponsesState, ReadonlyArray<ModelEvent>], ModelError>

const begin = (settings: DecodeSettings): ResponsesState => ({
  phase: "new",
  answer: newAnswer(settings),
  streamed: new Set(),
  summaryPart: undefined
})

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const listOf = (value: unknown): ReadonlyArray<JsonObject> => (Array.isArray(value) ? value.filter(isJsonObject) : [])

const joined = (parts: unknown, separator: string): string =>
  listOf(parts)
    .map((part) => textOf(part["text"]))
    .filter((text) => text !== "")
    .join(separator)

const isRefusal = (part: JsonObject): boolean => part["type"] === "refusal"

/** What the server wants back of a reasoning item; fields that are null or say how far it had come are none of it. */
const reasoningItem = (item: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([field, value]) => value !== null && field !== "status"))

const reasoningSayings = (item: JsonObject, isStreamed: boolean): ReadonlyArray<Saying> => {
  const detail = reasoningItem(item)
  const text = joined(item["summary"], "\n\n") || joined(item["content"], "")
  if (isStreamed) return [{ type: "thought", text: "", detail }]
  return text === "" ? [{ type: "hidden", detail }] : [{ type: "thought", text, detail }]
}

/** A whole item, of which pieces may have come before. */
const itemSayings = (item: JsonObject, index: number, isStreamed: boolean): ReadonlyArray<Saying> => {
  switch (item["type"]) {
    case "message":
      return listOf(item["content"]).flatMap((part): ReadonlyArray<Saying> => [
        ...(isStreamed ? [] : [{ type: "text" as const, text: textOf(part["text"] ?? part["refusal"]) }]),
        ...citationsOf(part["annotations"]).map((citation): Saying => ({ type: "citation", citation }))
      ])
    case "web_search_call":
      return [{ type: "foreign", item }]
    case "reasoning":
      return reasoningSayings(item, isStreamed)
    case "function_call": {
      const text = isStreamed ? "" : textOf(item["arguments"])
      return [{ type: "call", piece: { index, id: textOf(item["call_id"]), name: textOf(item["name"]), text } }]
    }
    default:
      return []
  }
}

type Heard = readonly [ResponsesState, ReadonlyArray<ModelEvent>]

const told = (state: ResponsesState, sayings: ReadonlyArray<Saying>, settings: DecodeSettings): Heard => {
  const [answer, events] = sayAll(state.answer, sayings, settings)
  return [{ ...state, answer }, events]
}

const startItem = (state: ResponsesState, event: ResponsesEventWire, settings: DecodeSettings): Heard => {
  const item = event.item ?? {}
  const before: ResponsesState = { ...state, summaryPart: undefined }
  if (item["type"] !== "function_call") return told(before, [{ type: "end" }], settings)
  const piece = {
    index: event.output_index ?? undefined,
    id: textOf(item["call_id"]),
    name: textOf(item["name"]),
    text: ""
  }
  return told(before, [{ type: "call", piece }], settings)
}

const endItem = (state: ResponsesState, event: ResponsesEventWire, settings: DecodeSettings): Heard => {
  const item = event.item ?? {}
  const index = event.output_index ?? -1
  const sayings = itemSayings(item, index, state.streamed.has(index))
  const [next, events] = told(
    state,
    item["type"] === "function_call" ? sayings : [...sayings, { type: "end" }],
    settings
  )
  const refuses = listOf(item["content"]).some(isRefusal)
  return [{ ...next, answer: { ...next.answer, hasRefusal: next.answer.hasRefusal || refuses } }, events]
}

const withIndex = (streamed: ReadonlySet<number>, index: number | null | undefined): ReadonlySet<number> =>
  streamed.has(index ?? -1) ? streamed : new Set([...streamed, index ?? -1])

/** The kinds of pieces, by the type of their event. */
const pieces: ReadonlyMap<string, "text" | "thinking"> = new Map([
  ["response.output_text.delta", "text"],
  ["response.refusal.delta", "text"],
  ["response.reasoning_summary_text.delta", "thinking"],
  ["response.reasoning_text.delta", "thinking"]
])

const takePiece = (
  state: ResponsesState,
  event: ResponsesEventWire,
  kind: "text" | "thinking",
  settings: DecodeSettings
): Heard => {
  const text = textOf(event.delta)
  const part = kind === "thinking" ? (event.summary_index ?? undefined) : undefined
  // Parts of a summary are paragraphs.
  const isNextPart = part !== undefined && state.summaryPart !== undefined && part !== state.summaryPart
  const [next, events] = told(state, [{ type: kind, text: isNextPart ? `\n\n${text}` : text }], settings)
  return [{ ...next, streamed: withIndex(state.streamed, event.output_index), summaryPart: part }, events]
}

const takeArguments = (state: ResponsesState, event: ResponsesEventWire, settings: DecodeSettings): Heard => {
  const index = event.output_index ?? undefined
  const isWhole = event.type.endsWith(".done")
  if (isWhole && state.streamed.has(index ?? -1)) return [state, []]
  const text = isWhole ? (event.arguments ?? "") : textOf(event.delta)
  const streamed = text === "" ? state.streamed : withIndex(state.streamed, index)
  const [next, events] = told(state, [{ type: "call", piece: { index, id: "", name: "", text } }], settings)
  return [{ ...next, streamed }, events]
}

const renamed = new Set(Object.keys(ResponsesUsageWire.schema.fields))

const readCounts = (counted: ResponsesUsageWire, estimated: Usage): Usage =>
  usageOf(
    {
      input: counted.input_tokens,
      output: counted.output_tokens,
      read: counted.input_tokens_details?.cached_tokens,
      written: counted.input_tokens_details?.cache_write_tokens,
      reasoning: counted.output_tokens_details?.reasoning_tokens
    },
    counted,
    renamed,
    estimated
  )

/** What an answer has cost as far as it has come, by our own estimate. */
export const estimatedUsage = ({ answer }: ResponsesState, settings: DecodeSettings): Usage => ({
  input_tokens: settings.estimatedInputTokens,
  output_tokens: estimateTokens(answer.outputLength)
})

const complete = (before: ResponsesState, response: ResponseWire, settings: DecodeSettings): Decoded => {
  const [answer, events] = closeBlocks(before.answer, settings)
  const reason = response.incomplete_details?.reason
  const stop_reason = stopReason(answer, reason === "max_output_tokens", reason === "content_filter")
  const estimated = estimatedUsage({ ...before, answer }, settings)
  const usage = response.usage ? readCounts(response.usage, estimated) : estimated
  return Result.succeed([
    { ...before, answer, phase: "complete" },
    [...events, { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage }, { type: "message_stop" }]
  ])
}

const startMessage = (response: ResponseWire, settings: DecodeSettings): ModelEvent => ({
  type: "message_start",
  message: {
    id: response.id ?? "",
    model: response.model || settings.model,
    usage: { input_tokens: settings.estimatedInputTokens, output_tokens: 0 }
  }
})

const interrupted = (settings: DecodeSettings, reason: string) =>
  Result.fail(new StreamInterrupted({ provider: settings.provider, reason }))

const invalid = (settings: DecodeSettings, reason: string) =>
  Result.fail(new ProviderInvalidResponse({ provider: settings.provider, reason }))

/** The error of an event, or of a response that has failed; both say it in their own place. */
const failureIn = (body: JsonObject, settings: DecodeSettings): ModelError => {
  const response = isJsonObject(body["response"]) ? body["response"] : {}
  const said = body["error"] ?? response["error"] ?? body
  return (
    errorInBody(settings, { error: said }) ??
    new StreamInterrupted({ provider: settings.provider, reason: "the provider ended the answer with an error" })
  )
}

const hear = (state: ResponsesState, event: ResponsesEventWire, settings: DecodeSettings): Heard => {
  const kind = pieces.get(event.type)
  if (kind !== undefined) {
    const [next, events] = takePiece(state, event, kind, settings)
    const hasRefusal = next.answer.hasRefusal || event.type === "response.refusal.delta"
    return [{ ...next, answer: { ...next.answer, hasRefusal } }, events]
  }
  switch (event.type) {
    case "response.output_item.added":
      return startItem(state, event, settings)
    case "response.output_item.done":
      return endItem(state, event, settings)
    case "response.function_call_arguments.delta":
    case "response.function_call_arguments.done":
      return takeArguments(state, event, settings)
    default:
      return [state, []]
  }
}

const endings: ReadonlySet<string> = new Set(["response.completed", "response.incomplete", "response.done"])

const decodeEvent = Schema.decodeUnknownResult(ResponsesEventWire)

const takeBody = (before: ResponsesState, body: JsonObject, settings: DecodeSettings): Decoded => {
  const { type } = body
  const isError = type === "error" || type === "response.failed" || (type === undefined && body["error"] !== undefined)
  if (isError) return Result.fail(failureIn(body, settings))
  const decoded = decodeEvent(body)
  if (Result.isFailure(decoded)) return invalid(settings, `${textOf(type)}: ${excerpt(decoded.failure.message)}`)
  const event = decoded.success
  const opening: ReadonlyArray<ModelEvent> =
    before.phase === "new" ? [startMessage(event.response ?? {}, settings)] : []
  const state: ResponsesState = { ...before, phase: "open" }
  const [next, events] = hear(state, event, settings)
  if (!endings.has(event.type)) return Result.succeed([next, [...opening, ...events]])
  return Result.map(complete(state, event.response ?? {}, settings), ([last, more]) => [last, [...opening, ...more]])
}

/** The decoder of one streamed answer. */
export const responsesDecoder = (settings: DecodeSettings): StreamDecoder<ResponsesState> => ({
  initial: begin(settings),
  isComplete: (state) => state.phase === "complete",
  step: (state, data) => {
    if (state.phase === "complete") return Result.succeed([state, []])
    if (data === undefined || data.trim() === "[DONE]") {
      const place = state.phase === "new" ? "it began" : "the answer did"
      return interrupted(settings, `the stream ended before ${place}`)
    }
    const body = readJson(data)
    return isJsonObject(body)
      ? takeBody(state, body, settings)
      : invalid(settings, `an event is not a JSON object: ${excerpt(data)}`)
  }
})

const decodeResponse = Schema.decodeUnknownResult(ResponseWire)

/** The answer to a request without `stream`, cut before the first of these texts. */
export const decodeResponsesReply = (
  body: unknown,
  settings: DecodeSettings,
  stops: ReadonlyArray<string> = []
): Result.Result<ModelReply, ModelError> => {
  if (!isJsonObject(body)) return invalid(settings, `expected a response, got: ${excerpt(JSON.stringify(body))}`)
  if (isJsonObject(body["error"]) || body["status"] === "failed") return Result.fail(failureIn(body, settings))
  const decoded = decodeResponse(body)
  if (Result.isFailure(decoded) || !decoded.success.output) {
    return invalid(settings, `expected a response, got: ${excerpt(JSON.stringify(body))}`)
  }
  const response = decoded.success
  let state: ResponsesState = { ...begin(settings), phase: "open" }
  const events: Array<ModelEvent> = [startMessage(response, settings)]
  for (const [index, item] of (response.output ?? []).entries()) {
    const [next, more] = endItem(state, { type: "response.output_item.done", output_index: index, item }, settings)
    state = next
    events.push(...more)
  }
  return Result.map(
    complete(state, response, settings),
    ([, more]) => cutAt([...events, ...more], stops).reduce(foldEvent, emptyFold).reply
  )
}
