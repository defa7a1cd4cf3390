/**
 * Content blocks as parts of Chat messages. What the API has no part for is said in words, or left out
 * where it holds nothing for a reader (reasoning of other vendors, markers of caches and compaction).
 */
import { type ContentBlock, isJsonObject, type JsonObject, resultText, type ToolResultBlock } from "@signalbox/model"
import { Predicate } from "effect"
import type { Dialect } from "./Dialect.ts"

/** One part of a message. */
export type Part = JsonObject

/** A mark of the end of a cached prefix, as the upstream writes it. */
export const cacheMark = (cacheControl: unknown, { cacheMarks }: Dialect): JsonObject => {
  if (!isJsonObject(cacheControl) || cacheMarks === "none") return {}
  if (cacheMarks === "cache_control") return { cache_control: cacheControl }
  return { prompt_cache_breakpoint: { mode: "explicit", ttl: cacheControl["ttl"] === "1h" ? "12h" : "30m" } }
}

const textPart = (text: string, mark: JsonObject = {}): ReadonlyArray<Part> =>
  text === "" ? [] : [{ type: "text", text, ...mark }]

type Image = Extract<ContentBlock, { type: "image" }>
type Document = Extract<ContentBlock, { type: "document" }>

const imagePart = (image: Image): ReadonlyArray<Part> => {
  const { source } = image
  switch (source.type) {
    case "base64":
      return [{ type: "image_url", image_url: { url: `data:${source.media_type};base64,${source.data}` } }]
    case "url":
      return [{ type: "image_url", image_url: { url: source.url } }]
    case "file":
      return textPart(resultText({ content: [image], isError: false }))
  }
}

/** All text within a list of wire blocks. */
const innerText = (content: unknown): string => {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  return content
    .flatMap((item: unknown) =>
      Predicate.hasProperty(item, "text") && typeof item.text === "string" ? [item.text] : []
    )
    .join("\n")
}

const documentText = (document: Document): string => {
  const { data, content, type, url } = document.source
  const header = [document.title, document.context].filter((line) => typeof line === "string" && line !== "")
  const words = type === "text" && typeof data === "string" ? data : innerText(content)
  const place = typeof url === "string" ? `[document at ${url}]` : `[document]`
  return [...header, words === "" ? place : words].join("\n")
}

const documentPart = (document: Document, { acceptsFiles }: Dialect): ReadonlyArray<Part> => {
  const { data, media_type, type } = document.source
  const isFile = type === "base64" && typeof data === "string" && acceptsFiles
  if (!isFile) return textPart(documentText(document))
  const filename = document.title ?? "document.pdf"
  return [{ type: "file", file: { filename, file_data: `data:${String(media_type)};base64,${data}` } }]
}

/** Words of blocks that only the Messages API, or MCP, has. */
const opaqueText = (block: JsonObject): string => {
  if (block["type"] === "search_result") {
    const source = [block["title"], block["source"]].filter((word) => typeof word === "string")
    return [...source, innerText(block["content"])].join("\n")
  }
  return block["type"] === "tool_reference"
    ? `Loaded tools: ${String(block["tool_name"])}`
    : innerText(block["content"])
}

/** Parts that stand in Chat's messages as they are; other blocks of the vendor's belong to its other API. */
const chatParts: ReadonlySet<unknown> = new Set(["text", "image_url", "input_audio", "file", "video_url"])

/** A block of a user message as parts. */
export const partsOf = (block: ContentBlock, dialect: Dialect): ReadonlyArray<Part> => {
  switch (block.type) {
    case "text":
      return textPart(block.text, cacheMark(block.cache_control, dialect))
    case "image":
      return imagePart(block)
    case "document":
      return documentPart(block, dialect)
    case "opaque":
      if (block.vendor === "openai") return chatParts.has(block.block["type"]) ? [block.block] : []
      return textPart(
        block.vendor === "anthropic" ? opaqueText(block.block) : resultText({ content: [block], isError: false })
      )
    default:
      return []
  }
}

/** Parts as the content of a message: a single text as itself, which every server understands. */
export const contentOf = (parts: ReadonlyArray<Part>): unknown => {
  const [first] = parts
  const isPlain = parts.length === 1 && first?.["type"] === "text" && Object.keys(first).length === 2
  return isPlain ? first["text"] : parts
}

/** The texts of a message, in order. */
export const textsOf = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<string> =>
  content.flatMap((block) => {
    if (block.type === "text") return block.text === "" ? [] : [block.text]
    const text = block.type === "opaque" && block.vendor === "anthropic" ? opaqueText(block.block) : ""
    return text === "" ? [] : [text]
  })

/** A result as a `tool` message holds it, and what follows it in a user message. */
export interface ResultParts {
  readonly content: unknown
  readonly following: ReadonlyArray<Part>
}

/** References that follow each other, said as the one list that they were. */
const joinedReferences = (content: Exclude<ToolResultBlock["content"], string | undefined>) => {
  const names = content.flatMap((block) =>
    block.type === "opaque" && block.block["type"] === "tool_reference" ? [String(block.block["tool_name"])] : []
  )
  const others = content.filter((block) => block.type !== "opaque" || block.block["type"] !== "tool_reference")
  return names.length === 0 ? others : [...others, { type: "text", text: `Loaded tools: ${names.join(", ")}` } as const]
}

/** A tool result. Images are inside it where the server takes that; else they are announced in its text, and follow. */
export const resultParts = (result: ToolResultBlock, callName: string, dialect: Dialect): ResultParts => {
  const isError = result.is_error === true
  const parts =
    typeof result.content === "string"
      ? textPart(result.content)
      : joinedReferences(result.content ?? []).flatMap((block) => partsOf(block, dialect))
  const isMixed = parts.some((part) => part["type"] !== "text")
  if (isMixed && dialect.resultImages === "inside") {
    return { content: isError ? [...textPart("Error:"), ...parts] : parts, following: [] }
  }
  const following: Array<Part> = []
  const texts = parts.map((part) => {
    if (part["type"] === "text") return String(part["text"])
    following.push(part)
    return `[${part["type"] === "file" ? "file" : "image"} ${following.length} of ${callName} follows]`
  })
  const text = texts.join("\n")
  const announced = following.flatMap((part, index) => [
    { type: "text", text: `[${part["type"] === "file" ? "file" : "image"} ${index + 1} of ${callName}]` },
    part
  ])
  return { content: isError ? `Error: ${text}` : text, following: announced }
}
