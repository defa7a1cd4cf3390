/**
 * The small answers: models, pages of them, and how many tokens a request has.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"
import { nullable, open } from "./open.ts"

/** How long a model will be there. */
export const LifecycleWire = Schema.Literals(["active", "deprecated", "retired"])
export type LifecycleWire = typeof LifecycleWire.Type

/** One model, as `GET /v1/models/{id}` answers it. Older servers send the first four fields alone. */
export const ModelWire = open({
  type: Schema.Literal("model"),
  id: Schema.String,
  display_name: Schema.String,
  /** RFC 3339. */
  created_at: Schema.String,
  lifecycle: Schema.optionalKey(LifecycleWire),
  line: nullable(Schema.String),
  deprecated_at: nullable(Schema.String),
  retires_at: nullable(Schema.String),
  max_input_tokens: nullable(Schema.Finite),
  max_tokens: nullable(Schema.Finite),
  capabilities: nullable(JsonObject)
})
export type ModelWire = typeof ModelWire.Type

/** The answer of `GET /v1/models`: newest first. */
export const ModelsPageWire = open({
  data: Schema.Array(ModelWire),
  has_more: Schema.Boolean,
  first_id: nullable(Schema.String),
  last_id: nullable(Schema.String)
})
export type ModelsPageWire = typeof ModelsPageWire.Type

/** The answer of `POST /v1/messages/count_tokens`. */
export const TokenCountWire = open({ input_tokens: Schema.Int, context_management: nullable(JsonObject) })
export type TokenCountWire = typeof TokenCountWire.Type
