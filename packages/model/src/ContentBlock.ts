/**
 * The pieces that messages are made of, in the shape of the Anthropic Messages API: the richest public one.
 * Field names are those of the wire (`tool_use_id`), so that translation happens in one place, the OpenAI
 * adapter, and a Claude conversation is never rewritten. A block of a kind that this vocabulary does not
 * know travels as `opaque` and is sent back exactly as it came.
 */
import { Predicate, Schema } from "effect"

/** A JSON object of any content: tool inputs, schemas, metadata. */
export const JsonObject = Schema.Record(Schema.String, Schema.Unknown)
export type JsonObject = typeof JsonObject.Type

/** Whether a JSON value is an object, and neither null nor a list. */
export const isJsonObject = (value: unknown): value is JsonObject => Predicate.isObject(value)

/** Marks the end of a prefix that the provider may cache. Kept as it came. */
const cached = { cache_control: Schema.optionalKey(Schema.NullOr(JsonObject)) }

/** Text of either side, with citations where the vendor gives them. */
export const TextBlock = Schema.Struct({
  type: Schema.Literal("text"),
  text: Schema.String,
  citations: Schema.optionalKey(Schema.NullOr(Schema.Array(JsonObject))),
  ...cached
})
export type TextBlock = typeof TextBlock.Type

/** A picture: its bytes in base64, a URL, or a file that the vendor keeps. */
export const ImageBlock = Schema.Struct({
  type: Schema.Literal("image"),
  source: Schema.Union([
    Schema.Struct({ type: Schema.Literal("base64"), media_type: Schema.String, data: Schema.String }),
    Schema.Struct({ type: Schema.Literal("url"), url: Schema.String }),
    Schema.Struct({ type: Schema.Literal("file"), file_id: Schema.String })
  ]),
  ...cached
})
export type ImageBlock = typeof ImageBlock.Type

/** A document that the model may read and cite. Its `source` is the vendor's own form. */
export const DocumentBlock = Schema.Struct({
  type: Schema.Literal("document"),
  source: JsonObject,
  title: Schema.optionalKey(Schema.NullOr(Schema.String)),
  context: Schema.optionalKey(Schema.NullOr(Schema.String)),
  citations: Schema.optionalKey(Schema.NullOr(JsonObject)),
  ...cached
})
export type DocumentBlock = typeof DocumentBlock.Type

/** Reasoning of the model. Goes back unchanged: the provider verifies the signature. */
export const ThinkingBlock = Schema.Struct({
  type: Schema.Literal("thinking"),
  thinking: Schema.String,
  signature: Schema.String
})
export type ThinkingBlock = typeof ThinkingBlock.Type

/** Thinking that the vendor has encrypted. Send it back as it came, or the next request is refused. */
export const RedactedThinkingBlock = Schema.Struct({
  type: Schema.Literal("redacted_thinking"),
  data: Schema.String
})

/** A block of a vendor's own that is kept, not understood. */
export const OpaqueBlock = Schema.Struct({
  type: Schema.Literal("opaque"),
  vendor: Schema.String,
  block: JsonObject
})
export type OpaqueBlock = typeof OpaqueBlock.Type

/** Who runs a tool: this host (naming the source: a server, or a toolbox), the caller of the API, or the provider itself. */
export const RunBy = Schema.Union([
  Schema.TaggedStruct("Host", { source: Schema.String }),
  Schema.TaggedStruct("Caller", {}),
  Schema.TaggedStruct("Provider", {})
])
export type RunBy = typeof RunBy.Type

/** A model's request to run a tool. */
export const ToolUseBlock = Schema.Struct({
  type: Schema.Literal("tool_use"),
  id: Schema.String,
  name: Schema.String,
  input: JsonObject,
  /** The text of the arguments, where it was not a JSON object; `input` is empty then. */
  invalidInput: Schema.optionalKey(Schema.String),
  /** Ours, never sent to a provider. Absent until the turn loop has looked the tool up. */
  runBy: Schema.optionalKey(RunBy),
  ...cached
})
export type ToolUseBlock = typeof ToolUseBlock.Type

/** What a tool result may hold. */
export const ToolResultContent = Schema.Union([TextBlock, ImageBlock, DocumentBlock, OpaqueBlock])
export type ToolResultContent = typeof ToolResultContent.Type

/** The answer to the `tool_use` block with the same id. `is_error` tells the model that the tool failed. */
export const ToolResultBlock = Schema.Struct({
  type: Schema.Literal("tool_result"),
  tool_use_id: Schema.String,
  content: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(ToolResultContent)])),
  is_error: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  ...cached
})
export type ToolResultBlock = typeof ToolResultBlock.Type

/** Any piece of a message. Narrow it by `type`. */
export const ContentBlock = Schema.Union([
  TextBlock,
  ImageBlock,
  DocumentBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
  ToolUseBlock,
  ToolResultBlock,
  OpaqueBlock
])
export type ContentBlock = typeof ContentBlock.Type
