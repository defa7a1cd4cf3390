/**
 * What clients send: the bodies of `POST /v1/messages` and `/v1/messages/count_tokens`, in both versions of the API
 * and with the fields of its betas. Values of fields that the API alone understands are looked at, not into.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"
import { BlockWire } from "./blocks.ts"
import { nullable, open, Typed } from "./open.ts"
import { McpServerWire, ToolChoiceWire, ToolWire } from "./tools.ts"

/** One message. Those of the role `system` may have no content, and bring settings that hold from there on. */
export const MessageWire = open({
  role: Schema.Literals(["user", "assistant", "system"]),
  content: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(BlockWire)]))
})
export type MessageWire = typeof MessageWire.Type

const thinking = open({
  type: Schema.String,
  budget_tokens: nullable(Schema.Finite),
  display: nullable(Schema.String),
  block_binding: nullable(JsonObject)
})

const outputConfig = open({
  effort: nullable(Schema.String),
  format: nullable(Typed),
  task_budget: nullable(JsonObject)
})

/** Fields that counting and answering have in common. */
const asked = {
  model: Schema.NonEmptyString,
  messages: Schema.Array(MessageWire).check(Schema.isMinLength(1)),
  system: nullable(Schema.Union([Schema.String, Schema.Array(BlockWire)])),
  tools: nullable(Schema.Array(ToolWire)),
  tool_choice: nullable(ToolChoiceWire),
  thinking: nullable(thinking),
  output_config: nullable(outputConfig),
  cache_control: nullable(JsonObject),
  speed: nullable(Schema.String),
  // Of betas only.
  mcp_servers: nullable(Schema.Array(McpServerWire)),
  context_management: nullable(JsonObject),
  compaction: nullable(JsonObject),
  billing_policy: nullable(JsonObject),
  output_format: nullable(JsonObject),
  thread: nullable(Typed)
}

/** The body of `POST /v1/messages`. `max_tokens` is 0 to warm the cache; the sampling fields are those of 2023-06-01. */
export const RequestWire = open({
  ...asked,
  max_tokens: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  stream: nullable(Schema.Boolean),
  temperature: nullable(Schema.Finite),
  top_p: nullable(Schema.Finite),
  top_k: nullable(Schema.Finite),
  stop_sequences: nullable(Schema.Array(Schema.String)),
  metadata: nullable(open({ user_id: nullable(Schema.String) })),
  container: nullable(Schema.Union([Schema.String, JsonObject])),
  diagnostics: nullable(JsonObject),
  inference_geo: nullable(Schema.String),

  service_tier: nullable(Schema.String),
  // Of betas only.
  fallbacks: nullable(Schema.Union([Schema.String, Schema.Array(JsonObject)])),
  fallback_credit_token: nullable(Schema.Union([Schema.String, JsonObject])),
  safeguards: nullable(Schema.Array(JsonObject)),
  tags: nullable(Schema.Unknown)
})
export type RequestWire = typeof RequestWire.Type

/** The body of `POST /v1/messages/count_tokens`; clients also send whole requests there. */
export const CountTokensRequestWire = open(asked)
export type CountTokensRequestWire = typeof CountTokensRequestWire.Type
