/**
 * The stream in which a model answers: the events of the Messages API without `ping` and `error`
 * (an error is the stream's failure). Blocks are numbered 0, 1, 2 … in start order and never overlap;
 * every provider keeps that rule, so nobody downstream has to.
 */
import { Schema } from "effect"
import { ContentBlock, JsonObject } from "./ContentBlock.ts"
import { Usage, VendorFields } from "./Message.ts"

/** A piece of a block. `opaque_delta` is one that this vocabulary does not know. */
export const BlockDelta = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text_delta"), text: Schema.String }),
  Schema.Struct({ type: Schema.Literal("input_json_delta"), partial_json: Schema.String }),
  Schema.Struct({ type: Schema.Literal("thinking_delta"), thinking: Schema.String }),
  Schema.Struct({ type: Schema.Literal("signature_delta"), signature: Schema.String }),
  Schema.Struct({ type: Schema.Literal("citations_delta"), citation: JsonObject }),
  Schema.Struct({ type: Schema.Literal("opaque_delta"), delta: JsonObject })
])
export type BlockDelta = typeof BlockDelta.Type

/**
 * One piece of a reply as it streams, in the order and with the names of the Anthropic Messages API. `foldEvents`
 * makes the whole reply of them.
 */
export const ModelEvent = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("message_start"),
    message: Schema.Struct({ id: Schema.String, model: Schema.String, usage: Usage })
  }),
  /** Text and inputs are empty here and follow as deltas; blocks without deltas are complete. */
  Schema.Struct({ type: Schema.Literal("content_block_start"), index: Schema.Int, content_block: ContentBlock }),
  Schema.Struct({ type: Schema.Literal("content_block_delta"), index: Schema.Int, delta: BlockDelta }),
  Schema.Struct({ type: Schema.Literal("content_block_stop"), index: Schema.Int }),
  /** `usage` is cumulative: what it says replaces what `message_start` said. */
  Schema.Struct({
    type: Schema.Literal("message_delta"),
    delta: Schema.Struct({
      stop_reason: Schema.NullOr(Schema.String),
      stop_sequence: Schema.NullOr(Schema.String),
      stop_details: Schema.optionalKey(Schema.NullOr(JsonObject))
    }),
    usage: Schema.StructWithRest(
      Schema.Struct({
        output_tokens: Schema.Finite,
        input_tokens: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
        cache_creation_input_tokens: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
        cache_read_input_tokens: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
        output_tokens_details: Schema.optionalKey(Schema.NullOr(JsonObject))
      }),
      [Schema.Record(Schema.String, Schema.Unknown)]
    ),
    vendor: Schema.optionalKey(VendorFields)
  }),
  Schema.Struct({ type: Schema.Literal("message_stop") })
])
export type ModelEvent = typeof ModelEvent.Type
