/**
 * What a hook is told and what it may answer: one JSON object each, on standard input and standard output. What is not
 * part of an answer is a fault of it: whoever misspells `arguments` must not believe that they were changed.
 */
import { ContentBlock, Message, ToolResult, Usage } from "@signalbox/model"
import { Schema } from "effect"

/** The version of this protocol. It grows when something is told or answered otherwise, not when something is added. */
export const hookVersion = 1 as const

const told = <const Event extends string>(event: Event) => ({
  version: Schema.Literal(hookVersion),
  event: Schema.Literal(event),
  /** Whose conversation it is: `local`, or the name of a client of `signalbox serve`. */
  principal: Schema.String,
  conversation_id: Schema.String,
  /** The correlation id of the request, as it is in the log. */
  request_id: Schema.NullOr(Schema.String),
  /** The agent whose conversation it is. */
  agent: Schema.NullOr(Schema.String)
})

const Tool = Schema.Struct({
  name: Schema.String,
  original_name: Schema.String,
  /** The server, or `builtin`. */
  source: Schema.String,
  is_read_only: Schema.Boolean
})

const Step = { step: Schema.Int }

/** What happened, or is about to. Numbers of steps are from 1. */
export const HookInput = Schema.Union([
  Schema.Struct({ ...told("session-start"), is_kept: Schema.Boolean }),
  Schema.Struct({ ...told("session-end"), is_kept: Schema.Boolean }),
  Schema.Struct({
    ...told("before-model"),
    ...Step,
    /** Empty for the model of the conversation. */
    model: Schema.String,
    system: Schema.Array(Schema.String),
    messages: Schema.Array(Message),
    /** The names of the tools. */
    tools: Schema.Array(Schema.String)
  }),
  Schema.Struct({
    ...told("after-model"),
    ...Step,
    model: Schema.String,
    stop_reason: Schema.NullOr(Schema.String),
    content: Schema.Array(ContentBlock),
    usage: Usage
  }),
  Schema.Struct({
    ...told("before-tool"),
    ...Step,
    call_id: Schema.String,
    tool: Tool,
    arguments: Schema.Record(Schema.String, Schema.Unknown)
  }),
  Schema.Struct({
    ...told("after-tool"),
    ...Step,
    call_id: Schema.String,
    /** `null` where no tool of that name is there. */
    tool: Schema.NullOr(Tool),
    tool_name: Schema.String,
    arguments: Schema.Record(Schema.String, Schema.Unknown),
    /** `ok`, `tool_error`, `refused` … */
    status: Schema.String,
    error_code: Schema.NullOr(Schema.String),
    duration_ms: Schema.Finite,
    result: ToolResult
  }),
  Schema.Struct({
    ...told("turn-end"),
    /** `error` where it failed. */
    finish_reason: Schema.String,
    text: Schema.String,
    steps: Schema.Int,
    usage: Schema.NullOr(Usage),
    error: Schema.NullOr(Schema.Struct({ code: Schema.String, message: Schema.String }))
  })
])
export type HookInput = typeof HookInput.Type

const reason = Schema.optionalKey(Schema.String)
const refusing = { decision: Schema.optionalKey(Schema.Literals(["allow", "refuse"])), reason }

/** What may be answered to each event. An empty answer allows. */
export const hookAnswers = {
  /** `add_system` is added to the system prompt of the whole session. */
  "session-start": Schema.Struct({ ...refusing, add_system: Schema.optionalKey(Schema.String) }),
  "session-end": Schema.Struct({}),
  /** `add_system` is added to the system prompt of this one request. */
  "before-model": Schema.Struct({ ...refusing, add_system: Schema.optionalKey(Schema.String) }),
  "after-model": Schema.Struct(refusing),
  "before-tool": Schema.Struct({
    /** `ask`: a person has to approve it, whatever conversation.approval lets through. `allow` approves nothing. */
    decision: Schema.optionalKey(Schema.Literals(["allow", "refuse", "ask"])),
    reason,
    /** Instead of the arguments of the model. */
    arguments: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
  }),
  "after-tool": Schema.Struct({
    ...refusing,
    /** What the model is told instead: a text, or content with `is_error`. */
    result: Schema.optionalKey(
      Schema.Union([
        Schema.String,
        Schema.Struct({ content: ToolResult.fields.content, is_error: Schema.optionalKey(Schema.Boolean) })
      ])
    )
  }),
  "turn-end": Schema.Struct({})
} as const

/** The answer to an event. */
export type HookAnswer<Event extends HookInput["event"]> = (typeof hookAnswers)[Event]["Type"]
