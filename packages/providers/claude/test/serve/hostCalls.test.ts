import { assert, describe, it } from "@effect/vitest"
import {
  type ContentBlock,
  type Message,
  type ModelReply,
  noUsage,
  type ToolResultBlock,
  type ServedStep
} from "@signalbox/model"
import { decodeRequest, encodeReply } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"

const text = (words: string) => ({ type: "text", text: words }) as const
const hostCall = (id: string, source = "files") =>
  ({ type: "tool_use", id: `toolu_${id}`, name: `tool_${id}`, input: { id }, runBy: { _tag: "Host", source } }) as const
const callerCall = (id: string) => ({ type: "tool_use", id: `toolu_${id}`, name: `tool_${id}`, input: { id } }) as const
const result = (id: string, isError = false): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: `toolu_${id}`,
  content: [text(`answer ${id}`)],
  ...(isError ? { is_error: true } : {})
})
const reply = (content: ReadonlyArray<ContentBlock>, stop = "tool_use"): ModelReply => ({
  id: "msg_up",
  model: "m",
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: { ...noUsage, input_tokens: 10, output_tokens: 2, cache_read_input_tokens: 1 }
})

/** The history that the upstream saw, and must see again. */
const historyOf = (steps: ReadonlyArray<ServedStep>): ReadonlyArray<Message> =>
  steps.flatMap(({ reply: said, results }) => [
    { role: "assistant" as const, content: said.content },
    ...(results.length === 0 ? [] : [{ role: "user" as const, content: results }])
  ])

const roundTrip = (steps: ReadonlyArray<ServedStep>, next: ReadonlyArray<unknown>) =>
  Effect.gen(function* () {
    const message = encodeReply({ id: "msg_1", model: "big", steps })
    const { request } = yield* decodeRequest({
      model: "big",
      max_tokens: 10,
      messages: [
        { role: "user", content: "go" },
        { role: "assistant", content: JSON.parse(JSON.stringify(message.content)) },
        { role: "user", content: next }
      ]
    })
    return request.messages.slice(1)
  })

describe("host calls on the wire", () => {
  it("are one message with calls, results, one usage and the last stop reason", () => {
    const message = encodeReply({
      id: "msg_1",
      model: "big",
      steps: [
        { reply: reply([text("a"), hostCall("1")]), results: [result("1", true)] },
        { reply: reply([text("b")], "end_turn"), results: [] }
      ]
    })
    assert.deepStrictEqual(message.content, [
      { type: "text", text: "a" },
      { type: "mcp_tool_use", id: "mcptoolu_1", name: "tool_1", server_name: "files", input: { id: "1" } },
      {
        type: "mcp_tool_result",
        tool_use_id: "mcptoolu_1",
        is_error: true,
        content: [{ type: "text", text: "answer 1" }]
      },
      { type: "text", text: "b" }
    ])
    assert.strictEqual(message.stop_reason, "end_turn")
    assert.deepStrictEqual(message.usage, {
      input_tokens: 20,
      output_tokens: 4,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 2
    })
  })

  it("stand beside texts without `citations: null`, at which strict clients fail", () => {
    const said = reply([{ ...text("a"), citations: null }], "end_turn")
    const message = encodeReply({ id: "m", model: "big", steps: [{ reply: said, results: [] }] })
    assert.deepStrictEqual(message.content, [{ type: "text", text: "a" }])
  })

  it("end a turn that was cut after its tools with pause_turn, for there is nothing the client could run", () => {
    const message = encodeReply({
      id: "m",
      model: "big",
      steps: [{ reply: reply([hostCall("1")]), results: [result("1")] }]
    })
    assert.strictEqual(message.stop_reason, "pause_turn")
  })

  it("describe what is no text", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } } as const
    const message = encodeReply({
      id: "m",
      model: "big",
      steps: [
        { reply: reply([hostCall("1")]), results: [{ type: "tool_result", tool_use_id: "toolu_1", content: [image] }] }
      ]
    })
    assert.deepStrictEqual(message.content[1]?.["content"], [{ type: "text", text: "[image image/png, 3 bytes]" }])
  })

  it.effect("fold back into the history that the model saw", () =>
    Effect.gen(function* () {
      const steps = [
        { reply: reply([text("a"), hostCall("1"), hostCall("2", "web")]), results: [result("1"), result("2", true)] },
        { reply: reply([text("b"), hostCall("3")]), results: [result("3")] },
        { reply: reply([text("c")], "end_turn"), results: [] }
      ]
      const messages = yield* roundTrip(steps, [text("next")])
      assert.deepStrictEqual(messages, [...historyOf(steps), { role: "user", content: [text("next")] }])
    })
  )

  it.effect("share one user turn with the caller's results, in call order", () =>
    Effect.gen(function* () {
      const steps = [
        { reply: reply([hostCall("0")]), results: [result("0")] },
        { reply: reply([hostCall("1"), callerCall("2"), hostCall("3")]), results: [result("1"), result("3")] }
      ]
      const messages = yield* roundTrip(steps, [text("Tool loaded."), result("2")])
      assert.deepStrictEqual(messages.slice(2), [
        { role: "assistant", content: [hostCall("1"), callerCall("2"), hostCall("3")] },
        { role: "user", content: [result("1"), result("2"), result("3"), text("Tool loaded.")] }
      ])
    })
  )

  it.effect("stay a sound history when the client lost a result, or a call", () =>
    Effect.gen(function* () {
      const call = { type: "mcp_tool_use", id: "mcptoolu_1", name: "tool_1", server_name: "files", input: { id: "1" } }
      const orphan = { type: "mcp_tool_result", tool_use_id: "mcptoolu_9", is_error: false, content: [] }
      const { request } = yield* decodeRequest({
        model: "m",
        max_tokens: 1,
        messages: [
          { role: "user", content: "go" },
          { role: "assistant", content: [call, orphan] },
          { role: "user", content: "next" }
        ]
      })
      assert.deepStrictEqual(request.messages.slice(1), [
        { role: "assistant", content: [hostCall("1")] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: "There is no result." },
            text("next")
          ]
        }
      ])
    })
  )

  it.effect("fold back from an assistant turn that the client cut in two", () =>
    Effect.gen(function* () {
      const message = encodeReply({
        id: "m",
        model: "big",
        steps: [
          { reply: reply([text("a"), hostCall("1")]), results: [result("1")] },
          { reply: reply([text("b")], "end_turn"), results: [] }
        ]
      })
      const { request } = yield* decodeRequest({
        model: "m",
        max_tokens: 1,
        messages: [
          { role: "user", content: "go" },
          { role: "assistant", content: message.content.slice(0, 2) },
          { role: "assistant", content: message.content.slice(2) },
          { role: "user", content: "next" }
        ]
      })
      assert.deepStrictEqual(
        request.messages.map(({ role }) => role),
        ["user", "assistant", "user", "assistant", "user"]
      )
    })
  )
})
