/**
 * Answers of Chat Completions in the vocabulary: a pure reducer over the chunks of a stream. A whole answer
 * is one large chunk to it, so the two can never differ. What an answer ends with is decided by its blocks:
 * servers say `stop` with tool calls, and `tool_calls` without any.
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
  type Usage,
  withInputText
} from "@signalbox/model"
import { Result, Schema, SchemaIssue } from "effect"
import { addCallPiece, addText, type BlockQueue, type CallLabels, closeAll, emptyQueue } from "./BlockQueue.ts"
import { type Asked, errorInBody } from "./errors.ts"
import { excerpt, readJson, type StreamDecoder } from "@signalbox/model/http"
import { callPiecesIn, hasRefusal, textsIn } from "./said.ts"
import { CompletionWire, type SaidWire, type UsageWire } from "./wire.ts"

/** What the decoder must know of a request. */
export interface DecodeSettings extends Asked {
  /** What the names in the request stand for. */
  readonly toolNames: ReadonlyMap<string, string>
  /** Ids of the calls in the conversation so far: some servers count from `call_0` in every answer. */
  readonly usedIds: ReadonlyArray<string>
  /** Makes ids of calls that came without a free one unique in their conversation. */
  readonly salt: string
  /** Stands in where the server counts no tokens. */
  readonly estimatedInputTokens: number
}

/** How far an answer has come. */
export interface DecodeState {
  readonly phase: "new" | "open" | "finished" | "complete"
  readonly queue: BlockQueue
  readonly finish: string | undefined
  readonly usage: UsageWire | undefined
  readonly hasRefusal: boolean
  readonly hasCall: boolean
  /** Whether the arguments of a call do not make an object: cut off, or never one. */
  readonly hasBrokenCall: boolean
  /** Of the conversation and of this answer. */
  readonly callIds: ReadonlyArray<string>
  readonly outputLength: number
}

type Decoded = Result.Result<readonly [DecodeState, ReadonlyArray<ModelEvent>], ModelError>

const begin = ({ usedIds }: DecodeSettings): DecodeState => ({
  phase: "new",
  queue: emptyQueue,
  finish: undefined,
  usage: undefined,
  hasRefusal: false,
  hasCall: false,
  hasBrokenCall: false,
  callIds: usedIds,
  outputLength: 0
})

/** A rough count where the server gives none: about four characters make a token. */
export const estimateTokens = (length: number): number => Math.max(1, Math.ceil(length / 4))

/** What the server has counted; it may leave out any count. */
const readCounts = (counted: UsageWire, estimated: Usage): Usage => {
  const prompt = counted.prompt_tokens_details ?? {}
  const read = prompt.cached_tokens ?? 0
  const written = prompt.cache_write_tokens ?? 0
  const reasoning = counted.completion_tokens_details?.reasoning_tokens ?? 0
  return {
    input_tokens: Math.max(0, (counted.prompt_tokens ?? estimated.input_tokens) - read - written),
    output_tokens: counted.completion_tokens ?? estimated.output_tokens,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
    ...(reasoning === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoning } })
  }
}

const readUsage = (state: DecodeState, settings: DecodeSettings): Usage => {
  const estimated = {
    input_tokens: settings.estimatedInputTokens,
    output_tokens: estimateTokens(state.outputLength)
  }
  return state.usage === undefined ? estimated : readCounts(state.usage, estimated)
}

const stopReason = (state: DecodeState): string => {
  if (state.finish === "length" && (state.hasBrokenCall || !state.hasCall)) return "max_tokens"
  if (state.hasCall) return "tool_use"
  return state.hasRefusal || state.finish === "content_filter" ? "refusal" : "end_turn"
}

const isBroken = (text: string): boolean =>
  withInputText({ type: "tool_use", id: "", name: "", input: {} }, text).invalidInput !== undefined

const labelsOf = (settings: DecodeSettings, state: DecodeState): CallLabels => ({
  nameOf: (sent) => settings.toolNames.get(sent) ?? sent,
  // The same id for two calls would give one of them the other's result.
  idOf: (call, index) => {
    const { wireId } = call
    const isFree = wireId !== undefined && wireId !== "" && !state.callIds.includes(wireId)
    return isFree ? wireId : `call_${settings.salt}_${index}`
  }
})

/** Runs one step on the queue and keeps the events and what they tell. */
const queued = (
  state: DecodeState,
  events: Array<ModelEvent>,
  [queue, more]: readonly [BlockQueue, ReadonlyArray<ModelEvent>]
): DecodeState => {
  events.push(...more)
  const ids = more.flatMap((event) =>
    event.type === "content_block_start" && event.content_block.type === "tool_use" ? [event.content_block.id] : []
  )
  return { ...state, queue, callIds: ids.length === 0 ? state.callIds : [...state.callIds, ...ids] }
}

type Heard = readonly [DecodeState, Array<ModelEvent>]

const hear = (before: DecodeState, said: SaidWire, settings: DecodeSettings): Heard => {
  const events: Array<ModelEvent> = []
  let state = before
  for (const [kind, text] of textsIn(said)) {
    state = queued(state, events, addText(state.queue, kind, text, labelsOf(settings, state)))
    state = { ...state, outputLength: state.outputLength + text.length }
  }
  for (const piece of callPiecesIn(said)) {
    state = queued(state, events, addCallPiece(state.queue, piece, labelsOf(settings, state)))
    state = { ...state, hasCall: true, outputLength: state.outputLength + piece.text.length }
  }
  return [{ ...state, hasRefusal: state.hasRefusal || hasRefusal(said) }, events]
}

/** Closes all blocks one by one: each call's id must be known before the next is labelled. */
const closeBlocks = (
  before: DecodeState,
  settings: DecodeSettings
): readonly [DecodeState, ReadonlyArray<ModelEvent>] => {
  const events: Array<ModelEvent> = []
  const hasBrokenCall =
    before.hasBrokenCall || before.queue.blocks.some((block) => block.kind === "tool" && isBroken(block.whole))
  let state: DecodeState = { ...before, hasBrokenCall }
  while (state.queue.blocks.length > 0) {
    const [first, ...rest] = state.queue.blocks
    if (first === undefined) break
    const [closed, more] = closeAll({ ...state.queue, blocks: [first] }, labelsOf(settings, state))
    state = queued(state, events, [{ ...closed, blocks: rest }, more])
  }
  return [state, events]
}

const complete = (before: DecodeState, settings: DecodeSettings): Decoded => {
  const [state, events] = closeBlocks(before, settings)
  return Result.succeed([
    { ...state, phase: "complete" },
    [
      ...events,
      {
        type: "message_delta",
        delta: { stop_reason: stopReason(state), stop_sequence: null },
        usage: readUsage(state, settings)
      },
      { type: "message_stop" }
    ]
  ])
}

const toIssues = SchemaIssue.makeFormatterStandardSchemaV1()
const decodeCompletion = Schema.decodeUnknownResult(CompletionWire)

const interrupted = (settings: DecodeSettings, reason: string) =>
  Result.fail(new StreamInterrupted({ provider: settings.provider, reason }))

type ChoiceWire = NonNullable<CompletionWire["choices"]>[number]

/** Only one answer was asked for. */
const isFirst = (choice: ChoiceWire): boolean => (choice.index ?? 0) === 0

const startMessage = (chunk: CompletionWire, settings: DecodeSettings): ModelEvent => {
  const usage = { input_tokens: settings.estimatedInputTokens, output_tokens: 0 }
  // Azure's first chunk, about its filter, names no model.
  const model = typeof chunk.model === "string" && chunk.model !== "" ? chunk.model : settings.model
  return { type: "message_start", message: { id: chunk.id ?? "", model, usage } }
}

const takeChoice = (before: DecodeState, choice: ChoiceWire, settings: DecodeSettings): Heard => {
  const [state, events] = hear(before, choice.delta ?? choice.message ?? {}, settings)
  const finish = choice.finish_reason ?? ""
  return [finish === "" ? state : { ...state, phase: "finished", finish }, events]
}

const takeChunk = (before: DecodeState, chunk: CompletionWire, settings: DecodeSettings): Decoded => {
  const events: Array<ModelEvent> = []
  let state = before
  if (state.phase === "new") {
    state = { ...state, phase: "open" }
    events.push(startMessage(chunk, settings))
  }
  for (const choice of chunk.choices ?? []) {
    if (!isFirst(choice)) continue
    const [heard, more] = takeChoice(state, choice, settings)
    state = heard
    events.push(...more)
    if (state.finish === "error") return interrupted(settings, "the provider ended the answer with an error")
  }
  if (chunk.usage) state = { ...state, usage: chunk.usage }
  if (state.phase !== "finished") return Result.succeed([state, events])
  const ended = chunk.usage ? complete(state, settings) : Result.succeed(closeBlocks(state, settings))
  return Result.map(ended, ([next, more]) => [next, [...events, ...more]] as const)
}

const takeBody = (state: DecodeState, body: JsonObject, settings: DecodeSettings): Decoded => {
  const error = body["error"] === undefined ? undefined : errorInBody(settings, body)
  if (error !== undefined) return Result.fail(error)
  const decoded = decodeCompletion(body)
  if (Result.isSuccess(decoded)) return takeChunk(state, decoded.success, settings)
  const issue = toIssues(decoded.failure.issue).issues[0]
  const path = (issue?.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".")
  const reason = `${path}: ${issue?.message ?? "invalid"}`
  return Result.fail(new ProviderInvalidResponse({ provider: settings.provider, reason }))
}

/** The end of the bytes: sound after a reason to finish, which not all servers follow with `[DONE]`. */
const end = (state: DecodeState, settings: DecodeSettings): Decoded => {
  if (state.phase === "complete") return Result.succeed([state, []])
  if (state.phase === "finished") return complete(state, settings)
  return interrupted(
    settings,
    state.phase === "new" ? "the stream ended before it began" : "the stream ended before the answer did"
  )
}

/** The decoder of one streamed answer. */
export const chatDecoder = (settings: DecodeSettings): StreamDecoder<DecodeState> => ({
  initial: begin(settings),
  isComplete: (state) => state.phase === "complete",
  step: (state, data) => {
    if (data === undefined) return end(state, settings)
    if (state.phase === "complete") return Result.succeed([state, []])
    if (data.trim() === "[DONE]") {
      return state.phase === "new" ? end(state, settings) : complete(state, settings)
    }
    const body = readJson(data)
    if (isJsonObject(body)) return takeBody(state, body, settings)
    const reason = `a chunk is not a JSON object: ${excerpt(data)}`
    return Result.fail(new ProviderInvalidResponse({ provider: settings.provider, reason }))
  }
})

/** The answer to a request without `stream`. */
export const decodeReply = (body: unknown, settings: DecodeSettings): Result.Result<ModelReply, ModelError> => {
  if (!isJsonObject(body) || (!Array.isArray(body["choices"]) && body["error"] === undefined)) {
    const reason = `expected a completion, got: ${excerpt(JSON.stringify(body))}`
    return Result.fail(new ProviderInvalidResponse({ provider: settings.provider, reason }))
  }
  return Result.flatMap(takeBody(begin(settings), body, settings), ([state, events]) =>
    Result.map(
      state.phase === "complete" ? Result.succeed([state, []] as const) : complete(state, settings),
      ([, more]) => [...events, ...more].reduce(foldEvent, emptyFold).reply
    )
  )
}
