/**
 * What a conversation is made of when it is kept: one record for each thing that was said or done.
 * Fields are named as they are written down, in snake case; times are UTC. The version is in every record, so that one file
 * may hold records of several versions.
 */
import { ContentBlock, JsonObject, ToolResultBlock, Usage, VendorFields } from "@signalbox/model"
import { Schema } from "effect"

/** How long an id may be, in UTF-16 units, and how large a record, in bytes of its line. */
export const eventLimits = { idLength: 512, lineBytes: 16 * 1024 * 1024 } as const

const Id = Schema.NonEmptyString.check(Schema.isMaxLength(eventLimits.idLength))

const whole = (minimum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum: Number.MAX_SAFE_INTEGER }))

/** What every record has. */
const shared = {
  schema_version: Schema.Literal(2),
  id: Id,
  conversation_id: Id,
  /** The place in the conversation, from 1. The store gives it; a compacted conversation has gaps. */
  seq: whole(1),
  timestamp: Schema.DateTimeUtcFromString,
  /** The request that it belongs to. With type, kind and index it makes a record unique: the same again is not kept. */
  request_id: Schema.optionalKey(Id),
  /** The place among records of one type and request, from 0. */
  index: Schema.optionalKey(whole(0)),
  token_count: Schema.optionalKey(whole(0)),
  extra: Schema.optionalKey(JsonObject)
}

const content = Schema.Array(ContentBlock)

/** What a user said. */
const UserMessageEvent = Schema.Struct({
  ...shared,
  type: Schema.Literal("user_message"),
  role: Schema.Literal("user"),
  content,
  vendor: Schema.optionalKey(VendorFields)
})

/** What a model answered, its calls among the content. */
const AssistantMessageEvent = Schema.Struct({
  ...shared,
  type: Schema.Literal("assistant_message"),
  role: Schema.Literal("assistant"),
  content,
  model: Schema.optionalKey(Schema.String),
  usage: Schema.optionalKey(Usage),
  stop_reason: Schema.optionalKey(Schema.String),
  vendor: Schema.optionalKey(VendorFields)
})

/** A call of a tool. */
const ToolCallEvent = Schema.Struct({
  ...shared,
  type: Schema.Literal("tool_call"),
  role: Schema.Literal("assistant"),
  tool_call_id: Id,
  name: Schema.String,
  arguments: JsonObject
})

/** What the model was told of a call. */
const ToolResultEvent = Schema.Struct({
  ...shared,
  type: Schema.Literal("tool_result"),
  role: Schema.Literal("tool"),
  tool_call_id: Id,
  content: Schema.optionalKey(ToolResultBlock.fields.content.schema),
  is_error: Schema.optionalKey(Schema.Boolean)
})

/** A word of the host. The model sees it only where it is meant to. */
const SystemUpdateEvent = Schema.Struct({
  ...shared,
  type: Schema.Literal("system_update"),
  role: Schema.Literal("system"),
  content,
  visible_to_llm: Schema.optionalKey(Schema.Boolean)
})

/** What was noted beside the conversation: pieces of an answer, steps of a turn. `kind` says what `data` is. */
export const MetaEvent = Schema.Struct({
  ...shared,
  type: Schema.Literal("meta"),
  role: Schema.Literal("system"),
  kind: Id,
  data: JsonObject
})

/** One record of a conversation. Narrow it by `type`. */
export const ChatEvent = Schema.Union([
  UserMessageEvent,
  AssistantMessageEvent,
  ToolCallEvent,
  ToolResultEvent,
  SystemUpdateEvent,
  MetaEvent
])
export type ChatEvent = typeof ChatEvent.Type

/** What kinds of records there are. */
export type ChatEventType = ChatEvent["type"]

/** What the store gives a record, unless the record brings it along: an imported one keeps its id and its time. */
type Given = "schema_version" | "conversation_id" | "seq" | "id" | "timestamp"

type Distribute<Event> = Event extends ChatEvent ? Omit<Event, Given> & Partial<Pick<Event, "id" | "timestamp">> : never

/** A record that is to be kept. */
export type NewEvent = Distribute<ChatEvent>

/** What tells a record from others. */
export interface EventHead {
  readonly id: string
  readonly seq: number
  readonly type: string
  readonly kind?: string
  readonly request_id?: string
  readonly index?: number
}

/** A record as far as it can be the same as another one. */
export type NamedEvent = Omit<EventHead, "id" | "seq"> & Partial<Pick<EventHead, "id">>

/** What makes a record unique in its conversation; nothing for one that belongs to no request. */
export const uniqueKey = ({ index = 0, kind = "", request_id: requestId, type }: NamedEvent): string | undefined => {
  if (requestId === undefined) return undefined
  return type === "meta" ? `${type} ${index} ${kind.length} ${kind} ${requestId}` : `${type} ${index} ${requestId}`
}
