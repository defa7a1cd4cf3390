/**
 * What the API answers to a request for a message: the message, its stream, and errors.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"
import { BlockWire } from "./blocks.ts"
import { nullable, open } from "./open.ts"

/** Tokens, and whatever else the API counts. `input_tokens` excludes what was read from or written to the cache. */
export const UsageWire = open({
  input_tokens: nullable(Schema.Finite),
  output_tokens: nullable(Schema.Finite),
  cache_creation_input_tokens: nullable(Schema.Finite),
  cache_read_input_tokens: nullable(Schema.Finite),
  output_tokens_details: nullable(JsonObject)
})
export type UsageWire = typeof UsageWire.Type

/** Why a message ended, as far as is known today; others are handed on. */
export const StopReasonWire = Schema.Literals([
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
  "compaction"
])
export type StopReasonWire = typeof StopReasonWire.Type

const stop = {
  stop_reason: nullable(Schema.String),
  stop_sequence: nullable(Schema.String),
  stop_details: nullable(JsonObject)
}

/** The answer to a request without `stream`. Fields beside these are in the value that was decoded, not in the result. */
export const ReplyWire = Schema.Struct({
  id: Schema.String,
  type: Schema.Literal("message"),
  role: Schema.Literal("assistant"),
  model: Schema.String,
  content: Schema.Array(BlockWire),
  ...stop,
  usage: UsageWire
})
export type ReplyWire = typeof ReplyWire.Type

/** The body of every error answer, and of an `error` event. */
export const ErrorWire = Schema.Struct({
  type: Schema.Literal("error"),
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    /** With `error_code`, for which the official SDK has classes, and what the case has to say. */
    details: nullable(JsonObject)
  }),
  request_id: nullable(Schema.String)
})
export type ErrorWire = typeof ErrorWire.Type

/** The server-sent events of a streamed answer, in the order of a sound stream; `ping` anywhere, `error` last. */
export const EventWire = Schema.Union([
  Schema.Struct({ type: Schema.Literal("message_start"), message: ReplyWire }),
  Schema.Struct({ type: Schema.Literal("content_block_start"), index: Schema.Int, content_block: BlockWire }),
  Schema.Struct({ type: Schema.Literal("content_block_delta"), index: Schema.Int, delta: BlockWire }),
  Schema.Struct({ type: Schema.Literal("content_block_stop"), index: Schema.Int }),
  Schema.Struct({ type: Schema.Literal("message_delta"), delta: Schema.Struct(stop), usage: UsageWire }),
  Schema.Struct({ type: Schema.Literal("message_stop") }),
  Schema.Struct({ type: Schema.Literal("ping") }),
  ErrorWire
])
export type EventWire = typeof EventWire.Type

const piece = <const Type extends string, const Fields extends Schema.Struct.Fields>(type: Type, fields: Fields) =>
  open({ type: Schema.Literal(type), ...fields })

/** The pieces in which blocks are streamed, by their `type`. */
export const deltaSchemas = {
  text_delta: piece("text_delta", { text: Schema.String }),
  input_json_delta: piece("input_json_delta", { partial_json: Schema.String }),
  citations_delta: piece("citations_delta", { citation: JsonObject }),
  thinking_delta: piece("thinking_delta", { thinking: Schema.String, estimated_tokens: nullable(Schema.Finite) }),
  signature_delta: piece("signature_delta", { signature: Schema.String }),
  compaction_delta: piece("compaction_delta", {
    content: nullable(Schema.String),
    encrypted_content: nullable(Schema.String)
  })
} as const
