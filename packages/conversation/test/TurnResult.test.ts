import { duplicateCodes } from "@signalbox/errors"
import { modelErrors, textResult, type ToolUseBlock } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import {
  conversationErrors,
  hasPendingCalls,
  successRate,
  type ToolOutcome,
  toolResultBlock,
  TurnResult
} from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { caller, echo, turnOf } from "./support.ts"

const call = (id: string): ToolUseBlock => ({ type: "tool_use", id, name: "echo", input: {} })
const outcome = (id: string, status: ToolOutcome["status"]): ToolOutcome => ({
  call: call(id),
  status,
  result: textResult(""),
  duration: Duration.zero
})

describe("the result of a turn", () => {
  it.effect("survives a round trip through JSON", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([
        {
          toolCalls: [
            { name: "echo", input: { text: "a", deep: [{ b: null }] } },
            { name: "nothing", input: {} }
          ]
        },
        { text: "and", toolCalls: [{ name: "ask_user", input: {} }] }
      ])
      const result = yield* turnOf(model, [echo, caller])
      const json = JSON.stringify(yield* Schema.encodeEffect(Schema.toCodecJson(TurnResult))(result))
      const decoded = yield* Schema.decodeEffect(Schema.toCodecJson(TurnResult))(JSON.parse(json))
      assert.deepStrictEqual(decoded, result)
    })
  )

  it("has a success rate of 1 without calls", () => {
    assert.strictEqual(successRate([]), 1)
    assert.strictEqual(successRate([outcome("1", "ok"), outcome("2", "tool_error"), outcome("3", "timeout")]), 1 / 3)
  })

  it("has pending calls where a call has no outcome of its id", () => {
    assert.isTrue(
      hasPendingCalls({ calls: [call("1"), call("2")], outcomes: [outcome("1", "ok"), outcome("x", "ok")] })
    )
    assert.isFalse(hasPendingCalls({ calls: [call("1")], outcomes: [outcome("1", "failed")] }))
    assert.isFalse(hasPendingCalls({ calls: [{ ...call("1"), runBy: { _tag: "Provider" } }], outcomes: [] }))
  })
})

describe("the block that tells the model of a result", () => {
  it("keeps every piece of content", () => {
    const image = { type: "image" as const, source: { type: "url" as const, url: "http://x/y.png" } }
    const content = [{ type: "text" as const, text: "a" }, image]
    assert.deepStrictEqual(toolResultBlock("1", { content, isError: false }), {
      type: "tool_result",
      tool_use_id: "1",
      content
    })
  })

  it("adds structured content where there is no text, and says done where there is nothing", () => {
    const structured = { content: [], structuredContent: { a: 1 }, isError: false }
    assert.deepStrictEqual(toolResultBlock("1", structured).content, '{\n  "a": 1\n}')
    assert.deepStrictEqual(toolResultBlock("1", { content: [], isError: false }).content, "done")
    const image = { type: "image" as const, source: { type: "file" as const, file_id: "f" } }
    assert.deepStrictEqual(toolResultBlock("1", { ...structured, content: [image], isError: true }), {
      type: "tool_result",
      tool_use_id: "1",
      content: [image, { type: "text", text: '{"a":1}' }],
      is_error: true
    })
  })
})

describe("errors of conversations", () => {
  it("have codes of their own", () => {
    assert.deepStrictEqual(duplicateCodes([...modelErrors, ...conversationErrors]), [])
  })
})
