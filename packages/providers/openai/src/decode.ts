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
  type Usage
} from "@signalbox/model"
import { Result, Schema, SchemaIssue } from "effect"
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
} from "./answer.ts"
import { citationsOf } from "./citations.ts"
import { errorInBody } from "./errors.ts"
import { excerpt, readJson, type StreamDecoder } from "@signalbox/model/http"
import { cutAt } from "./stops.ts"
import { callExtrasIn, callPiecesIn, hasRefusal, isHidden, textsIn, thoughtsIn } from "./said.ts"
import { beforeTags, endTags, splitTags, type TagState } from "./thinkTags.ts"
import { CompletionWire, type SaidWire, UsageWire } from "./wire.ts"

/** How far an answer has come. */
export interface DecodeState {
  readonly phase: "new" | "open" | "finished" | "complete"
  readonly answer: Answer
  readonly tags: TagState
  readonly finish: string | undefined
  /** The stop sequence that the server says it stopped at. */
  readonly stopSequence: string | null
  readonly usage: UsageWire | undefined
}

type Decoded = Result.Result<readonly [DecodeState, ReadonlyArray<ModelEvent>], ModelError>

const begin = (settings: DecodeSettings): DecodeState => ({
  phase: "new",
  answer: newAnswer(settings),
  tags: settings.hasThinkTags ? beforeTags : { place: "text", held: "" },
  finish: undefined,
  stopSequence: null,
  usage: undefined
})

/** Counts that have names of their own in the vocabulary. */
const renamed = new Set(Object.keys(UsageWire.schema.fields))

/** What the server has counted; it may leave out any count. */
const readCounts = (counted: UsageWire, estimated: Usage): Usage => {
  const prompt = counted.prompt_tokens_details ?? {}
  return usageOf(
    {
      input: counted.prompt_tokens,
      output: counted.completion_tokens,
      read: prompt.cached_tokens ?? counted.prompt_cache_hit_tokens,
      written: prompt.cache_write_tokens,
      reasoning: counted.completion_tokens_details?.reasoning_tokens
    },
    counted,
    renamed,
    estimated
  )
}

/** What an answer has cost as far as it has come. */
export const readUsage = (state: DecodeState, settings: DecodeSettings): Usage => {
  const estimated = {
    input_tokens: settings.estimatedInputTokens,
    output_tokens: estimateTokens(state.answer.outputLength)
  }
  return state.usage === undefined ? estimated : readCounts(state.usage, estimated)
}

/** What one chunk says, in the order of the blocks. */
const sayingsIn = (before: TagState, said: SaidWire): readonly [TagState, ReadonlyArray<Saying>] => {
  const [content, refusal] = textsIn(said)
  const [tags, texts] = splitTags(before, content)
  return [
    tags,
    [
      ...thoughtsIn(said).map(({ detail, text }): Saying => {
        if (detail === undefined) return { type: "thinking", text }
        return isHidden(detail) ? { type: "hidden", detail } : { type: "thought", text, detail }
      }),
      ...texts.map(([type, text]): Saying => ({ type, text })),
      { type: "text", text: refusal },
      ...citationsOf(said.annotations).map((citation): Saying => ({ type: "citation", citation })),
      ...callExtrasIn(said).map((detail): Saying => ({ type: "hidden", detail })),
      ...callPiecesIn(said).map((piece): Saying => ({ type: "call", piece }))
    ]
  ]
}

type Heard = readonly [DecodeState, ReadonlyArray<ModelEvent>]

const hear = (state: DecodeState, said: SaidWire, settings: DecodeSettings): Heard => {
  const [tags, sayings] = sayingsIn(state.tags, said)
  const [answer, events] = sayAll(state.answer, sayings, settings)
  return [{ ...state, tags, answer: { ...answer, hasRefusal: answer.hasRefusal || hasRefusal(said) } }, events]
}

const close = (state: DecodeState, settings: DecodeSettings): Heard => {
  const held = endTags(state.tags).map(([type, text]): Saying => ({ type, text }))
  const [answer, events] = sayAll(state.answer, held, settings)
  const [closed, more] = closeBlocks(answer, settings)
  return [{ ...state, answer: closed, tags: { place: "text", held: "" } }, [...events, ...more]]
}

const ending = ({ answer, finish, stopSequence }: DecodeState) => {
  const reason = stopReason(answer, finish === "length", finish === "content_filter")
  const isStopped = reason === "end_turn" && stopSequence !== null
  return {
    stop_reason: isStopped ? "stop_sequence" : reason,
    stop_sequence: isStopped ? stopSequence : null
  }
}

const complete = (before: DecodeState, settings: DecodeSettings): Decoded => {
  const [state, events] = close(before, settings)
  return Result.succeed([
    { ...state, phase: "complete" },
    [
      ...events,
      { type: "message_delta", delta: ending(state), usage: readUsage(state, settings) },
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
  if (finish === "") return [state, events]
  const stopSequence = typeof choice.stop_reason === "string" ? choice.stop_reason : null
  return [{ ...state, phase: "finished", finish, stopSequence }, events]
}

/** The failure that a choice brings instead of an answer. */
const failureOf = (choice: ChoiceWire, settings: DecodeSettings): ModelError | undefined => {
  const said = choice.error === undefined ? undefined : errorInBody(settings, { error: choice.error })
  if (said !== undefined || choice.finish_reason !== "error") return said
  return new StreamInterrupted({ provider: settings.provider, reason: "the provider ended the answer with an error" })
}

const takeChunk = (before: DecodeState, chunk: CompletionWire, settings: DecodeSettings): Decoded => {
  const events: Array<ModelEvent> = before.phase === "new" ? [startMessage(chunk, settings)] : []
  let state: DecodeState = before.phase === "new" ? { ...before, phase: "open" } : before
  for (const choice of (chunk.choices ?? []).filter(isFirst)) {
    const failure = failureOf(choice, settings)
    if (failure !== undefined) return Result.fail(failure)
    const [heard, more] = takeChoice(state, choice, settings)
    state = heard
    events.push(...more)
  }
  if (chunk.usage) state = { ...state, usage: chunk.usage }
  if (state.phase !== "finished") return Result.succeed([state, events])
  const ended = chunk.usage ? complete(state, settings) : Result.succeed(close(state, settings))
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

/** All events of the answer to a request without `stream`. */
const eventsOfReply = (body: JsonObject, settings: DecodeSettings) =>
  Result.flatMap(takeBody(begin(settings), body, settings), ([state, events]) =>
    state.phase === "complete"
      ? Result.succeed(events)
      : Result.map(complete(state, settings), ([, more]) => [...events, ...more])
  )

/** The answer to a request without `stream`, cut before the first of these texts. */
export const decodeReply = (
  body: unknown,
  settings: DecodeSettings,
  stops: ReadonlyArray<string> = []
): Result.Result<ModelReply, ModelError> => {
  if (!isJsonObject(body) || (!Array.isArray(body["choices"]) && body["error"] === undefined)) {
    const reason = `expected a completion, got: ${excerpt(JSON.stringify(body))}`
    return Result.fail(new ProviderInvalidResponse({ provider: settings.provider, reason }))
  }
  return Result.map(eventsOfReply(body, settings), (events) => cutAt(events, stops).reduce(foldEvent, emptyFold).reply)
}
