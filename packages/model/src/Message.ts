/**
 * Messages, what a model is asked, and what it answers.
 * What comes from the wire keeps its snake case (`stop_reason`); what only exists here is in camel case.
 */
import { type Redacted, Schema } from "effect"
import { ContentBlock, JsonObject, type TextBlock } from "./ContentBlock.ts"
import type { ToolDefinition } from "./Tool.ts"

/** Fields of vendors' APIs that are handed on unread, by vendor: `{ anthropic: { thinking: … } }`. */
export const VendorFields = Schema.Record(Schema.String, JsonObject)
export type VendorFields = typeof VendorFields.Type

/** One message. `system` inside a conversation is an instruction given after it began. */
export const Message = Schema.Struct({
  role: Schema.Literals(["user", "assistant", "system"]),
  content: Schema.Array(ContentBlock),
  vendor: Schema.optionalKey(VendorFields)
})
export type Message = typeof Message.Type

/**
 * Tokens that a reply cost. `input_tokens` does not contain what was read from or written to a cache.
 * What else a vendor counts or says stands beside, under the vendor's own names.
 */
export const Usage = Schema.StructWithRest(
  Schema.Struct({
    input_tokens: Schema.Finite,
    output_tokens: Schema.Finite,
    cache_creation_input_tokens: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
    cache_read_input_tokens: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
    output_tokens_details: Schema.optionalKey(Schema.NullOr(JsonObject))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
export type Usage = typeof Usage.Type

/** What a call cost of which nothing is known: zero tokens. Where sums begin. */
export const noUsage: Usage = { input_tokens: 0, output_tokens: 0 }

/** A usage with counts that came later. Where there is none, null or absent, the earlier one stays. */
export const laterUsage = (before: Usage, said: JsonObject): Usage => ({
  ...before,
  ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== undefined))
})

/** The sum of two usages: what a turn of several model calls cost. */
export const addUsage = (a: Usage, b: Usage): Usage => ({
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  ...sum("cache_creation_input_tokens", a, b),
  ...sum("cache_read_input_tokens", a, b)
})

const sum = (key: "cache_creation_input_tokens" | "cache_read_input_tokens", a: Usage, b: Usage) =>
  (a[key] ?? b[key]) === undefined ? {} : { [key]: (a[key] ?? 0) + (b[key] ?? 0) }

/** Why a reply ended. Others than these may come from newer APIs and are handed on. */
export type StopReason =
  | "end_turn"
  | "max_tokens"
  | "stop_sequence"
  | "tool_use"
  | "pause_turn"
  | "refusal"
  | "model_context_window_exceeded"
  | (string & {})

/** A whole answer of a model: the fold of its stream of events. */
export const ModelReply = Schema.Struct({
  id: Schema.String,
  model: Schema.String,
  content: Schema.Array(ContentBlock),
  stop_reason: Schema.NullOr(Schema.String),
  stop_sequence: Schema.NullOr(Schema.String),
  /** Why the model refused, where the API says so. */
  stop_details: Schema.optionalKey(Schema.NullOr(JsonObject)),
  usage: Usage,
  vendor: Schema.optionalKey(VendorFields)
})
export interface ModelReply extends Schema.Schema.Type<typeof ModelReply> {}

/** Whether, and which, tools the model must use. */
export type ToolChoice =
  | { readonly type: "auto" | "any"; readonly disableParallel?: boolean }
  | { readonly type: "tool"; readonly name: string; readonly disableParallel?: boolean }
  | { readonly type: "none" }

/** What a model is asked. Complete: a provider adds nothing but its own wire format. */
export interface ModelRequest {
  /** The provider's name for the model; empty for the provider's default. */
  readonly model: string
  readonly system: ReadonlyArray<TextBlock>
  readonly messages: ReadonlyArray<Message>
  readonly tools: ReadonlyArray<ToolDefinition>
  readonly toolChoice?: ToolChoice
  /** The most tokens that the answer may have; absent: as many as the model gives. */
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly stopSequences?: ReadonlyArray<string>
  readonly vendor?: VendorFields
  /** Headers of one vendor's API that pass through unread, by vendor: `{ anthropic: { "anthropic-beta": … } }`. */
  readonly vendorHeaders?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** The caller's own key, which takes the place of the provider's for this request. */
  readonly apiKey?: Redacted.Redacted
}

/** A message of one text. */
export const textMessage = (role: Message["role"], text: string): Message => ({
  role,
  content: [{ type: "text", text }]
})

/** All text of a list of blocks, in order, as it would be read. */
export const textOf = (content: ReadonlyArray<ContentBlock>): string =>
  content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("")
