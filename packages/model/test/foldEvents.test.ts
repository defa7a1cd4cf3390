import { type ContentBlock, emptyFold, eventsOf, foldEvent, type ModelReply, withInputText } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

const reply = (content: ReadonlyArray<ContentBlock>): ModelReply => ({
  id: "msg_1",
  model: "m",
  content,
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 7 }
})

const fold = (given: ModelReply) => eventsOf(given).reduce(foldEvent, emptyFold)

// Without keys that JSON escapes: V8 may read one as another that it has read before (nodejs/node#63785).
const Key = Schema.String.check(Schema.makeFilter((key) => JSON.stringify(key) === `"${key}"`))
const Json = Schema.Record(Key, Schema.Union([Schema.String, Schema.Int, Schema.Boolean, Schema.Null]))
const Block = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("text"),
    text: Schema.String,
    citations: Schema.NullOr(Schema.Array(Json)),
    cache_control: Schema.NullOr(Json)
  }),
  Schema.Struct({ type: Schema.Literal("thinking"), thinking: Schema.String, signature: Schema.String }),
  Schema.Struct({ type: Schema.Literal("redacted_thinking"), data: Schema.String }),
  Schema.Struct({ type: Schema.Literal("tool_use"), id: Schema.String, name: Schema.String, input: Json }),
  Schema.Struct({ type: Schema.Literal("opaque"), vendor: Schema.String, block: Json })
])

describe("folding events", () => {
  it.effect.prop("gives back the reply whose events they are", [Schema.Array(Block)], ([content]) =>
    Effect.sync(() => {
      const given = reply(content.map((block) => JSON.parse(JSON.stringify(block))))
      const result = fold(given)
      assert.isTrue(result.isComplete)
      assert.deepStrictEqual(result.reply, given)
    })
  )

  it("keeps the text of arguments that are no JSON object", () => {
    const block = { type: "tool_use" as const, id: "1", name: "t", input: {}, invalidInput: '{"a":' }
    assert.deepStrictEqual(fold(reply([block])).reply.content, [block])
    assert.strictEqual(withInputText({ ...block }, "[1]").invalidInput, "[1]")
    const { invalidInput: _, ...sound } = block
    assert.deepStrictEqual(withInputText(sound, " "), sound)
  })

  it("is complete only with the provider's own end", () => {
    const events = eventsOf(reply([{ type: "text", text: "half" }]))
    assert.isFalse(events.slice(0, -1).reduce(foldEvent, emptyFold).isComplete)
  })

  it("lets later usage replace earlier, and keeps what is not said again", () => {
    const start = foldEvent(emptyFold, {
      type: "message_start",
      message: { id: "1", model: "m", usage: { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 2 } }
    })
    const end = foldEvent(start, {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 9, input_tokens: null }
    })
    assert.deepStrictEqual(end.reply.usage, { input_tokens: 5, output_tokens: 9, cache_read_input_tokens: 2 })
  })

  it("ignores deltas without a block to belong to", () => {
    const delta = { type: "content_block_delta" as const, index: 0, delta: { type: "text_delta" as const, text: "x" } }
    assert.deepStrictEqual(foldEvent(emptyFold, delta).reply.content, [])
  })
})
