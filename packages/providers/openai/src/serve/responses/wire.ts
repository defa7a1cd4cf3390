/**
 * Responses as a server reads and writes it. Items are read one by one, by their type; of the request itself only
 * what is acted upon is checked.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"

const nullable = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** The body of `POST /v1/responses`. */
export const ResponsesRequestWire = Schema.Struct({
  model: Schema.String,
  input: Schema.Union([Schema.String, Schema.Array(JsonObject)]),
  instructions: nullable(Schema.String),
  stream: nullable(Schema.Boolean),
  tools: nullable(Schema.Array(JsonObject)),
  tool_choice: nullable(Schema.Union([Schema.String, JsonObject])),
  parallel_tool_calls: nullable(Schema.Boolean),
  max_output_tokens: nullable(Schema.Int.check(Schema.isGreaterThan(0))),
  temperature: nullable(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 }))),
  top_p: nullable(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  reasoning: nullable(Schema.Struct({ effort: nullable(Schema.String), summary: nullable(Schema.String) })),
  text: nullable(Schema.Struct({ format: nullable(JsonObject), verbosity: nullable(Schema.String) })),
  previous_response_id: nullable(Schema.String),
  conversation: nullable(Schema.Unknown),
  background: nullable(Schema.Boolean),
  prompt: nullable(Schema.Unknown)
})
export type ResponsesRequestWire = typeof ResponsesRequestWire.Type

/** A response: whole, or as far as a stream has come. */
export interface ResponseWire extends JsonObject {
  readonly id: string
  readonly object: "response"
  readonly created_at: number
  readonly status: "in_progress" | "completed" | "incomplete" | "failed"
  readonly model: string
  readonly output: ReadonlyArray<JsonObject>
}

/** An event of a stream. A `ping` is none to clients: it becomes a comment. */
export type ResponsesEvent =
  | { readonly type: "ping" }
  | ({ readonly type: string; readonly sequence_number: number } & JsonObject)
