/**
 * Content blocks between the wire and the vocabulary. The shapes are the same, so a block is checked and
 * kept as it came, with fields that the vocabulary does not name (`caller`, `transformations`) still on it.
 * Kinds that the vocabulary does not know become `opaque` and leave byte for byte as they came.
 */
import {
  type ContentBlock,
  DocumentBlock,
  ImageBlock,
  isJsonObject,
  type JsonObject,
  RedactedThinkingBlock,
  TextBlock,
  ThinkingBlock,
  type ToolResultBlock,
  type ToolResultContent,
  ToolUseBlock,
  type VendorFields
} from "@signalbox/model"
import { Predicate, Result, Schema, SchemaIssue } from "effect"

/** The name under which blocks of this vendor travel as `opaque`. */
export const vendor = "anthropic"

/** The fields of a wire object beside those that are read, as the vendor's own; what is null says nothing. */
export const unreadFields = (value: unknown, read: Readonly<Record<string, unknown>>): { vendor?: VendorFields } => {
  if (!isJsonObject(value)) return {}
  const fields = Object.entries(value).filter(([name, field]) => !Object.hasOwn(read, name) && field !== null)
  return fields.length === 0 ? {} : { vendor: { [vendor]: Object.fromEntries(fields) } }
}

/** What is wrong with a block, and where in it. */
export interface BlockIssue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly reason: string
}

const toIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** The first thing that a schema found wrong. */
export const firstIssue = (error: Schema.SchemaError): BlockIssue => {
  const issue = toIssues(error.issue).issues[0]
  const path = (issue?.path ?? []).map((step) => (typeof step === "object" ? step.key : step))
  return { path, reason: issue?.message ?? "invalid" }
}

/** Checks a value without changing it: none of these schemas transforms, and a copy would lose unnamed fields. */
export const checked = <S extends Schema.Codec<unknown, unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (value: unknown): Result.Result<S["Type"], BlockIssue> =>
    Result.match(decode(value), {
      onSuccess: () => Result.succeed(value as S["Type"]), // The schema has just accepted exactly this value.
      onFailure: (error) => Result.fail(firstIssue(error))
    })
}

const withoutOurs = ({ invalidInput: _invalid, runBy: _runBy, ...block }: JsonObject): JsonObject => block

const text = checked(TextBlock)
const image = checked(ImageBlock)
const document = checked(DocumentBlock)
const thinking = checked(ThinkingBlock)
const redactedThinking = checked(RedactedThinkingBlock)
const toolUse = checked(ToolUseBlock)
const toolResult = checked(
  Schema.Struct({
    tool_use_id: Schema.String,
    content: Schema.optionalKey(
      Schema.NullOr(Schema.Union([Schema.String, Schema.Array(Schema.Record(Schema.String, Schema.Unknown))]))
    ),
    is_error: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
  })
)

const opaque = (block: JsonObject): Extract<ContentBlock, { type: "opaque" }> => ({ type: "opaque", vendor, block })

/** Blocks that stand in messages and in tool results alike; whatever is unknown among them. */
const fromContent = (block: JsonObject): Result.Result<ToolResultContent, BlockIssue> => {
  switch (block["type"]) {
    case "text":
      return text(block)
    case "image":
      return image(block)
    case "document":
      return document(block)
    default:
      return Result.succeed(opaque(block))
  }
}

/** Turns a list item by item; an issue names the item. */
export const forEachBlock = <A>(
  blocks: ReadonlyArray<JsonObject>,
  turn: (block: JsonObject) => Result.Result<A, BlockIssue>
): Result.Result<ReadonlyArray<A>, BlockIssue> => {
  const turned: Array<A> = []
  for (const [index, block] of blocks.entries()) {
    const result = turn(block)
    if (Result.isFailure(result)) {
      return Result.fail({ path: [index, ...result.failure.path], reason: result.failure.reason })
    }
    turned.push(result.success)
  }
  return Result.succeed(turned)
}

const fromToolResult = (block: JsonObject): Result.Result<ToolResultBlock, BlockIssue> => {
  const result = toolResult(block)
  if (Result.isFailure(result)) return Result.fail(result.failure)
  const { content: given, tool_use_id } = result.success
  const { content: _content, ...rest } = block
  const frame = { ...rest, type: "tool_result" as const, tool_use_id }
  if (given === undefined || given === null) return Result.succeed(frame)
  if (typeof given === "string") return Result.succeed({ ...frame, content: given })
  return Result.match(forEachBlock(given, fromContent), {
    onSuccess: (content) => Result.succeed({ ...frame, content }),
    onFailure: (issue) => Result.fail({ ...issue, path: ["content", ...issue.path] })
  })
}

/** A block of the wire in the vocabulary. Fails only for a kind that is known and malformed. */
export const fromWireBlock = (block: JsonObject): Result.Result<ContentBlock, BlockIssue> => {
  switch (block["type"]) {
    case "thinking":
      // Some compatible servers leave the signature out while the block is being streamed.
      return thinking(typeof block["signature"] === "string" ? block : { ...block, signature: "" })
    case "redacted_thinking":
      return redactedThinking(block)
    case "tool_use":
      return toolUse({ ...withoutOurs(block), input: block["input"] ?? {} })
    case "tool_result":
      return fromToolResult(block)
    default:
      return fromContent(block)
  }
}

const isEmptyText = (block: JsonObject): boolean => block["type"] === "text" && block["text"] === ""

/** The API has made the index of each of its citations, and refuses others. */
const isForeign = ({ encrypted_index: index }: JsonObject): boolean => index === ""

const withoutForeign = ({ citations, ...text }: TextBlock): JsonObject => {
  const own = (citations ?? []).filter((citation) => !isForeign(citation))
  return own.length === 0 ? text : { ...text, citations: own }
}

/**
 * A block as the API takes it, or nothing: what is only ours is left out, and so are blocks of other vendors
 * and empty texts, which the API refuses.
 */
export const toWireBlock = (block: ContentBlock): JsonObject | undefined => {
  if (block.type === "opaque") return block.vendor === vendor ? block.block : undefined
  if (block.type === "tool_use") return withoutOurs(block)
  if (block.type === "tool_result" && typeof block.content === "object") {
    return { ...block, content: toWireBlocks(block.content) }
  }
  if (isEmptyText(block)) return undefined
  return block.type === "text" && block.citations?.some(isForeign) === true ? withoutForeign(block) : block
}

/** All blocks that the API takes, in order. */
export const toWireBlocks = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<JsonObject> =>
  content.map(toWireBlock).filter(Predicate.isNotUndefined)
