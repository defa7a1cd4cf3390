import { assert, describe, it } from "@effect/vitest"
import {
  collectReply,
  type ModelEvent,
  ProviderOverloaded,
  type ServedEvent,
  type ServedStream
} from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { decodeRequest, encodeStream, renderEvent, startStream } from "@signalbox/provider-claude/serve"
import type { EventWire } from "@signalbox/provider-claude/wire"
import { Effect, Result, Stream } from "effect"
import { withCannedAnswer } from "./support.ts"

/** What gateways between clients and models have got wrong, and does not happen here. */

const event = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const start = event("message_start", {
  message: { id: "m", type: "message", role: "assistant", model: "m", content: [], usage: { input_tokens: 7 } }
})
const open = (index: number, content_block: object) => event("content_block_start", { index, content_block })
const delta = (index: number, piece: object) => event("content_block_delta", { index, delta: piece })
const close = (index: number) => event("content_block_stop", { index })
const stop = (stop_reason: string | null = "end_turn", usage: object = { output_tokens: 4 }) =>
  event("message_delta", { delta: { stop_reason }, usage })
const end = event("message_stop")

const replyTo = (...pieces: ReadonlyArray<string>) =>
  withCannedAnswer(pieces, (model) => collectReply("claude", model.stream(askFor())))

const eventsOf = (...pieces: ReadonlyArray<string>) =>
  withCannedAnswer(pieces, (model) => Stream.runCollect(model.stream(askFor())))

const turn: ServedStream = { id: "msg_1", model: "big", runBy: () => ({ _tag: "Caller" }) }

/** What a client is shown of this. */
const shown = (inputs: ReadonlyArray<ServedEvent>): ReadonlyArray<EventWire> => {
  let state = startStream(turn)
  return inputs.flatMap((input) => {
    const [next, events] = encodeStream(state, input)
    state = next
    return events
  })
}
const served = (events: ReadonlyArray<ModelEvent>) =>
  shown([...events.map((each) => ({ type: "model", event: each }) as const), { type: "end" }])

const model = (each: ModelEvent): ServedEvent => ({ type: "model", event: each })

const emptyText = { type: "text", text: "" }
const textDelta = (text: string) => ({ type: "text_delta", text })

describe("a stream of the upstream", () => {
  it.effect("with thinking inside a text becomes blocks of their own", () =>
    Effect.gen(function* () {
      const pieces = [
        start,
        open(0, emptyText),
        delta(0, textDelta("a")),
        delta(0, { type: "thinking_delta", thinking: "hm" }),
        delta(0, { type: "signature_delta", signature: "s" }),
        delta(0, textDelta("b")),
        close(0),
        stop(),
        end
      ]
      const content = [
        { type: "text", text: "a" },
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "text", text: "b" }
      ]
      assert.deepStrictEqual<object>((yield* replyTo(...pieces)).content, content)
      const starts = served(yield* eventsOf(...pieces)).filter(({ type }) => type === "content_block_start")
      assert.deepStrictEqual(
        starts.map((each) => ("index" in each ? each.index : -1)),
        [0, 1, 2]
      )
    })
  )

  it.effect("with arguments inside a text is refused, not written into the wrong block", () =>
    Effect.gen(function* () {
      const pieces = [start, open(0, emptyText), delta(0, { type: "input_json_delta", partial_json: "{}" })]
      assert.strictEqual((yield* Effect.flip(replyTo(...pieces)))._tag, "ProviderInvalidResponse")
    })
  )

  it.effect("keeps what a block holds when it opens, and hands it on as a piece", () =>
    Effect.gen(function* () {
      const pieces = [
        start,
        open(0, { type: "text", text: "Hel" }),
        delta(0, textDelta("lo")),
        close(0),
        open(1, { type: "thinking", thinking: "h", signature: "" }),
        delta(1, { type: "thinking_delta", thinking: "m" }),
        close(1),
        open(2, { type: "tool_use", id: "t", name: "n", input: { x: 1 } }),
        close(2),
        stop("tool_use"),
        end
      ]
      const events = yield* eventsOf(...pieces)
      const text = events.flatMap((each) =>
        each.type === "content_block_delta" && each.delta.type === "text_delta" ? [each.delta.text] : []
      )
      assert.deepStrictEqual(text, ["Hel", "lo"])
      assert.deepStrictEqual<object>((yield* replyTo(...pieces)).content, [
        { type: "text", text: "Hello" },
        { type: "thinking", thinking: "hm", signature: "" },
        { type: "tool_use", id: "t", name: "n", input: { x: 1 } }
      ])
    })
  )

  it.effect("may count tokens again after it has said why it ended", () =>
    Effect.gen(function* () {
      const reply = yield* replyTo(
        start,
        stop("max_tokens", { output_tokens: 0 }),
        stop(null, { output_tokens: 9 }),
        end
      )
      assert.deepInclude(reply, { stop_reason: "max_tokens", usage: { input_tokens: 7, output_tokens: 9 } })
    })
  )

  it.effect("with empty arguments is a call with an empty object", () =>
    Effect.gen(function* () {
      const call = { type: "tool_use", id: "t", name: "n", input: {} }
      const empty = { type: "input_json_delta", partial_json: "" }
      const pieces = [start, open(0, call), delta(0, empty), delta(0, empty), close(0), stop("tool_use"), end]
      assert.deepStrictEqual<object>((yield* replyTo(...pieces)).content, [call])
    })
  )

  it.effect("that ends early keeps what had come, and is never a clean end", () =>
    Effect.gen(function* () {
      const pieces = [start, open(0, emptyText), delta(0, textDelta("half")), close(0)]
      const seen: Array<string> = []
      const result = yield* withCannedAnswer(pieces, (model) =>
        Effect.result(Stream.runForEach(model.stream(askFor()), ({ type }) => Effect.sync(() => seen.push(type))))
      )
      assert.deepStrictEqual(seen, [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop"
      ])
      assert.strictEqual(Result.isFailure(result) ? result.failure._tag : "none", "StreamInterrupted")
    })
  )

  it.effect("hands on a reason to stop that nobody knows yet", () =>
    Effect.gen(function* () {
      const events = yield* eventsOf(start, stop("bored"), end)
      const last = served(events).find(({ type }) => type === "message_delta")
      assert.strictEqual(last?.type === "message_delta" ? last.delta.stop_reason : "", "bored")
    })
  )

  it.effect("hands on what the start of a message says beside the vocabulary", () =>
    Effect.gen(function* () {
      const message = { id: "m", type: "message", role: "assistant", model: "m", content: [], usage: {} }
      const diagnostics = { cache_miss: null, kept: true }
      const reply = yield* replyTo(event("message_start", { message: { ...message, diagnostics } }), stop(), end)
      assert.deepStrictEqual(reply.vendor, { anthropic: { diagnostics } })
    })
  )
})

const modelEvents = (content_block: object, stop_reason: string) =>
  eventsOf(start, open(0, content_block), close(0), stop(stop_reason), end)

describe("a stream to a client", () => {
  it.effect("says tool_use whenever there is a call to run, and never without one", () =>
    Effect.gen(function* () {
      const call = { type: "tool_use", id: "t", name: "n", input: {} }
      for (const [block, said, expected] of [
        [call, "end_turn", "tool_use"],
        [call, "tool_use", "tool_use"],
        [call, "max_tokens", "max_tokens"],
        [emptyText, "tool_use", "pause_turn"],
        [emptyText, "end_turn", "end_turn"]
      ] as const) {
        const last = served(yield* modelEvents(block, said)).find(({ type }) => type === "message_delta")
        assert.strictEqual(last?.type === "message_delta" ? last.delta.stop_reason : "", expected)
      }
    })
  )

  it.effect("starts a call with an input, which clients read without asking", () =>
    Effect.gen(function* () {
      const events = served(yield* modelEvents({ type: "tool_use", id: "t", name: "n" }, "tool_use"))
      const begun = events.find(({ type }) => type === "content_block_start")
      assert.deepStrictEqual(begun?.type === "content_block_start" ? begun.content_block["input"] : undefined, {})
    })
  )

  it.effect("says what went in from the start, exactly in the end, and counts the cache once", () =>
    Effect.gen(function* () {
      const usage = { input_tokens: 7, cache_read_input_tokens: 100, output_tokens: 4 }
      const events = yield* eventsOf(start, stop("end_turn", usage), end)
      const inputs = events.map((each) => ({ type: "model", event: each }) as const)
      const all = shown([{ type: "start", inputTokens: 110 }, ...inputs, { type: "end" }])
      const [first] = all
      assert.strictEqual(first?.type === "message_start" ? first.message.usage.input_tokens : 0, 110)
      assert.lengthOf(
        all.filter(({ type }) => type === "message_start"),
        1
      )
      const last = all.find(({ type }) => type === "message_delta")
      assert.deepInclude(last?.type === "message_delta" ? last.usage : {}, usage)
    })
  )

  it("that fails ends with the error, and with nothing after it", () => {
    const error = new ProviderOverloaded({ provider: "claude", reason: "busy", httpStatus: 529 })
    const all = shown([
      { type: "start", inputTokens: 1 },
      { type: "failed", error, requestId: "req_1" },
      { type: "ping" },
      { type: "end" }
    ])
    assert.deepStrictEqual(
      all.map(({ type }) => type),
      ["message_start", "error"]
    )
    assert.match(renderEvent(all[1] ?? { type: "ping" }), /^event: error\ndata: .*"overloaded_error".*\n\n$/)
  })

  it("may be pinged before, between and within its blocks", () => {
    const ping: ServedEvent = { type: "ping" }

    const all = shown([
      { type: "start", inputTokens: 1 },
      ping,
      model({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
      ping,
      model({ type: "content_block_stop", index: 0 }),
      ping,
      { type: "end" }
    ])
    assert.deepStrictEqual(
      all.map(({ type }) => type),
      [
        "message_start",
        "ping",
        "content_block_start",
        "ping",
        "content_block_stop",
        "ping",
        "message_delta",
        "message_stop"
      ]
    )
  })
})

describe("a conversation of a client", () => {
  it.effect("may have an instruction at any place, and keeps it there", () =>
    Effect.gen(function* () {
      const roles = ["user", "system", "assistant", "user", "system"] as const
      const messages = roles.map((role) => ({ role, content: `from ${role}` }))
      const { request } = yield* decodeRequest({ model: "m", max_tokens: 1, messages })
      assert.deepStrictEqual<ReadonlyArray<string>>(
        request.messages.map(({ role }) => role),
        roles
      )
    })
  )
})
