/**
 * Parts of messages of both APIs as content blocks. What no model here can be shown (audio, other files than
 * PDF and text, parts of unknown kinds) is refused by name: a part that is dropped would be missed by nobody
 * but the model.
 */
import {
  type DocumentBlock,
  type ImageBlock,
  isJsonObject,
  type JsonObject,
  type TextBlock,
  type ToolResultContent
} from "@signalbox/model"
import { Effect, Result } from "effect"
import { Base64 } from "effect/encoding"
import { forEachAt, refuse, type RequestIssue } from "./issue.ts"

type Part = TextBlock | ImageBlock | DocumentBlock
type Read<A> = Effect.Effect<A, RequestIssue>
type Path = ReadonlyArray<PropertyKey>

const imageTypes = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"])

/** OpenRouter's marker for caches is that of the vocabulary; OpenAI's knows other times. */
const cacheMark = (part: JsonObject): Pick<TextBlock, "cache_control"> => {
  if (isJsonObject(part["cache_control"])) return { cache_control: part["cache_control"] }
  return isJsonObject(part["prompt_cache_breakpoint"]) ? { cache_control: { type: "ephemeral", ttl: "1h" } } : {}
}

interface DataUrl {
  readonly mediaType: string
  readonly data: string
}

/** The halves of `data:image/png;base64,…`. */
const dataUrl = (url: string): DataUrl | undefined => {
  const comma = url.indexOf(",")
  const head = /^data:([^;,]*)(;[^,]*)?;base64$/i.exec(url.slice(0, Math.max(0, comma)))
  return head === null ? undefined : { mediaType: (head[1] ?? "").toLowerCase(), data: url.slice(comma + 1) }
}

const base64Image = ({ data, mediaType }: DataUrl, path: Path): Read<ImageBlock> =>
  imageTypes.has(mediaType)
    ? Effect.succeed({ type: "image", source: { type: "base64", media_type: mediaType, data } })
    : refuse(path, `Images may be PNG, JPEG, GIF or WebP, not "${mediaType}".`, "unsupported_image_media_type")

const imageAt = (url: unknown, path: Path): Read<ImageBlock> => {
  if (typeof url !== "string") return refuse(path, "Missing key")
  if (/^https?:/i.test(url)) return Effect.succeed({ type: "image", source: { type: "url", url } })
  const data = dataUrl(url)
  return data === undefined
    ? refuse(path, "Expected an http(s) URL, or a data URL in base64.", "invalid_image_url")
    : base64Image(data, path)
}

/** Chat nests the URL (and some clients do not); Responses has it at the part itself, or a file. */
const readImage = (part: JsonObject, path: Path): Read<Part> => {
  const { file_id, image_url } = part
  if (typeof file_id === "string") return Effect.succeed({ type: "image", source: { type: "file", file_id } })
  const url = isJsonObject(image_url) ? image_url["url"] : image_url
  return Effect.map(imageAt(url, [...path, "image_url"]), (image) => ({ ...image, ...cacheMark(part) }))
}

const isText = (mediaType: string): boolean => mediaType.startsWith("text/") || mediaType === "application/json"

const fileData = (given: string, title: Pick<DocumentBlock, "title">, path: Path): Read<Part> => {
  // Without a media type it is taken for what nearly all files are.
  const file = dataUrl(given) ?? { mediaType: "application/pdf", data: given }
  if (imageTypes.has(file.mediaType)) return base64Image(file, path)
  const { data, mediaType } = file
  if (mediaType === "application/pdf") {
    return Effect.succeed({ type: "document", source: { type: "base64", media_type: mediaType, data }, ...title })
  }
  if (!isText(mediaType)) return refuse(path, `Files may be PDF or text, not "${mediaType}".`)
  return Result.match(Base64.decodeString(data), {
    onFailure: () => refuse(path, "The data is not valid base64."),
    onSuccess: (text): Read<Part> =>
      Effect.succeed({ type: "document", source: { type: "text", media_type: "text/plain", data: text }, ...title })
  })
}

/** Chat nests the fields in `file`, Responses has them at the part itself. */
const readFile = (part: JsonObject, at: Path): Read<Part> => {
  const isNested = isJsonObject(part["file"])
  const file = isJsonObject(part["file"]) ? part["file"] : part
  const path = isNested ? [...at, "file"] : at
  const { file_data, file_id, file_url, filename } = file
  const title = typeof filename === "string" ? { title: filename } : {}
  if (typeof file_data === "string") return fileData(file_data, title, [...path, "file_data"])
  if (typeof file_id === "string") {
    return Effect.succeed({ type: "document", source: { type: "file", file_id }, ...title })
  }
  if (typeof file_url === "string") {
    return Effect.succeed({ type: "document", source: { type: "url", url: file_url }, ...title })
  }
  return refuse([...path, "file_data"], "Missing key")
}

const textTypes = new Set(["text", "input_text", "output_text", "summary_text"])

const readPart = (part: JsonObject, path: Path): Read<Part> => {
  const type = typeof part["type"] === "string" ? part["type"] : "text"
  if (textTypes.has(type)) {
    return typeof part["text"] === "string"
      ? Effect.succeed({ type: "text", text: part["text"], ...cacheMark(part) })
      : refuse([...path, "text"], "Missing key")
  }
  switch (type) {
    case "refusal":
      return Effect.succeed({ type: "text", text: String(part["refusal"]) })
    case "image_url":
    case "input_image":
      return readImage(part, path)
    case "file":
    case "input_file":
      return readFile(part, path)
    case "input_audio":
      return refuse([...path, "type"], "Audio is not supported here: send text.", "unsupported_content_type")
    default:
      return refuse([...path, "type"], `Parts of type "${type}" are not supported here.`)
  }
}

const isEmpty = (block: Part): boolean => block.type === "text" && block.text === ""

/** The content of a message: a text, or parts. Empty texts are left out: other APIs refuse them. */
export const readContent = (content: string | ReadonlyArray<JsonObject>, path: Path): Read<ReadonlyArray<Part>> => {
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content
  const at = typeof content === "string" ? () => path : (inner: Path) => inner
  return Effect.map(
    forEachAt(path, parts, (part, inner) => readPart(part, at(inner))),
    (blocks) => blocks.filter((block) => !isEmpty(block))
  )
}

/** The content of an instruction: text alone. */
export const readTexts = (content: string | ReadonlyArray<JsonObject>, path: Path): Read<ReadonlyArray<TextBlock>> =>
  Effect.flatMap(readContent(content, path), (blocks) =>
    forEachAt(path, blocks, (block, at) =>
      block.type === "text" ? Effect.succeed(block) : refuse(at, "Instructions may hold text only.")
    )
  )

/** What a tool answered, as it comes from the caller: nothing stays nothing. */
export const readOutput = (output: unknown, path: Path): Read<string | ReadonlyArray<ToolResultContent>> => {
  if (output === undefined || output === null) return Effect.succeed("")
  if (typeof output === "string") return Effect.succeed(output)
  if (!Array.isArray(output)) return Effect.succeed(JSON.stringify(output))
  return readContent(output.filter(isJsonObject), path)
}
