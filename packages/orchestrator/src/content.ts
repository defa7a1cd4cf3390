/**
 * What an MCP tool answered, in the vocabulary of models. Nothing of the content is lost: what a model cannot
 * read travels as an `opaque` block, whole, and base64 never ends up in a text.
 */
import type { CallResult, JsonObject } from "@signalbox/mcp"
import type { ToolResult, ToolResultContent } from "@signalbox/model"
import { Predicate } from "effect"

type McpBlock = CallResult["content"][number]

/** One content block (MCP schema, `ContentBlock`), of a tool's answer or of a prompt. */
export const toolResultContent = (block: McpBlock): ToolResultContent => {
  const { data, mimeType, resource, text } = block
  switch (block.type) {
    case "text":
      return typeof text === "string" ? { type: "text", text } : opaque(block)
    case "image":
      return typeof data === "string" && typeof mimeType === "string"
        ? { type: "image", source: { type: "base64", media_type: mimeType, data } }
        : opaque(block)
    case "resource":
      return Predicate.isObject(resource) ? embedded(block, resource) : opaque(block)
    default:
      return opaque(block)
  }
}

const opaque = (block: JsonObject): ToolResultContent => ({ type: "opaque", vendor: "mcp", block })

const embedded = (block: McpBlock, resource: object): ToolResultContent => {
  const { mimeType, text, uri }: { mimeType?: unknown; text?: unknown; uri?: unknown } = resource
  if (typeof text !== "string") return opaque(block)
  const name = [uri, mimeType].filter((part) => typeof part === "string").join(" ")
  return { type: "text", text: `[resource ${name}]\n${text}` }
}

/** A whole answer. `isError` and `structuredContent` are kept as they came. */
export const toolResult = (result: CallResult): ToolResult => ({
  content: result.content.map(toolResultContent),
  isError: result.isError,
  ...(result.structuredContent === undefined ? {} : { structuredContent: result.structuredContent }),
  ...(result.warnings.length === 0 ? {} : { warnings: result.warnings })
})
