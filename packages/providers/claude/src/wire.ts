/**
 * The Anthropic Messages API on the wire (versions 2023-06-01 and 2026-10-21), as schemas.
 * Only what Signalbox reads is named: a block is any object with a `type`, and fields beyond these are
 * neither refused nor needed, because the API grows without a new version.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"

const nullable = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** One content block of any kind: an object that says its `type`. */
export const BlockWire = JsonObject.check(
  Schema.makeFilter((block) => typeof block["type"] === "string" || "Expected a content block with a type")
)
export type BlockWire = typeof BlockWire.Type

/** Tokens, and whatever else the API counts. `input_tokens` excludes what was read from or written to the cache. */
export const UsageWire = Schema.StructWithRest(
  Schema.Struct({
    input_tokens: nullable(Schema.Finite),
    output_tokens: nullable(Schema.Finite),
    cache_creation_input_tokens: nullable(Schema.Finite),
    cache_read_input_tokens: nullable(Schema.Finite),
    output_tokens_details: nullable(JsonObject)
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
export type UsageWire = typeof UsageWire.Type

/** `POST /v1/messages`: the body, as far as it is read. */
export const RequestWire = Schema.Struct({
  model: Schema.NonEmptyString,
  max_tokens: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  messages: Schema.NonEmptyArray(
    Schema.Struct({
      role: Schema.Literals(["user", "assistant", "system"]),
      content: Schema.Union([Schema.String, Schema.Array(BlockWire)])
    })
  ),
  system: nullable(Schema.Union([Schema.String, Schema.Array(BlockWire)])),
  stream: nullable(Schema.Boolean),
  temperature: nullable(Schema.Finite),
  top_p: nullable(Schema.Finite),
  top_k: nullable(Schema.Finite),
  stop_sequences: nullable(Schema.Array(Schema.String)),
  tools: nullable(Schema.Array(JsonObject)),
  tool_choice: nullable(
    Schema.Struct({
      type: Schema.Literals(["auto", "any", "tool", "none"]),
      name: nullable(Schema.String),
      disable_parallel_tool_use: nullable(Schema.Boolean)
    })
  )
})
export type RequestWire = typeof RequestWire.Type

/** The answer to a request without `stream`. */
export const ReplyWire = Schema.Struct({
  id: Schema.String,
  type: Schema.Literal("message"),
  role: Schema.Literal("assistant"),
  model: Schema.String,
  content: Schema.Array(BlockWire),
  stop_reason: nullable(Schema.String),
  stop_sequence: nullable(Schema.String),
  stop_details: nullable(JsonObject),
  usage: UsageWire
})
export type ReplyWire = typeof ReplyWire.Type

/** The body of every error answer, and of an `error` event. */
export const ErrorWire = Schema.Struct({
  type: Schema.Literal("error"),
  error: Schema.Struct({
    type: Schema.String,
    message: Schema.String,
    details: nullable(JsonObject)
  }),
  request_id: nullable(Schema.String)
})
export type ErrorWire = typeof ErrorWire.Type

/** The server-sent events of a streamed answer, in the order of a sound stream; `ping` anywhere, `error` last. */
export const EventWire = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("message_start"),
    message: ReplyWire
  }),
  Schema.Struct({ type: Schema.Literal("content_block_start"), index: Schema.Int, content_block: BlockWire }),
  Schema.Struct({ type: Schema.Literal("content_block_delta"), index: Schema.Int, delta: BlockWire }),
  Schema.Struct({ type: Schema.Literal("content_block_stop"), index: Schema.Int }),
  Schema.Struct({
    type: Schema.Literal("message_delta"),
    delta: Schema.Struct({
      stop_reason: nullable(Schema.String),
      stop_sequence: nullable(Schema.String),
      stop_details: nullable(JsonObject)
    }),
    usage: UsageWire
  }),
  Schema.Struct({ type: Schema.Literal("message_stop") }),
  Schema.Struct({ type: Schema.Literal("ping") }),
  ErrorWire
])
export type EventWire = typeof EventWire.Type
