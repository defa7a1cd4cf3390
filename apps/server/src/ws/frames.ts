/**
 * What goes over the WebSocket, in both directions: one JSON object a frame. Version 1: what is added later leaves these
 * fields as they are.
 */
import { ChatEvent } from "@signalbox/conversation"
import { Usage } from "@signalbox/model"
import { Schema } from "effect"

const RequestId = Schema.NonEmptyString.check(Schema.isMaxLength(256)).annotate({
  description: "Names what is asked: asked again, it is answered with the answer that was given."
})

/** Says something in the conversation of the socket. */
const ChatFrame = Schema.Struct({
  action: Schema.Literal("chat"),
  request_id: RequestId,
  payload: Schema.Struct({
    text: Schema.NonEmptyString,
    /** The name of a model; that of the configuration where it is absent. */
    model: Schema.optionalKey(Schema.NonEmptyString),
    /** Whether the answer comes in pieces; it does where this is absent. */
    streaming: Schema.optionalKey(Schema.Boolean),
    /** Sent back as it came. */
    metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
  })
})
export type ChatFrame = typeof ChatFrame.Type

/** Stops what was asked under this id. */
const CancelFrame = Schema.Struct({ action: Schema.Literal("cancel"), request_id: RequestId })

const PingFrame = Schema.Struct({ action: Schema.Literal("ping"), request_id: RequestId })

/** Asks for what was said and done so far. */
const HistoryFrame = Schema.Struct({
  action: Schema.Literal("history"),
  request_id: RequestId,
  payload: Schema.optionalKey(
    Schema.Struct({
      /** So many of the newest records; all where it is absent. */
      limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })))
    })
  )
})

/** What a client sends. */
export const ClientFrame = Schema.Union([ChatFrame, CancelFrame, PingFrame, HistoryFrame])
export type ClientFrame = typeof ClientFrame.Type

/** What happens while an answer comes. */
const Chunk = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text"), data: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("tool_execution"),
    metadata: Schema.Struct({
      phase: Schema.Literals(["start", "end"]),
      id: Schema.String,
      name: Schema.String,
      /** How it ended. */
      outcome: Schema.optionalKey(Schema.String)
    })
  }),
  Schema.Struct({
    type: Schema.Literal("notice"),
    data: Schema.String,
    metadata: Schema.Struct({ code: Schema.String })
  }),
  Schema.Struct({ type: Schema.Literal("history"), data: Schema.Array(ChatEvent) }),
  /** The question as it was understood, when its turn begins. */
  Schema.Struct({ metadata: Schema.Struct({ user_message: Schema.String }) }),
  /** Of `complete`, where there is nothing to say. */
  Schema.Struct({})
])

/** What the server sends. */
export const ServerFrame = Schema.Struct({
  v: Schema.Literal(1),
  /** Nothing where a frame has none that can be read. */
  request_id: Schema.NullOr(Schema.String),
  status: Schema.Literals(["processing", "chunk", "complete", "error", "cancelled"]),
  chunk: Schema.optionalKey(Chunk),
  error: Schema.optionalKey(
    Schema.Struct({
      code: Schema.String,
      message: Schema.String,
      retryable: Schema.Boolean,
      data: Schema.Record(Schema.String, Schema.Json)
    })
  ),
  metadata: Schema.optionalKey(
    Schema.Struct({
      conversation_id: Schema.optionalKey(Schema.String),
      usage: Schema.optionalKey(Usage),
      finish_reason: Schema.optionalKey(Schema.String),
      /** Whether this request was answered before, and no model was asked now. */
      cached: Schema.optionalKey(Schema.Boolean),
      /** What the client sent along. */
      client: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
    })
  )
})
export type ServerFrame = typeof ServerFrame.Type
