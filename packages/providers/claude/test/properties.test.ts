import { assert, describe, it } from "@effect/vitest"
import { collectReply, type ModelEvent } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { decodeRequest, encodeStream, renderEvent, startStream } from "@signalbox/provider-claude/serve"
import { Effect, Result, Schema, Stream } from "effect"
import { bodyOf, withCannedAnswer } from "./support.ts"

/** Without keys that JSON escapes: V8 may read one as another that it has read before. */
const Key = Schema.String.check(Schema.makeFilter((key) => JSON.stringify(key) === `"${key}"` && key !== "__proto__"))
const Input = Schema.Record(Key, Schema.Union([Schema.String, Schema.Int, Schema.Boolean]))
const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))

const Block = Schema.Union([
  Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
  Schema.Struct({ type: Schema.Literal("thinking"), thinking: Schema.String, signature: Schema.String }),
  Schema.Struct({ type: Schema.Literal("redacted_thinking"), data: Schema.String }),
  Schema.Struct({ type: Schema.Literal("tool_use"), id: Schema.String, name: Schema.Literal("n"), input: Input }),
  Schema.Struct({ type: Schema.Literal("hologram"), depth: Schema.Int })
])

/** What any server may send, sound or not. */
const Sent = Schema.Union([
  Schema.Struct({ type: Schema.Literal("content_block_start"), index: Index, content_block: Block }),
  Schema.Struct({
    type: Schema.Literal("content_block_delta"),
    index: Index,
    delta: Schema.Union([
      Schema.Struct({ type: Schema.Literal("text_delta"), text: Schema.String }),
      Schema.Struct({ type: Schema.Literal("thinking_delta"), thinking: Schema.String }),
      Schema.Struct({ type: Schema.Literal("signature_delta"), signature: Schema.String }),
      Schema.Struct({
        type: Schema.Literal("input_json_delta"),
        partial_json: Schema.Literals(["", "{", "}", '{"a":1}'])
      }),
      Schema.Struct({ type: Schema.Literal("depth_delta"), by: Schema.String })
    ])
  }),
  Schema.Struct({ type: Schema.Literal("content_block_stop"), index: Index }),
  Schema.Struct({ type: Schema.Literal("ping") }),
  Schema.Struct({ type: Schema.Literal("weather"), is: Schema.String })
])

const message = { id: "m", type: "message", role: "assistant", model: "m", content: [], usage: { input_tokens: 1 } }
const render = (events: ReadonlyArray<object>) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")
const streamOf = (sent: ReadonlyArray<typeof Sent.Type>) =>
  render([
    { type: "message_start", message },
    ...sent,
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
    { type: "message_stop" }
  ])

/** The events of a stream up to its end or failure. */
const eventsOf = (pieces: ReadonlyArray<Uint8Array | string>) =>
  Effect.gen(function* () {
    const events: Array<ModelEvent> = []
    const result = yield* withCannedAnswer(pieces, (model) =>
      Effect.result(Stream.runForEach(model.stream(askFor()), (event) => Effect.sync(() => events.push(event))))
    )
    return { events, error: Result.isFailure(result) ? result.failure.message : undefined }
  })

const cut = (text: string, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const bytes = new TextEncoder().encode(text)
  const bounds = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return bounds.slice(1).map((bound, index) => bytes.slice(bounds[index], bound))
}

/** Fails where blocks are not numbered 0, 1, 2 … or where one overlaps another. */
const checkBlocks = (events: ReadonlyArray<{ readonly type: string; readonly index?: number }>) => {
  let open: number | undefined
  let next = 0
  for (const { index, type } of events) {
    if (type === "content_block_start") {
      assert.deepStrictEqual([open, index], [undefined, next])
      open = next++
    } else if (type === "content_block_delta" || type === "content_block_stop") {
      assert.strictEqual(index, open)
      if (type === "content_block_stop") open = undefined
    }
  }
  return open
}

const served = (events: ReadonlyArray<ModelEvent>) => {
  let state = startStream({ id: "msg_1", model: "m", runBy: () => ({ _tag: "Caller" }) })
  const inputs = [...events.map((event) => ({ type: "model", event }) as const), { type: "end" } as const]
  return inputs.flatMap((input) => {
    const [next, shown] = encodeStream(state, input)
    state = next
    return shown
  })
}

const Cuts = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5000 })))
const SentStream = Schema.Array(Sent)

describe("streams of any server", () => {
  it.effect.prop("are read the same however their bytes are cut", [SentStream, Cuts], ([sent, cuts]) =>
    Effect.gen(function* () {
      const text = streamOf(sent)
      assert.deepStrictEqual(yield* eventsOf(cut(text, cuts)), yield* eventsOf([text]))
    })
  )

  it.effect.prop("give blocks that are numbered and never overlap, here and for clients", [SentStream], ([sent]) =>
    Effect.gen(function* () {
      const { error, events } = yield* eventsOf([streamOf(sent)])
      const open = checkBlocks(events)
      if (error === undefined) assert.isUndefined(open)
      assert.isUndefined(checkBlocks(served(events)))
    })
  )

  it.effect.prop("say the same to a client that asks us as to us", [Schema.Array(Block)], ([blocks]) =>
    Effect.gen(function* () {
      const sent = blocks.flatMap((content_block, index): ReadonlyArray<typeof Sent.Type> => [
        { type: "content_block_start", index, content_block },
        { type: "content_block_stop", index }
      ])
      const { events } = yield* eventsOf([streamOf(sent)])
      const reply = yield* collectReply("claude", Stream.fromIterable(events))
      const again = yield* eventsOf(served(events).map(renderEvent))
      const read = yield* collectReply("claude", Stream.fromIterable(again.events))
      assert.deepStrictEqual(read.content, reply.content)
    })
  )
})

const Text = Schema.Struct({ type: Schema.Literal("text"), text: Schema.NonEmptyString })
const ToolResult = Schema.Struct({
  type: Schema.Literal("tool_result"),
  tool_use_id: Schema.String,
  content: Schema.Union([Schema.String, Schema.Array(Text)]),
  is_error: Schema.Boolean
})
const Signed = Schema.Struct({
  type: Schema.Literal("thinking"),
  thinking: Schema.String,
  signature: Schema.NonEmptyString
})
const History = Schema.Array(
  Schema.Union([
    Schema.Struct({ role: Schema.Literal("user"), content: Schema.NonEmptyArray(Schema.Union([Text, ToolResult])) }),
    Schema.Struct({
      role: Schema.Literal("assistant"),
      content: Schema.NonEmptyArray(
        Schema.Union([
          Text,
          Signed,
          Schema.Struct({
            type: Schema.Literal("tool_use"),
            id: Schema.String,
            name: Schema.Literal("n"),
            input: Input
          }),
          Schema.Struct({ type: Schema.Literal("hologram"), depth: Schema.Int })
        ])
      )
    }),
    Schema.Struct({ role: Schema.Literal("system"), content: Schema.NonEmptyArray(Text) })
  ])
).check(Schema.isMinLength(1))

describe("any history", () => {
  it.effect.prop("goes upstream as it came", [History], ([messages]) =>
    Effect.gen(function* () {
      const { request } = yield* decodeRequest({ model: "m", max_tokens: 5, messages })
      assert.deepStrictEqual<unknown>((yield* bodyOf(request))["messages"], JSON.parse(JSON.stringify(messages)))
    })
  )
})
