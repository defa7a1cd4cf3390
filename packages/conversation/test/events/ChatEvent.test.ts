import { ChatEvent, decodeEvent, decodeLine, EventStore } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { userSays } from "@signalbox/conversation/testing"

const encode = Schema.encodeEffect(ChatEvent)

const base = {
  schema_version: 2,
  id: "e",
  conversation_id: "c",
  seq: 1,
  timestamp: "2026-11-27T10:00:00.000Z"
} as const

const older = { id: "e", conversation_id: "c", seq: 3, timestamp: "2025-01-01T10:00:00+00:00" } as const

const olderOf = (json: unknown) => {
  const decoded = decodeEvent(json)
  assert.property(decoded, "older")
  if (!("older" in decoded)) throw new Error("not an older record")
  const { timestamp, ...rest } = decoded.older
  return { ...rest, at: timestamp === undefined ? "" : DateTime.formatIso(timestamp) }
}

describe("a record of a conversation", () => {
  it.effect("keeps its time in UTC, wherever the program runs", () =>
    Effect.gen(function* () {
      process.env["TZ"] = "Asia/Tokyo"
      assert.strictEqual(new Date(0).getHours(), 9)
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 23, 59, 59, 7))
      const store = yield* EventStore
      yield* store.addEvent("c", userSays("hi"))
      const [event] = yield* store.getEvents("c")
      assert.isDefined(event)
      if (event === undefined) return
      assert.strictEqual((yield* encode(event)).timestamp, "2026-01-01T23:59:59.007Z")
      const elsewhere = decodeEvent({ ...(yield* encode(event)), timestamp: "2026-01-02T01:59:59.007+02:00" })
      assert.isTrue("event" in elsewhere && DateTime.Equivalence(elsewhere.event.timestamp, event.timestamp))
    }).pipe(
      Effect.provide(EventStore.layerMemory),
      Effect.ensuring(
        Effect.sync(() => {
          delete process.env["TZ"]
        })
      )
    )
  )

  it("cannot be a result without a call, or anything without its version", () => {
    const result = { ...base, type: "tool_result", role: "tool", content: "done" }
    assert.property(decodeEvent(result), "problem")
    assert.property(decodeEvent({ ...result, tool_call_id: "t" }), "event")
    assert.property(decodeEvent({ ...result, tool_call_id: "t", schema_version: 3 }), "problem")
    assert.property(decodeEvent({ ...result, tool_call_id: "t", id: "x".repeat(513) }), "problem")
    assert.property(decodeEvent([]), "problem")
    assert.property(decodeLine("{"), "problem")
  })

  it("of the first version keeps what it said", () => {
    assert.deepStrictEqual(olderOf({ ...older, type: "user_message", role: "user", content: "hi", token_count: 4 }), {
      type: "user_message",
      role: "user",
      content: [{ type: "text", text: "hi" }],
      id: "e",
      token_count: 4,
      at: "2025-01-01T10:00:00.000Z"
    })
    const answer = olderOf({
      ...older,
      type: "assistant_message",
      role: "assistant",
      content: [{ type: "text", text: "a" }, "b", { type: "odd", x: 1 }],
      tool_calls: [
        { id: "t1", name: "add", arguments: { a: 1 } },
        { id: "t2", name: "add", arguments: '{"a":2}' },
        { id: "t3", name: "add", arguments: "{" }
      ],
      model: "m",
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
      extra: { user_request_id: "r" }
    })
    assert.deepInclude(answer, { model: "m", usage: { input_tokens: 3, output_tokens: 4 }, request_id: "r" })
    assert.deepStrictEqual("content" in answer ? answer.content : undefined, [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
      { type: "opaque", vendor: "unknown", block: { type: "odd", x: 1 } },
      { type: "tool_use", id: "t1", name: "add", input: { a: 1 } },
      { type: "tool_use", id: "t2", name: "add", input: { a: 2 } },
      { type: "tool_use", id: "t3", name: "add", input: {}, invalidInput: "{" }
    ])
    assert.deepInclude(olderOf({ ...older, type: "tool_call", tool_calls: [{ id: "t", name: "n", arguments: {} }] }), {
      tool_call_id: "t",
      name: "n"
    })
    assert.deepInclude(olderOf({ ...older, type: "tool_result", tool_call_id: "t", content: "done" }), {
      tool_call_id: "t",
      content: "done"
    })
    const piece = { kind: "assistant_delta", user_request_id: "r", hop_number: 0, delta_index: 2 }
    assert.deepInclude(olderOf({ ...older, type: "meta", content: "ab", extra: piece }), {
      kind: "assistant_delta",
      request_id: "r",
      index: 2,
      data: { ...piece, content: "ab" }
    })
    assert.deepInclude(olderOf({ ...older, type: "system_update", content: "x", extra: { visible_to_llm: true } }), {
      visible_to_llm: true
    })
  })

  it("of the oldest form keeps what has no field any more", () => {
    const event = { created_at: "2025-01-01 10:00:00", role: "assistant", content: "x", provider: "p", raw: { a: 1 } }
    assert.deepStrictEqual(olderOf({ ...event, stop_reason: "stop" }), {
      type: "assistant_message",
      role: "assistant",
      content: [{ type: "text", text: "x" }],
      stop_reason: "stop",
      extra: { provider: "p", raw: { a: 1 } },
      at: "2025-01-01T10:00:00.000Z"
    })
  })

  it("that belongs nowhere is kept for people", () => {
    const stray = { ...older, type: "tool_result", content: "done" }
    assert.deepInclude(olderOf(stray), { type: "meta", kind: "unplaced_tool_result", data: stray })
    assert.property(decodeEvent({ ...older, timestamp: "yesterday" }), "problem")
    assert.property(decodeEvent({ timestamp: older.timestamp }), "problem")
  })
})
