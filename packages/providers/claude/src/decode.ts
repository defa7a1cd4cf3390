/**
 * Answers of the Messages API in the vocabulary: a pure reducer over the data of server-sent events, and the
 * JSON form. Blocks are renumbered and closed when the next one starts, since compatible servers break that rule.
 */
import {
  BlockDelta,
  type ContentBlock,
  isJsonObject,
  type JsonObject,
  laterUsage,
  type ModelError,
  type ModelEvent,
  type ModelReply,
  noUsage,
  StreamInterrupted,
  type Usage
} from "@signalbox/model"
import { Result, Schema } from "effect"
import { type BlockIssue, checked, firstIssue, forEachBlock, fromWireBlock, unreadFields, vendor } from "./blocks.ts"
import { type Asked, envelopeError, invalidResponse, readEnvelope } from "./errors.ts"
import { excerpt, readJson, type StreamDecoder } from "@signalbox/model/http"
import { type HeldBlock, heldEvents, holdBlock, holdDelta } from "./HeldBlock.ts"
import type { BlockWire } from "./wire/blocks.ts"
import { EventWire, ReplyWire, type UsageWire } from "./wire/reply.ts"

/** How far a stream has come. */
export interface DecodeState {
  readonly asked: Asked
  readonly phase: "new" | "open" | "complete"
  readonly nextIndex: number
  /** The block that is open: its number on the wire. Ours is `nextIndex - 1`. */
  readonly openIndex: number | undefined
  /** The kind of the open block, as it was handed on. */
  readonly openKind: ContentBlock["type"] | undefined
  /** The open block, while it is one that must be whole before it is handed on. */
  readonly held: HeldBlock | undefined
  /** What the start of the message says beside the vocabulary: it follows with the end. */
  readonly own: JsonObject
  /** Why the message ended, once it was said: a later count of tokens does not take it back. */
  readonly stopReason: string | null
}

type Decoded = Result.Result<readonly [DecodeState, ReadonlyArray<ModelEvent>], ModelError>

const invalid = (asked: Asked, reason: string) => Result.fail(invalidResponse(asked, reason))

const where = ({ path, reason }: BlockIssue): string => `${path.map(String).join(".")}: ${reason}`

const readUsage = (usage: UsageWire): Usage => laterUsage(noUsage, usage)

const decodeReplyBody = Schema.decodeUnknownResult(ReplyWire)

/** The JSON answer. An error envelope with status 200 is the error that it says. */
export const decodeReply = (asked: Asked, body: unknown): Result.Result<ModelReply, ModelError> => {
  const envelope = readEnvelope(body)
  if (envelope !== undefined) return Result.fail(envelopeError(asked, envelope))
  const decoded = decodeReplyBody(body)
  if (Result.isFailure(decoded)) return invalid(asked, where(firstIssue(decoded.failure)))
  const { id, model: answered, stop_details, stop_reason, stop_sequence, usage } = decoded.success
  return Result.match(forEachBlock(decoded.success.content, fromWireBlock), {
    onSuccess: (content) =>
      Result.succeed({
        id,
        model: answered,
        content,
        stop_reason: stop_reason ?? null,
        stop_sequence: stop_sequence ?? null,
        ...(stop_details === undefined ? {} : { stop_details }),
        usage: readUsage(usage),
        ...unreadFields(body, ReplyWire.fields)
      }),
    onFailure: (issue) => invalid(asked, where({ ...issue, path: ["content", ...issue.path] }))
  })
}

const knownDeltas = new Set(["text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta"])
const checkDelta = checked(BlockDelta)

const readDelta = (delta: BlockWire): Result.Result<BlockDelta, string> => {
  if (!knownDeltas.has(String(delta["type"]))) return Result.succeed({ type: "opaque_delta", delta })
  return Result.mapError(checkDelta(delta), where)
}

const closeOpen = (state: DecodeState): ReadonlyArray<ModelEvent> => {
  if (state.openIndex === undefined) return []
  const index = state.nextIndex - 1
  return [...(state.held === undefined ? [] : heldEvents(state.held, index)), { type: "content_block_stop", index }]
}

const closed = (state: DecodeState): DecodeState => ({
  ...state,
  openIndex: undefined,
  openKind: undefined,
  held: undefined
})

/** The start of a block, and all that it holds already as the delta that everyone reads. */
const startEvents = (block: ContentBlock, index: number): ReadonlyArray<ModelEvent> => {
  const start = (content_block: ContentBlock): ModelEvent => ({ type: "content_block_start", index, content_block })
  const delta = (piece: BlockDelta): ModelEvent => ({ type: "content_block_delta", index, delta: piece })
  if (block.type === "text" && block.text !== "") {
    return [start({ ...block, text: "" }), delta({ type: "text_delta", text: block.text })]
  }
  if (block.type === "thinking" && block.thinking !== "") {
    return [start({ ...block, thinking: "" }), delta({ type: "thinking_delta", thinking: block.thinking })]
  }
  if (block.type !== "tool_use" || Object.keys(block.input).length === 0) return [start(block)]
  const partial_json = JSON.stringify(block.input)
  return [start({ ...block, input: {} }), delta({ type: "input_json_delta", partial_json })]
}

const startBlock = (state: DecodeState, event: Extract<EventWire, { type: "content_block_start" }>): Decoded => {
  const block = fromWireBlock(event.content_block)
  if (Result.isFailure(block)) return invalid(state.asked, `content_block_start: ${where(block.failure)}`)
  const held = block.success.type === "opaque" ? holdBlock(block.success) : undefined
  const started = held === undefined ? startEvents(block.success, state.nextIndex) : []
  return Result.succeed([
    { ...state, nextIndex: state.nextIndex + 1, openIndex: event.index, openKind: block.success.type, held },
    [...closeOpen(state), ...started]
  ])
}

/** The kind of block that a delta belongs to. */
const kindOfDelta: Readonly<Record<string, ContentBlock["type"]>> = {
  text_delta: "text",
  citations_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "thinking",
  input_json_delta: "tool_use"
}

/** Blocks that begin where a server sends the pieces of one kind within a block of another. */
const emptyBlocks: Readonly<Record<string, ContentBlock>> = {
  text: { type: "text", text: "" },
  thinking: { type: "thinking", thinking: "", signature: "" }
}

const addDelta = (state: DecodeState, event: Extract<EventWire, { type: "content_block_delta" }>): Decoded => {
  if (event.index !== state.openIndex)
    return invalid(state.asked, `a delta came for block ${event.index}, which is not open`)
  if (state.held !== undefined) return Result.succeed([{ ...state, held: holdDelta(state.held, event.delta) }, []])
  const delta = readDelta(event.delta)
  if (Result.isFailure(delta)) return invalid(state.asked, `content_block_delta: ${delta.failure}`)
  const piece = (index: number): ModelEvent => ({ type: "content_block_delta", index, delta: delta.success })
  const wanted = kindOfDelta[delta.success.type]
  if (wanted === undefined || wanted === state.openKind) return Result.succeed([state, [piece(state.nextIndex - 1)]])
  const block = emptyBlocks[wanted]
  if (block === undefined)
    return invalid(state.asked, `a ${delta.success.type} came for a block of the kind ${state.openKind}`)
  const index = state.nextIndex
  return Result.succeed([
    { ...state, nextIndex: index + 1, openKind: wanted },
    [...closeOpen(state), { type: "content_block_start", index, content_block: block }, piece(index)]
  ])
}

const startMessage = (
  state: DecodeState,
  event: Extract<EventWire, { type: "message_start" }>,
  raw: JsonObject
): Decoded => {
  if (state.phase !== "new") return invalid(state.asked, "a second message_start came before the end of the message")
  const { id, model, usage } = event.message
  return Result.succeed([
    { ...state, phase: "open", own: unreadFields(raw["message"], ReplyWire.fields).vendor?.[vendor] ?? {} },
    [{ type: "message_start", message: { id, model, usage: readUsage(usage) } }]
  ])
}

const changeMessage = (
  state: DecodeState,
  event: Extract<EventWire, { type: "message_delta" }>,
  raw: JsonObject
): Decoded => {
  const { stop_details, stop_reason, stop_sequence } = event.delta
  const delta = {
    stop_reason: stop_reason ?? state.stopReason,
    stop_sequence: stop_sequence ?? null,
    ...(stop_details === undefined ? {} : { stop_details })
  }
  const usage = { ...event.usage, output_tokens: event.usage.output_tokens ?? 0 }
  // What a whole message says at its top stands here beside the stop reason, or beside that.
  const { delta: said, usage: _usage, ...rest } = raw
  const unread = unreadFields({ ...state.own, ...rest, ...(isJsonObject(said) ? said : {}) }, ReplyWire.fields)
  const after = { ...closed(state), stopReason: delta.stop_reason }
  return Result.succeed([after, [...closeOpen(state), { type: "message_delta", delta, usage, ...unread }]])
}

const decodeEvent = (state: DecodeState, event: EventWire, raw: JsonObject): Decoded => {
  if (event.type === "ping") return Result.succeed([state, []])
  if (event.type === "error") return Result.fail(envelopeError(state.asked, event))
  if (event.type === "message_start") return startMessage(state, event, raw)
  if (state.phase === "new") return invalid(state.asked, `${event.type} came before message_start`)
  switch (event.type) {
    case "content_block_start":
      return startBlock(state, event)
    case "content_block_delta":
      return addDelta(state, event)
    case "content_block_stop":
      return event.index === state.openIndex
        ? Result.succeed([closed(state), closeOpen(state)])
        : Result.succeed([state, []])
    case "message_delta":
      return changeMessage(state, event, raw)
    case "message_stop":
      return Result.succeed([{ ...closed(state), phase: "complete" }, [...closeOpen(state), { type: "message_stop" }]])
  }
}

const knownEvents: ReadonlySet<string> = new Set(EventWire.members.map((member) => member.fields.type.literal))
const decodeWire = Schema.decodeUnknownResult(EventWire)

const typeOf = (value: unknown): string =>
  isJsonObject(value) && typeof value["type"] === "string" ? value["type"] : ""

const end = (state: DecodeState): Decoded =>
  state.phase === "complete"
    ? Result.succeed([state, []])
    : Result.fail(
        new StreamInterrupted({
          provider: state.asked.provider,
          reason: state.phase === "new" ? "the stream ended before it began" : "the stream ended before message_stop"
        })
      )

/** The decoder of one streamed answer. */
export const messagesDecoder = (asked: Asked): StreamDecoder<DecodeState> => ({
  initial: {
    asked,
    phase: "new",
    nextIndex: 0,
    openIndex: undefined,
    openKind: undefined,
    held: undefined,
    own: {},
    stopReason: null
  },
  isComplete: (state) => state.phase === "complete",
  step: (state, data) => {
    if (data === undefined) return end(state)
    if (state.phase === "complete") return Result.succeed([state, []])
    const value = readJson(data)
    const type = typeOf(value)
    if (!isJsonObject(value) || type === "")
      return invalid(asked, `an event is not a JSON object with a type: ${excerpt(data)}`)
    // Events of a newer API say nothing that is needed to understand the others.
    if (!knownEvents.has(type)) return Result.succeed([state, []])
    const event = decodeWire(value)
    return Result.isFailure(event)
      ? invalid(asked, `${type}: ${where(firstIssue(event.failure))}`)
      : decodeEvent(state, event.success, value)
  }
})
