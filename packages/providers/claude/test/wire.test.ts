import type Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { ErrorWire, EventWire, ReplyWire, RequestWire } from "@signalbox/provider-claude/wire"
import { Schema } from "effect"
import type { Answers, Blocks, Requests } from "./wire.types.ts"

/** Holds as long as this compiles: see there. */
export type Checks = [Requests, Blocks, Answers]

const request: Anthropic.MessageCreateParams = {
  model: "claude-x",
  max_tokens: 10,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }],
  messages: [
    { role: "user", content: "hi" },
    { role: "assistant", content: [{ type: "tool_use", id: "t", name: "n", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "r" }] }
  ],
  tools: [{ name: "n", input_schema: { type: "object" } }],
  tool_choice: { type: "auto" },
  stream: true
}

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "a", citations: null }],
  stop_reason: "end_turn",
  stop_sequence: null,
  stop_details: null,
  container: null,
  usage: { input_tokens: 1, output_tokens: 1, cache_creation: null, service_tier: "standard" }
}

const events = [
  { type: "message_start", message: { ...message, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: "message_stop" },
  { type: "ping" },
  { type: "error", error: { type: "api_error", message: "x" }, request_id: null }
]

describe("the wire schemas", () => {
  it("accept a request typed by the SDK", () => assert.isTrue(Schema.is(RequestWire)(request)))
  it("accept a message with the fields of today", () => assert.isTrue(Schema.is(ReplyWire)(message)))
  it("accept every event of a stream", () => {
    for (const event of events) assert.isTrue(Schema.is(EventWire)(event), event.type)
  })
  it("tell an error from a message", () => {
    assert.isTrue(Schema.is(ErrorWire)({ type: "error", error: { type: "x", message: "y" } }))
    assert.isFalse(Schema.is(ErrorWire)(message))
  })
})
