import { assert, describe, it } from "@effect/vitest"
import { type ModelRequest, textMessage, unsealThought } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { deepSeekDefaults, ollamaDefaults, openRouterDefaults, vllmDefaults } from "@signalbox/provider-openai"
import { Effect, Result, Stream } from "effect"
import { call, chunk, done, replyTo, usageChunk } from "./chunks.ts"
import { bodyOf, messagesIn, text } from "./requests.ts"
import { withCannedAnswer, withUpstream } from "./support.ts"

const finished = [chunk({}, "stop"), usageChunk, done]
const contents = (...texts: ReadonlyArray<string>) => [...texts.map((content) => chunk({ content })), ...finished]

const thought = (thinking: string) => ({ type: "thinking", thinking })

describe("Thoughts between tags", () => {
  for (const [name, texts, expected] of [
    ["in one piece", ["<think>hm</think>\n\nyes"], [thought("hm"), text("yes")]],
    ["cut within their tags", ["\n<th", "ink>h", "m</", "think", ">\n", "\nyes"], [thought("hm"), text("yes")]],
    [
      "with what only looks like a tag",
      ["<think>a </th b</think>c </think>"],
      [thought("a </th b"), text("c </think>")]
    ],
    ["later in the text, which are text", ["see <think>hm</think>"], [text("see <think>hm</think>")]],
    ["that never end", ["<think>hm</thi"], [thought("hm</thi")]],
    ["that never begin", ["<thi"], [text("<thi")]],
    ["and nothing after them", ["<think>hm</think>\n"], [thought("hm")]]
  ] as const) {
    it.effect(`are thinking: ${name}`, () =>
      Effect.gen(function* () {
        const { content } = yield* Effect.fromResult(yield* replyTo(contents(...texts), ollamaDefaults))
        assert.deepStrictEqual(
          content.map((block): unknown => (block.type === "thinking" ? thought(block.thinking) : block)),
          [...expected]
        )
      })
    )
  }

  it.effect("are text where the server takes them apart itself", () =>
    Effect.gen(function* () {
      const { content } = yield* Effect.fromResult(yield* replyTo(contents("<think>hm</think>yes")))
      assert.deepStrictEqual(content, [text("<think>hm</think>yes")])
    })
  )
})

const stop = (...stopSequences: ReadonlyArray<string>): Partial<ModelRequest> => ({ stopSequences })

describe("Stop sequences", () => {
  for (const [name, texts, sequences, said, found] of [
    ["within a piece", ["one END two"], ["END"], "one ", "END"],
    ["cut into pieces", ["one E", "N", "D two"], ["END"], "one ", "END"],
    ["of which only the beginning comes", ["one E", "N"], ["END"], "one EN", null],
    ["of which the earliest counts", ["one STOP END"], ["END", "STOP"], "one ", "STOP"],
    ["beyond the fourth", ["a five b"], ["1", "2", "3", "4", "five"], "a ", "five"],
    ["at the very beginning", ["END"], ["END"], "", "END"]
  ] as const) {
    it.effect(`end the answer and are named: ${name}`, () =>
      Effect.gen(function* () {
        const reply = yield* Effect.fromResult(yield* replyTo(contents(...texts), {}, stop(...sequences)))
        assert.deepStrictEqual(
          [reply.content, reply.stop_reason, reply.stop_sequence],
          [[{ type: "text", text: said }], found === null ? "end_turn" : "stop_sequence", found]
        )
        assert.isAbove(reply.usage.output_tokens, 0)
      })
    )
  }

  it.effect("that a server says it stopped at are named", () =>
    Effect.gen(function* () {
      const last = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop", stop_reason: "END" }] })}\n\n`
      const reply = yield* Effect.fromResult(
        yield* replyTo([chunk({ content: "a" }), last, done], vllmDefaults, stop("END"))
      )
      assert.deepStrictEqual([reply.stop_reason, reply.stop_sequence], ["stop_sequence", "END"])
    })
  )

  it.effect("do not cut the arguments of tools", () =>
    Effect.gen(function* () {
      const pieces = [
        chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: '{"x":"END"}' } })),
        chunk({}, "tool_calls"),
        done
      ]
      const reply = yield* Effect.fromResult(yield* replyTo(pieces, {}, stop("END")))
      assert.deepStrictEqual(reply.content, [{ type: "tool_use", id: "call_a", name: "f", input: { x: "END" } }])
      assert.strictEqual(reply.stop_reason, "tool_use")
    })
  )

  it.live("stop the server, though it knows nothing of them", () =>
    withUpstream({ text: ["one ", "END", " two", " three"], hold: 3 }, (model, upstream) =>
      Effect.gen(function* () {
        const reply = yield* model.generate(askFor("x", stop("END")))
        assert.deepStrictEqual([reply.content, reply.stop_sequence], [[{ type: "text", text: "one " }], "END"])
        const seen = yield* Effect.promise(() => upstream.waitForClosed(1))
        assert.strictEqual(seen.outcome, "closed_by_client")
        assert.notProperty(seen.body, "stop")
      })
    )
  )

  it.live("are cut out of whole answers too, which keep their own count", () =>
    withUpstream(
      { text: "one END two", usage: { outputTokens: 77 } },
      (model, upstream) =>
        Effect.gen(function* () {
          const reply = yield* model.generate(askFor("x", stop("END")))
          assert.deepStrictEqual([reply.content, reply.stop_sequence], [[{ type: "text", text: "one " }], "END"])
          assert.strictEqual(reply.usage.output_tokens, 77)
          assert.deepInclude(upstream.requests[0]?.body, { stop: ["END"] })
        }),
      { dialect: ollamaDefaults.dialect }
    )
  )
})

const piece = (...reasoning_details: ReadonlyArray<object>) => chunk({ reasoning_details })

describe("Reasoning details", () => {
  const stream = [
    chunk({ reasoning: "I ", reasoning_details: [{ type: "reasoning.text", text: "I ", format: "f", index: 0 }] }),
    chunk({ reasoning: "see", reasoning_details: [{ type: "reasoning.text", text: "see", index: 0 }] }),
    piece({ type: "reasoning.text", text: "", signature: "sig", index: 0 }),
    piece({ type: "reasoning.encrypted", data: "xyz", id: "e1", index: 1 }),
    chunk({ content: "yes" }),
    ...finished
  ]
  const whole = [
    { type: "reasoning.text", text: "I see", format: "f", index: 0, signature: "sig" },
    { type: "reasoning.encrypted", data: "xyz", id: "e1", index: 1 }
  ]

  it.effect("are read once, hidden ones as redacted thinking, and go back whole", () =>
    Effect.gen(function* () {
      const { content } = yield* Effect.fromResult(yield* replyTo(stream, openRouterDefaults))
      const [thinking, hidden, text] = content
      assert.strictEqual(thinking?.type === "thinking" ? thinking.thinking : "", "I see")
      assert.strictEqual(hidden?.type, "redacted_thinking")
      assert.deepStrictEqual(text, { type: "text", text: "yes" })
      const body = yield* bodyOf(
        askFor("", { messages: [{ role: "assistant", content }, textMessage("user", "go on")] }),
        openRouterDefaults
      )
      assert.deepStrictEqual(messagesIn(body)[0]?.["reasoning_details"], whole)
    })
  )

  it.effect("sign every thought, so that clients send it back", () =>
    Effect.gen(function* () {
      const pieces = [chunk({ reasoning_content: "hm" }), chunk({ content: "yes" }), ...finished]
      const { content } = yield* Effect.fromResult(yield* replyTo(pieces, deepSeekDefaults))
      const [thinking] = content
      assert.deepStrictEqual(
        thinking?.type === "thinking" ? unsealThought("deepseek", thinking.signature) : undefined,
        {
          details: []
        }
      )
    })
  )

  it.effect("of Mistral, which are parts of the content, are thinking", () =>
    Effect.gen(function* () {
      const pieces = [
        chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
        chunk({ content: [{ type: "text", text: "yes" }] }),
        ...finished
      ]
      const { content } = yield* Effect.fromResult(yield* replyTo(pieces))
      assert.deepStrictEqual(
        content.map((block) => (block.type === "thinking" ? block.thinking : block.type === "text" ? block.text : "")),
        ["hm", "yes"]
      )
    })
  )
})

describe("Usage", () => {
  it.effect("keeps what the vendor says of the cost", () =>
    Effect.gen(function* () {
      const usage = {
        prompt_tokens: 10,
        completion_tokens: 2,
        total_tokens: 12,
        prompt_tokens_details: null,
        cost: 0.015,
        is_byok: false,
        cost_details: { upstream_inference_cost: null }
      }
      const pieces = [
        chunk({ content: "a" }),
        chunk({}, "stop"),
        `data: ${JSON.stringify({ choices: [], usage })}\n\n`,
        done
      ]
      const reply = yield* Effect.fromResult(yield* replyTo(pieces))
      assert.deepStrictEqual(reply.usage, {
        input_tokens: 10,
        output_tokens: 2,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        cost: 0.015,
        is_byok: false,
        cost_details: { upstream_inference_cost: null }
      })
    })
  )

  it.effect("counts DeepSeek's cached tokens apart", () =>
    Effect.gen(function* () {
      const usage = { prompt_tokens: 10, completion_tokens: 2, prompt_cache_hit_tokens: 7, prompt_cache_miss_tokens: 3 }
      const reply = yield* Effect.fromResult(yield* replyTo([chunk({ content: "a" }, "stop", { usage }), done]))
      assert.deepStrictEqual([reply.usage.input_tokens, reply.usage.cache_read_input_tokens], [3, 7])
    })
  )

  it.effect("is estimated when the answer begins, never zero", () =>
    withCannedAnswer(contents("a"), (model) =>
      Effect.gen(function* () {
        const [first] = yield* Stream.runCollect(model.stream(askFor("a question of some length")))
        assert.isAbove(first?.type === "message_start" ? first.message.usage.input_tokens : 0, 5)
      })
    )
  )
})

describe("Failures inside a stream", () => {
  for (const [name, body, tag] of [
    [
      "with no choices",
      { error: { code: 429, message: "slow", metadata: { error_type: "rate_limit_exceeded" } }, choices: [] },
      "ProviderRateLimited"
    ],
    [
      "in the choice",
      { choices: [{ index: 0, delta: {}, finish_reason: "error", error: { code: 502, message: "down" } }] },
      "ProviderOverloaded"
    ],
    [
      "beside the choice",
      { error: { code: 403, message: "no", metadata: {} }, choices: [{ delta: {}, finish_reason: "error" }] },
      "ProviderAuthFailed"
    ]
  ] as const) {
    it.effect(`are failures, after the text that came before: ${name}`, () =>
      withCannedAnswer([chunk({ content: "a" }), `data: ${JSON.stringify(body)}\n\n`, done], (model) =>
        Effect.gen(function* () {
          const seen: Array<string> = []
          const result = yield* Effect.result(
            Stream.runForEach(model.stream(askFor()), (event) => Effect.sync(() => seen.push(event.type)))
          )
          assert.strictEqual(Result.isFailure(result) ? result.failure._tag : "no failure", tag)
          assert.include(seen, "content_block_delta")
          assert.notInclude(seen, "message_delta")
        })
      )
    )
  }
})
