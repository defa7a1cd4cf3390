/**
 * The Responses API on the wire, as schemas: of its items only what is read. Compatible servers leave out, or send
 * as null, what they do not know.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"

const nullable = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** Tokens. `input_tokens` includes cached ones, `output_tokens` the reasoning. */
export const ResponsesUsageWire = Schema.StructWithRest(
  Schema.Struct({
    input_tokens: nullable(Schema.Finite),
    output_tokens: nullable(Schema.Finite),
    total_tokens: nullable(Schema.Finite),
    input_tokens_details: nullable(
      Schema.Struct({ cached_tokens: nullable(Schema.Finite), cache_write_tokens: nullable(Schema.Finite) })
    ),
    output_tokens_details: nullable(Schema.Struct({ reasoning_tokens: nullable(Schema.Finite) }))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
export type ResponsesUsageWire = typeof ResponsesUsageWire.Type

/** A response as it begins and as it ends. */
export const ResponseWire = Schema.Struct({
  id: nullable(Schema.String),
  model: nullable(Schema.String),
  status: nullable(Schema.String),
  output: nullable(Schema.Array(JsonObject)),
  usage: nullable(ResponsesUsageWire),
  error: Schema.optionalKey(Schema.Unknown),
  incomplete_details: nullable(Schema.Struct({ reason: nullable(Schema.String) }))
})
export type ResponseWire = typeof ResponseWire.Type

/** One server-sent event; which fields it has depends on its type. */
export const ResponsesEventWire = Schema.Struct({
  type: Schema.String,
  output_index: nullable(Schema.Int),
  delta: Schema.optionalKey(Schema.Unknown),
  arguments: nullable(Schema.String),
  summary_index: nullable(Schema.Int),
  item: nullable(JsonObject),
  response: nullable(ResponseWire)
})
export type ResponsesEventWire = typeof ResponsesEventWire.Type

/** The answer of `POST /responses/input_tokens`. */
export const InputTokensWire = Schema.Struct({ input_tokens: Schema.Finite })
