import { type ContentBlock, type ModelRequest, textMessage, type ToolDefinition } from "@signalbox/model"
import { TokenCounter } from "@signalbox/model/tokens"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { countTokens as countAtOnce } from "gpt-tokenizer/encoding/o200k_base"
import { requestWith } from "../requests.ts"
import { publishedCounts } from "./publishedCounts.ts"

const counting = <A>(use: (counter: TokenCounter["Service"]) => Effect.Effect<A>): Effect.Effect<A> =>
  Effect.flatMap(TokenCounter.make(), use)

const tool: ToolDefinition = {
  name: "read_file",
  originalName: "read_file",
  description: "Reads a file.",
  inputSchema: { type: "object", properties: { path: { type: "string" } } },
  annotations: {},
  runBy: { _tag: "Caller" },
  isTrusted: true
}
const saying = (...content: ReadonlyArray<ContentBlock>): Partial<ModelRequest> => ({
  messages: [{ role: "user", content }]
})
/** What these changes add to a request of a model that counts exactly. */
const added = (changes: Partial<ModelRequest>) =>
  counting((counter) =>
    Effect.gen(function* () {
      const model = "gpt-4o"
      const empty = yield* counter.countRequest(requestWith({ model, ...saying() }))
      return (yield* counter.countRequest(requestWith({ model, ...saying(), ...changes }))) - empty
    })
  )

describe("a text", () => {
  it.effect.each(publishedCounts)("has as many tokens as is published: %j", ([text, o200k, cl100k]) =>
    counting((counter) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* counter.countText(text), o200k)
        assert.strictEqual(yield* counter.countText(text, "cl100k_base"), cl100k)
      })
    )
  )

  it.effect("may say what is a special token elsewhere", () =>
    counting((counter) => Effect.map(counter.countText("a <|endoftext|> b"), (tokens) => assert.strictEqual(tokens, 9)))
  )

  const sentence =
    "It isn't 4.5 °C — “cold”, they'd say (or 40.1 °F); naïve café №7:\r\n\tresult[i] = x_1 += 0xFF; // 👍🏽 \u0301é \n\n"
  it.effect.each([
    sentence.repeat(100),
    JSON.stringify(Array.from({ length: 400 }, (_, id) => ({ id, name: `n${id}` })))
  ])("that is long has the same count in slices as in one piece (%#)", (text) =>
    counting((counter) =>
      Effect.map(counter.countText(text), (tokens) => assert.strictEqual(tokens, countAtOnce(text)))
    )
  )

  it.effect("of one letter, many thousand times, is counted at once", () =>
    counting((counter) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* counter.countText("a".repeat(20_000)), 2500)
        assert.strictEqual(yield* counter.countText("a".repeat(400_000)), 50_000)
      })
    )
  )

  it.effect("without a place to split counts for little more than it is", () =>
    counting((counter) =>
      Effect.gen(function* () {
        const text = Array.from({ length: 4000 }, (_, index) =>
          String.fromCodePoint(0x4e00 + ((index * 7919) % 5000))
        ).join("")
        const exact = countAtOnce(text)
        const tokens = yield* counter.countText(text)
        assert.isAtLeast(tokens, exact)
        assert.isAtMost(tokens, exact * 1.01)
      })
    )
  )

  it.effect("that is long lets the event loop turn meanwhile", () =>
    counting((counter) =>
      Effect.gen(function* () {
        yield* counter.countText("a")
        let turns = 0
        const turn = () => {
          turns++
          next = setImmediate(turn)
        }
        let next = setImmediate(turn)
        // Some 800 slices.
        yield* counter.countText("b".repeat(400_000))
        clearImmediate(next)
        assert.isAtLeast(turns, 20)
      })
    )
  )
})

describe("what was counted", () => {
  it.effect("is remembered, the last used the longest", () =>
    Effect.gen(function* () {
      const counter = yield* TokenCounter
      for (const text of ["a", "b", "a", "c", "a", "b"]) yield* counter.countText(text)
      assert.deepStrictEqual(yield* counter.stats, { hits: 2, misses: 4, entries: 2 })
      yield* counter.clear
      assert.deepStrictEqual(yield* counter.stats, { hits: 0, misses: 0, entries: 0 })
    }).pipe(Effect.provide(TokenCounter.layer({ cacheSize: 2 })))
  )

  it.effect("is not mixed up between vocabularies", () =>
    counting((counter) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* counter.countText("👍"), 1)
        assert.strictEqual(yield* counter.countText("👍", "cl100k_base"), 3)
      })
    )
  )
})

describe("a request", () => {
  it.effect("has the tokens of its texts, four more for each message, and three for the answer", () =>
    counting((counter) =>
      Effect.gen(function* () {
        const request = requestWith({ model: "gpt-4o", messages: [textMessage("user", "hello world")] })
        assert.strictEqual(yield* counter.countRequest(request), 2 + 4 + 3)
        const messages = [textMessage("user", "hello world"), textMessage("assistant", "hello world")]
        assert.strictEqual(yield* counter.countRequest({ ...request, messages }), 2 * (2 + 4) + 3)
      })
    )
  )

  it.effect("is more for a Claude, most for a new one, and is rounded up", () =>
    counting((counter) =>
      Effect.gen(function* () {
        const count = (model: string) =>
          counter.countRequest(requestWith({ model, messages: [textMessage("user", "hello world")] }))
        assert.strictEqual(yield* count("claude-3-5-haiku-20241022"), Math.ceil(2 * 1.08 + 7))
        assert.strictEqual(yield* count("claude-opus-4-7"), Math.ceil(2 * 1.4 + 7))
        assert.strictEqual(yield* count("mistral-large"), Math.ceil(2 * 1.2 + 7))
        assert.strictEqual(yield* counter.countRequest(requestWith(), "openai"), 1 + 7)
      })
    )
  )

  it.effect.each([
    ["system", { system: [{ type: "text" as const, text: "hello world" }] }, 2],
    ["a tool call", saying({ type: "tool_use", id: "t", name: "hello world", input: {} }), 2 + 1],
    ["broken arguments", saying({ type: "tool_use", id: "t", name: "rer", input: {}, invalidInput: "hello world" }), 3],
    ["a result", saying({ type: "tool_result", tool_use_id: "t", content: "hello world" }), 2],
    [
      "a result of blocks",
      saying({ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "hello world" }] }),
      2
    ],
    ["thinking", saying({ type: "thinking", thinking: "hello world", signature: "a".repeat(1000) }), 2],
    ["a document of text", saying({ type: "document", source: { type: "text", data: "hello world" } }), 2],
    ["a picture elsewhere", saying({ type: "image", source: { type: "url", url: "http://localhost/x.png" } }), 1600],
    ["a document elsewhere", saying({ type: "document", source: { type: "url", url: "http://localhost/x" } }), 10_000]
  ] as const)("counts %s", ([, changes, tokens]) =>
    Effect.map(added(changes), (more) => assert.strictEqual(more, tokens))
  )

  it.effect("counts its tools as they are sent, and what providers say about tools", () =>
    Effect.gen(function* () {
      const json = JSON.stringify({ name: tool.name, description: tool.description, input_schema: tool.inputSchema })
      assert.strictEqual(yield* added({ tools: [tool] }), countAtOnce(json) + 12)
      yield* counting((counter) =>
        Effect.gen(function* () {
          const model = "claude-sonnet-4-5"
          const without = yield* counter.countRequest(requestWith({ model }))
          const more = (yield* counter.countRequest(requestWith({ model, tools: [tool] }))) - without
          assert.isAtLeast(more, 340 + countAtOnce(json))
        })
      )
    })
  )
})

describe("what a provider has counted", () => {
  it.effect("makes later estimates for that model better, and for no other", () =>
    counting((counter) =>
      Effect.gen(function* () {
        const request = requestWith({ model: "mystery", messages: [textMessage("user", "hello world ".repeat(500))] })
        const other = { ...request, model: "enigma" }
        const before = yield* counter.countRequest(request)
        const truth = before * 1.5
        for (let i = 0; i < 20; i++) yield* counter.learn("mystery", yield* counter.countRequest(request), truth)
        assert.isAtMost(Math.abs((yield* counter.countRequest(request)) - truth) / truth, 0.02)
        assert.strictEqual(yield* counter.countRequest(other), before)
      })
    )
  )

  it.effect("cannot lead far astray, nor can nonsense", () =>
    counting((counter) =>
      Effect.gen(function* () {
        const before = yield* counter.countRequest(requestWith({ model: "x" }))
        for (const reported of [0, -1, Number.NaN]) yield* counter.learn("x", before, reported)
        assert.strictEqual(yield* counter.countRequest(requestWith({ model: "x" })), before)
        for (let i = 0; i < 50; i++) yield* counter.learn("x", 1, 1e9)
        assert.isAtMost(yield* counter.countRequest(requestWith({ model: "x" })), before * 3)
      })
    )
  )
})
