/**
 * Content blocks as parts of Chat messages. What the API has no part for is said in words, or left out
 * where it holds nothing for a reader (reasoning of other vendors, markers of caches and compaction).
 */
import { type ContentBlock, type JsonObject, resultText, type ToolResultBlock } from "@signalbox/model"
import { Predicate } from "effect"

/** One part of a user message. */
export type Part = JsonObject

const textPart = (text: string): ReadonlyArray<Part> => (text === "" ? [] : [{ type: "text", text }])

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

const documentPart = (document: Document): ReadonlyArray<Part> => {
  const { data, media_type, type } = document.source
  if (type !== "base64" || typeof data !== "string") return textPart(documentText(document))
  const filename = document.title ?? "document.pdf"
  return [{ type: "file", file: { filename, file_data: `data:${String(media_type)};base64,${data}` } }]
}

/** Words of blocks that only the Messages API has. */
const opaqueText = (block: JsonObject): string => {
  if (block["type"] === "search_result") {
    const source = [block["title"], block["source"]].filter((word) => typeof word === "string")
    return [...source, innerText(block["content"])].join("\n")
  }
  return block["type"] === "tool_reference"
    ? `Loaded tools: ${String(block["tool_name"])}`
    : innerText(block["content"])
}

/** A block of a user message as parts. */
export const partsOf = (block: ContentBlock): ReadonlyArray<Part> => {
  switch (block.type) {
    case "text":
      return textPart(block.text)
    case "image":
      return imagePart(block)
    case "document":
      return documentPart(block)
    case "opaque":
      return block.vendor === "openai" ? [block.block] : textPart(opaqueText(block.block))
    default:
      return []
  }
}

/** Parts as the content of a message: a single text as itself, which every server understands. */
export const contentOf = (parts: ReadonlyArray<Part>): unknown => {
  const [first] = parts
  return parts.length === 1 && first?.["type"] === "text" ? first["text"] : parts
}

/** The texts of a message, in order. */
export const textsOf = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<string> =>
  content.flatMap((block) => {
    if (block.type === "text") return block.text === "" ? [] : [block.text]
    const text = block.type === "opaque" && block.vendor !== "openai" ? opaqueText(block.block) : ""
    return text === "" ? [] : [text]
  })

/** A tool result as text, and its images, which are announced in the text and follow in a user message. */
export const resultParts = (
  result: ToolResultBlock,
  callName: string
): { readonly text: string; readonly images: ReadonlyArray<Part> } => {
  const content =
    typeof result.content === "string" ? textPart(result.content) : (result.content ?? []).flatMap(partsOf)
  const images: Array<Part> = []
  const texts = content.map((part) => {
    if (part["type"] === "text") return String(part["text"])
    images.push(part)
    return `[${part["type"] === "file" ? "file" : "image"} ${images.length} of ${callName} follows]`
  })
  const text = texts.join("\n")
  const announced = images.flatMap((image, index) => [
    { type: "text", text: `[${image["type"] === "file" ? "file" : "image"} ${index + 1} of ${callName}]` },
    image
  ])
  return { text: result.is_error === true ? `Error: ${text}` : text, images: announced }
}
