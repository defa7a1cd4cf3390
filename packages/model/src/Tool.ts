/**
 * What a tool is, and what it answers, for the model and for the loop alike.
 */
import { Schema } from "effect"
import { type ContentBlock, JsonObject, RunBy, ToolResultContent } from "./ContentBlock.ts"

/** What a tool says of itself (MCP `ToolAnnotations`). Hints: believe them only of trusted sources. */
export const ToolAnnotations = Schema.Struct({
  title: Schema.optionalKey(Schema.String),
  readOnlyHint: Schema.optionalKey(Schema.Boolean),
  destructiveHint: Schema.optionalKey(Schema.Boolean),
  idempotentHint: Schema.optionalKey(Schema.Boolean),
  openWorldHint: Schema.optionalKey(Schema.Boolean)
})
export type ToolAnnotations = typeof ToolAnnotations.Type

/** A tool as a `Toolbox` lists it. */
export const ToolDefinition = Schema.Struct({
  /** The name that its toolbox takes calls under, and that models see. */
  name: Schema.String,
  /** What the source itself calls it: the name that is sent to the server. */
  originalName: Schema.String,
  /** The name that the configuration gives it instead, wherever it is shown. */
  alias: Schema.optionalKey(Schema.String),
  title: Schema.optionalKey(Schema.String),
  description: Schema.String,
  inputSchema: JsonObject,
  outputSchema: Schema.optionalKey(JsonObject),
  annotations: ToolAnnotations,
  runBy: RunBy,
  /** Whether the annotations may be relied upon, for retries and approvals. */
  isTrusted: Schema.Boolean,
  /** It ends its calls by itself in time, so that the limit for tool calls is not held against it; a deadline is. */
  hasOwnTimeLimit: Schema.optionalKey(Schema.Boolean),
  /** It may ask for approval by itself, before it does anything. */
  mayAskItself: Schema.optionalKey(Schema.Boolean)
})
export interface ToolDefinition extends Schema.Schema.Type<typeof ToolDefinition> {}

/**
 * Whether running the tool twice does no harm, so that a call whose outcome is unknown may be made again.
 * Annotations are promises only where the source is trusted.
 */
export const isSafeToRepeat = ({
  annotations,
  isTrusted
}: Pick<ToolDefinition, "annotations" | "isTrusted">): boolean =>
  isTrusted && (annotations.readOnlyHint === true || annotations.idempotentHint === true)

/** What a tool answered. `isError` is a value for the model to read, not a failure. */
export const ToolResult = Schema.Struct({
  content: Schema.Array(ToolResultContent),
  structuredContent: Schema.optionalKey(Schema.Unknown),
  isError: Schema.Boolean,
  /** Oddities of the answer that did not cost its content, such as a schema that it violates. */
  warnings: Schema.optionalKey(Schema.Array(Schema.String))
})
export interface ToolResult extends Schema.Schema.Type<typeof ToolResult> {}

/** A result of one text. */
export const textResult = (text: string, isError = false): ToolResult => ({
  content: [{ type: "text", text }],
  isError
})

const describeBlock = (block: ContentBlock): string => {
  switch (block.type) {
    case "text":
      return block.text
    case "image":
      return block.source.type === "base64"
        ? `[image ${block.source.media_type}, ${byteCount(block.source.data)} bytes]`
        : `[image ${block.source.type === "url" ? block.source.url : block.source.file_id}]`
    case "document":
      return `[document${block.title === undefined || block.title === null ? "" : ` ${block.title}`}]`
    case "opaque":
      return describeOpaque(block.block)
    default:
      return `[${block.type}]`
  }
}

const byteCount = (base64: string): number => Math.floor((base64.replace(/=+$/, "").length * 3) / 4)

const describeOpaque = (block: JsonObject): string => {
  const type = typeof block["type"] === "string" ? block["type"] : "block"
  const name = [block["uri"], block["name"], block["mimeType"]].filter((part) => typeof part === "string")
  return `[${[type, ...name].join(" ")}]`
}

/**
 * A result as one text: structured content as JSON where there is no text, else the pieces joined by lines,
 * with what cannot be text described in brackets with its size. An empty success reads `done`.
 */
export const resultText = (result: ToolResult): string => {
  const text = result.content.map(describeBlock).join("\n")
  if (text !== "") return text
  if (result.structuredContent !== undefined) return JSON.stringify(result.structuredContent, null, 2)
  return result.isError ? "error" : "done"
}
