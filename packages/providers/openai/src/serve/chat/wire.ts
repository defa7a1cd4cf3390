/**
 * Chat Completions as a server reads and writes it. Requests are read as widely as clients are seen to send them:
 * nulls, and fields of other vendors that speak this API.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"
import type { OpenAiErrorWire } from "../encodeError.ts"

const nullable = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Content = Schema.Union([Schema.String, Schema.Array(JsonObject)])

const Positive = Schema.Int.check(Schema.isGreaterThan(0))

/** A tool that the host ran inside a turn: this server's extension of assistant messages, made after the `mcp_call` of Responses. */
export const McpCallWire = Schema.Struct({
  type: Schema.Literal("mcp_call"),
  /** The place in the list; accumulators of streams need one. */
  index: nullable(Schema.Int),
  id: Schema.String,
  server_label: Schema.String,
  name: Schema.String,
  arguments: Schema.String,
  output: nullable(Schema.String),
  is_error: nullable(Schema.Boolean),
  /** Which model call of the turn made it. */
  step: nullable(Schema.Int),
  /** How much of `content`, in UTF-16 units, was said before its result. */
  content_offset: nullable(Schema.Int),
  /** How many of `tool_calls` came before it, where they are of the same model call. */
  tool_calls_before: nullable(Schema.Int)
})
export type McpCallWire = typeof McpCallWire.Type

/** A message of any role. */
export const MessageWire = Schema.Struct({
  role: Schema.String,
  content: nullable(Content),
  refusal: nullable(Schema.String),
  tool_calls: nullable(Schema.Array(JsonObject)),
  tool_call_id: nullable(Schema.String),
  reasoning_content: nullable(Schema.String),
  reasoning: nullable(Schema.String),
  reasoning_details: nullable(Schema.Array(JsonObject)),
  mcp_calls: nullable(Schema.Array(JsonObject))
})
export type MessageWire = typeof MessageWire.Type

/** The body of `POST /v1/chat/completions`. */
export const ChatRequestWire = Schema.Struct({
  model: Schema.String,
  messages: Schema.Array(MessageWire).check(Schema.isMinLength(1)),
  stream: nullable(Schema.Boolean),
  stream_options: nullable(Schema.Struct({ include_usage: nullable(Schema.Boolean) })),
  tools: nullable(Schema.Array(JsonObject)),
  tool_choice: nullable(Schema.Union([Schema.String, JsonObject])),
  /** OpenRouter's older way to ask for it. */
  usage: nullable(Schema.Struct({ include: nullable(Schema.Boolean) })),
  parallel_tool_calls: nullable(Schema.Boolean),
  max_completion_tokens: nullable(Positive),
  max_tokens: nullable(Positive),
  stop: nullable(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  temperature: nullable(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 }))),
  top_p: nullable(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  top_k: nullable(Schema.Int),
  n: nullable(Schema.Int),
  logprobs: nullable(Schema.Boolean),
  top_logprobs: nullable(Schema.Int),
  modalities: nullable(Schema.Array(Schema.String)),
  functions: nullable(Schema.Array(JsonObject)),
  function_call: nullable(Schema.Unknown),
  response_format: nullable(JsonObject),
  reasoning_effort: nullable(Schema.String)
})
export type ChatRequestWire = typeof ChatRequestWire.Type

/** Why a choice ended. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter"

/** `usage` of an answer. Prompts contain cached tokens, completions the reasoning. */
export interface ChatUsageWire {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly completion_tokens_details: { readonly reasoning_tokens: number }
}

/** What a message holds beside its role: in chunks a piece of it. */
export interface ChatDelta {
  readonly role?: "assistant"
  readonly content?: string | null
  readonly refusal?: string | null
  readonly tool_calls?: ReadonlyArray<JsonObject>
  readonly reasoning_content?: string
  readonly reasoning_details?: ReadonlyArray<JsonObject>
  readonly mcp_calls?: ReadonlyArray<McpCallWire>
  readonly annotations?: ReadonlyArray<JsonObject>
}

/** One chunk of a stream. */
export interface ChatChunkWire {
  readonly id: string
  readonly object: "chat.completion.chunk"
  readonly created: number
  readonly model: string
  readonly choices: ReadonlyArray<{
    readonly index: 0
    readonly delta: ChatDelta
    readonly logprobs: null
    readonly finish_reason: FinishReason | null
  }>
  readonly usage?: ChatUsageWire | null
}

/** A whole answer. */
export interface ChatCompletionWire {
  readonly id: string
  readonly object: "chat.completion"
  readonly created: number
  readonly model: string
  readonly choices: ReadonlyArray<{
    readonly index: 0
    readonly message: ChatDelta
    readonly logprobs: null
    readonly finish_reason: FinishReason
  }>
  readonly usage: ChatUsageWire
}

/** What goes over the wire of a stream, before it is text. */
export type ChatEvent =
  | { readonly type: "chunk"; readonly chunk: ChatChunkWire }
  | { readonly type: "ping" }
  | { readonly type: "error"; readonly body: OpenAiErrorWire }
  | { readonly type: "done" }
