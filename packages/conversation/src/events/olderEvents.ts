/**
 * Records of earlier versions. The first had one shape for all types, with text as content and the calls beside it; an
 * older form of it named time, model and reason otherwise. Nothing of them is lost: what has no field any more is in `extra`.
 */
import { ContentBlock, isJsonObject, type JsonObject, type ToolUseBlock, type Usage } from "@signalbox/model"
import { DateTime, Option, Predicate, Result, Schema } from "effect"
import { ChatEvent, type NewEvent } from "./ChatEvent.ts"

/** A record with its place, or why it is none. */
export type DecodedEvent =
  | { readonly event: ChatEvent }
  | { readonly older: NewEvent; readonly conversationId: string | undefined; readonly seq: number | undefined }
  | {
      readonly problem: string
      /** That of the record, where a later Signalbox has written it. */
      readonly newerVersion?: number
    }

const decodeCurrent = Schema.decodeUnknownResult(ChatEvent)
const decodeBlock = Schema.decodeUnknownOption(ContentBlock)
const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** Reads one record of any version. */
export const decodeEvent = (json: unknown): DecodedEvent => {
  if (!isJsonObject(json)) return { problem: "it is no JSON object" }
  const version = json["schema_version"]
  if (version === 2) {
    const decoded = decodeCurrent(json)
    return decoded._tag === "Success" ? { event: decoded.success } : { problem: decoded.failure.message }
  }
  if (version !== undefined && version !== 1) {
    const problem = `its version ${JSON.stringify(version)} is not known`
    return typeof version === "number" && version > 2 ? { problem, newerVersion: version } : { problem }
  }
  return decodeOlder(json)
}

/** Reads one line. */
export const decodeLine = (line: string): DecodedEvent => {
  // A schema of JSON would take as long as all the rest.
  const json = Result.try((): unknown => JSON.parse(line))
  return Result.isFailure(json) ? { problem: "it is no JSON" } : decodeEvent(json.success)
}

const textAt = (json: JsonObject, ...keys: ReadonlyArray<string>): string | undefined => {
  const values = keys.map((key) => json[key])
  return values.find((value) => typeof value === "string" && value !== "") as string | undefined
}

const wholeAt = (json: JsonObject, key: string): number | undefined => {
  const value = json[key]
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** `undefined` leaves the key out. */
const given = <K extends string, V>(key: K, value: V | undefined) =>
  // The only key of the object is the one that was given.
  (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V }

const decodeOlder = (json: JsonObject): DecodedEvent => {
  const time = textAt(json, "timestamp", "created_at")
  const timestamp = time === undefined ? undefined : Option.getOrUndefined(DateTime.make(zoned(time)))
  if (timestamp === undefined) return { problem: "it has no time" }
  const type = typeOf(json)
  if (type === undefined) return { problem: "it has neither a type nor a role" }
  const extra = extraOf(json)
  const older = shapeOf(type, json, extra)
  return {
    conversationId: textAt(json, "conversation_id"),
    seq: wholeAt(json, "seq"),
    older: {
      ...older,
      timestamp: DateTime.toUtc(timestamp),
      ...given("id", textAt(json, "id")),
      ...given("request_id", textAt(extra, "request_id", "user_request_id")),
      ...given("index", wholeAt(extra, "delta_index")),
      ...given("token_count", wholeAt(json, "token_count"))
    }
  }
}

/** Times without a zone were UTC; the language would read them as local time. */
const zoned = (text: string): string => (/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text.replace(" ", "T")}Z`)

const types = new Set<unknown>([
  "user_message",
  "assistant_message",
  "tool_call",
  "tool_result",
  "system_update",
  "meta"
])
const typesOfRoles: Readonly<Record<string, NewEvent["type"]>> = {
  user: "user_message",
  assistant: "assistant_message",
  tool: "tool_result",
  system: "system_update"
}

const typeOf = (json: JsonObject): NewEvent["type"] | undefined => {
  // Its membership was just looked up.
  if (types.has(json["type"])) return json["type"] as NewEvent["type"]
  return typeof json["role"] === "string" ? typesOfRoles[json["role"]] : undefined
}

const extraOf = (json: JsonObject): JsonObject => ({
  ...(isJsonObject(json["extra"]) ? json["extra"] : {}),
  ...given("provider", json["provider"] ?? undefined),
  ...given("raw", json["raw"] ?? undefined)
})

const shapeOf = (type: NewEvent["type"], json: JsonObject, extra: JsonObject): NewEvent => {
  const rest = Object.keys(extra).length === 0 ? {} : { extra }
  const calls = callsOf(json)
  const [call] = calls
  const callId = textAt(json, "tool_call_id")
  switch (type) {
    case "user_message":
      return { ...rest, type, role: "user", content: blocksOf(json["content"]) }
    case "assistant_message":
      return {
        ...rest,
        type,
        role: "assistant",
        content: [...blocksOf(json["content"]), ...calls],
        ...given("model", textAt(json, "model")),
        ...given("usage", usageOf(json["usage"])),
        ...given("stop_reason", textAt(json, "stop_reason"))
      }
    case "tool_call":
      return call === undefined
        ? unplaced(type, json)
        : {
            ...(calls.length > 1 ? { extra: { ...extra, tool_calls: json["tool_calls"] } } : rest),
            type,
            role: "assistant",
            tool_call_id: call.id,
            name: call.name,
            arguments: call.input
          }
    case "tool_result":
      return callId === undefined
        ? unplaced(type, json)
        : { ...rest, type, role: "tool", tool_call_id: callId, content: textOfContent(json["content"]) }
    case "system_update": {
      const isVisible = extra["visible_to_llm"] === true
      return { ...rest, type, role: "system", content: blocksOf(json["content"]), visible_to_llm: isVisible }
    }
    case "meta":
      return {
        type,
        role: "system",
        kind: textAt(extra, "kind") ?? "note",
        data: { ...extra, ...given("content", json["content"] ?? undefined) }
      }
  }
}

/** A call without a call, or a result of none: the record is kept for people, no model can be shown it. */
const unplaced = (type: string, json: JsonObject): NewEvent => ({
  type: "meta",
  role: "system",
  kind: `unplaced_${type}`,
  data: json
})

const blocksOf = (content: unknown): ReadonlyArray<ContentBlock> => {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }]
  if (!Array.isArray(content)) return []
  return content.flatMap((part: unknown): ReadonlyArray<ContentBlock> => {
    if (typeof part === "string") return blocksOf(part)
    if (!isJsonObject(part)) return []
    const block = decodeBlock(part)
    if (Option.isSome(block)) return [block.value]
    return typeof part["text"] === "string"
      ? blocksOf(part["text"])
      : [{ type: "opaque", vendor: "unknown", block: part }]
  })
}

const textOfContent = (content: unknown): string => {
  if (typeof content === "string") return content
  return blocksOf(content)
    .map((block) => (block.type === "text" ? block.text : JSON.stringify(block)))
    .join("\n")
}

const callsOf = (json: JsonObject): ReadonlyArray<ToolUseBlock> => {
  const calls = json["tool_calls"]
  if (!Array.isArray(calls)) return []
  return calls.filter(isJsonObject).map((call): ToolUseBlock => {
    const input = call["arguments"]
    const parsed = typeof input === "string" ? Option.getOrUndefined(decodeJson(input)) : input
    const block = {
      type: "tool_use",
      id: textAt(call, "id") ?? "call",
      name: textAt(call, "name") ?? "unknown"
    } as const
    if (isJsonObject(parsed)) return { ...block, input: parsed }
    return typeof input === "string" && input !== ""
      ? { ...block, input: {}, invalidInput: input }
      : { ...block, input: {} }
  })
}

const usageOf = (usage: unknown): Usage | undefined => {
  if (!isJsonObject(usage)) return undefined
  const count = (...keys: ReadonlyArray<string>) => keys.map((key) => usage[key]).find(Predicate.isNumber)
  return {
    input_tokens: count("prompt_tokens", "input_tokens") ?? 0,
    output_tokens: count("completion_tokens", "output_tokens") ?? 0
  }
}
