import { assert, describe, it } from "@effect/vitest"
import type { ModelReply } from "@signalbox/model"
import { Effect, Result } from "effect"
import { call, chunk, done, replyTo, usage, usageChunk } from "./chunks.ts"

const contentOf = (reply: ModelReply) =>
  reply.content.map((block) => {
    if (block.type === "text") return `text ${block.text}`
    if (block.type === "thinking") return `thinking ${block.thinking}`
    if (block.type !== "tool_use") return block.type
    return `${/^call_[a-z0-9]+_\d+$/.test(block.id) ? "new id" : block.id} ${block.name} ${block.invalidInput ?? JSON.stringify(block.input)}`
  })

const streams: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>, string]> = [
  [
    "text",
    [
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "a" }),
      chunk({ content: "b" }),
      chunk({}, "stop"),
      done
    ],
    ["text ab"],
    "end_turn"
  ],
  [
    "text with empty and null tool calls",
    [
      chunk({ content: "a", tool_calls: [] }),
      chunk({ content: "b", tool_calls: null }),
      chunk({ tool_calls: [{}] }),
      chunk({}, "stop"),
      done
    ],
    ["text ab"],
    "end_turn"
  ],
  [
    "content in parts",
    [
      chunk(
        {
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" }
          ]
        },
        "stop"
      ),
      done
    ],
    ["text ab"],
    "end_turn"
  ],
  [
    "reasoning_content, then text, then reasoning",
    [chunk({ reasoning_content: "r1" }), chunk({ content: "a" }), chunk({ reasoning: "r2" }), chunk({}, "stop"), done],
    ["thinking r1", "text a", "thinking r2"],
    "end_turn"
  ],
  [
    "a first chunk with reasoning, content and a call at once",
    [
      chunk(
        { reasoning: "r", content: "a", ...call({ index: 0, id: "call_a", function: { name: "f", arguments: "{}" } }) },
        "tool_calls"
      ),
      done
    ],
    ["thinking r", "text a", "call_a f {}"],
    "tool_use"
  ],
  [
    "a call in one piece",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: '{"x":1}' } })),
      chunk({}, "tool_calls"),
      done
    ],
    ['call_a f {"x":1}'],
    "tool_use"
  ],
  [
    "calls whose pieces alternate",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "" } })),
      chunk(call({ index: 1, id: "call_a2", function: { name: "g", arguments: "" } })),
      chunk(call({ index: 0, function: { arguments: '{"x"' } })),
      chunk(call({ index: 1, function: { arguments: "{}" } })),
      chunk(call({ index: 0, function: { arguments: ":1}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ['call_a f {"x":1}', "call_a2 g {}"],
    "tool_use"
  ],
  [
    "text after a call",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "{" } })),
      chunk({ content: "b" }),
      chunk(call({ index: 0, function: { arguments: "}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a f {}", "text b"],
    "tool_use"
  ],
  [
    "a name that comes late and in pieces",
    [
      chunk(call({ index: 0, id: "call_a" })),
      chunk(call({ index: 0, function: { name: "re" } })),
      chunk(call({ index: 0, function: { name: "ad", arguments: "{" } })),
      chunk(call({ index: 0, function: { arguments: "}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a read {}"],
    "tool_use"
  ],
  [
    "arguments before the name",
    [
      chunk(call({ index: 0, function: { arguments: '{"x":' } })),
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "1}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ['call_a f {"x":1}'],
    "tool_use"
  ],
  [
    "a name that is repeated with each piece",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "{" } })),
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a f {}"],
    "tool_use"
  ],
  [
    "a call without id",
    [chunk(call({ index: 0, function: { name: "f", arguments: "{}" } })), chunk({}, "tool_calls"), done],
    ["new id f {}"],
    "tool_use"
  ],
  [
    "two calls with one id",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "{}" } })),
      chunk(call({ index: 1, id: "call_a", function: { name: "g", arguments: "{}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a f {}", "new id g {}"],
    "tool_use"
  ],
  [
    "calls without index",
    [
      chunk(call({ id: "call_a", function: { name: "f", arguments: "{" } })),
      chunk(call({ function: { arguments: "}" } })),
      chunk(call({ id: "call_a2", function: { name: "g", arguments: "{}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a f {}", "call_a2 g {}"],
    "tool_use"
  ],
  [
    "calls that all have the index 0",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "{}" } })),
      chunk(call({ index: 0, id: "call_a2", function: { name: "g", arguments: "{" } })),
      chunk(call({ index: 0, function: { arguments: "}" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a f {}", "call_a2 g {}"],
    "tool_use"
  ],
  [
    "empty arguments",
    [chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "" } })), chunk({}, "tool_calls"), done],
    ["call_a f {}"],
    "tool_use"
  ],
  [
    "null arguments",
    [chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: null } })), chunk({}, "tool_calls"), done],
    ["call_a f {}"],
    "tool_use"
  ],
  [
    "arguments as an object",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: { x: 1 } } })),
      chunk({}, "tool_calls"),
      done
    ],
    ['call_a f {"x":1}'],
    "tool_use"
  ],
  [
    "arguments that are no JSON",
    [
      chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "oops" } })),
      chunk({}, "tool_calls"),
      done
    ],
    ["call_a f oops"],
    "tool_use"
  ],
  [
    "arguments that were cut",
    [chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: '{"x":' } })), chunk({}, "length"), done],
    ['call_a f {"x":'],
    "max_tokens"
  ],
  [
    "the old function_call",
    [
      chunk({ function_call: { name: "f", arguments: "{" } }),
      chunk({ function_call: { arguments: "}" } }),
      chunk({}, "function_call"),
      done
    ],
    ["new id f {}"],
    "tool_use"
  ],
  [
    "stop with a call",
    [chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: "{}" } })), chunk({}, "stop"), done],
    ["call_a f {}"],
    "tool_use"
  ],
  ["tool_calls without a call", [chunk({ content: "a" }), chunk({}, "tool_calls"), done], ["text a"], "end_turn"],
  ["length", [chunk({ content: "a" }, "length"), done], ["text a"], "max_tokens"],
  ["a content filter", [chunk({ content: "a" }, "content_filter"), done], ["text a"], "refusal"],
  ["a refusal", [chunk({ refusal: "I will not." }), chunk({}, "stop"), done], ["text I will not."], "refusal"],
  [
    "comments between chunks",
    [": OPENROUTER PROCESSING\n\n", chunk({ content: "a" }), ": still here\n\n", chunk({}, "stop"), done],
    ["text a"],
    "end_turn"
  ],
  ["no [DONE]", [chunk({ content: "a" }), chunk({}, "stop")], ["text a"], "end_turn"],
  ["[DONE] without a reason", [chunk({ content: "a" }), done], ["text a"], "end_turn"],
  ["a retry line", ["retry: 3000\n", chunk({ content: "a" }), chunk({}, "stop"), done], ["text a"], "end_turn"],
  [
    "a first chunk without choices",
    [
      'data: {"id":"","model":"","choices":[],"prompt_filter_results":[]}\n\n',
      chunk({ content: "a" }),
      chunk({}, "stop"),
      done
    ],
    ["text a"],
    "end_turn"
  ],
  [
    "other choices",
    [
      `data: ${JSON.stringify({
        choices: [
          { index: 1, delta: { content: "no" } },
          { index: 0, delta: { content: "a" } }
        ]
      })}\n\n`,
      chunk({}, "stop"),
      done
    ],
    ["text a"],
    "end_turn"
  ]
]

describe("Chat streams", () => {
  for (const [name, pieces, content, stop] of streams) {
    it.effect(`are read with ${name}`, () =>
      Effect.gen(function* () {
        const reply = yield* Effect.fromResult(yield* replyTo(pieces))
        assert.deepStrictEqual(contentOf(reply), content)
        assert.strictEqual(reply.stop_reason, stop)
      })
    )
  }

  for (const [name, pieces] of [
    ["after the reason to finish", [chunk({ content: "a" }), chunk({}, "stop"), usageChunk, done]],
    ["with the reason to finish", [chunk({ content: "a" }), chunk({}, "stop", { usage }), done]],
    [
      "in every chunk",
      [chunk({ content: "a" }, null, { usage: { ...usage, completion_tokens: 1 } }), chunk({}, "stop", { usage }), done]
    ]
  ] as const) {
    it.effect(`are counted with usage ${name}, cached tokens apart`, () =>
      Effect.gen(function* () {
        const reply = yield* Effect.fromResult(yield* replyTo(pieces))
        assert.deepStrictEqual(reply.usage, {
          input_tokens: 13,
          output_tokens: 5,
          cache_read_input_tokens: 7,
          cache_creation_input_tokens: 0
        })
      })
    )
  }

  it.effect("are counted by their length where there is no usage", () =>
    Effect.gen(function* () {
      const reply = yield* Effect.fromResult(yield* replyTo([chunk({ content: "12345678" }), chunk({}, "stop"), done]))
      assert.strictEqual(reply.usage.output_tokens, 2)
      assert.isAbove(reply.usage.input_tokens, 0)
    })
  )

  for (const [name, pieces, tag] of [
    ["that end without a reason", [chunk({ content: "a" })], "StreamInterrupted"],
    ["of nothing but [DONE]", [done], "StreamInterrupted"],
    [
      "with an error in place of a chunk",
      [chunk({ content: "a" }), 'data: {"error":{"code":429,"message":"slow"},"choices":[]}\n\n'],
      "ProviderRateLimited"
    ],
    [
      "with OpenRouter's error type",
      [
        `data: ${JSON.stringify({ error: { code: 502, message: "x", metadata: { error_type: "provider_overloaded" } }, choices: [{ index: 0, delta: {}, finish_reason: "error" }] })}\n\n`
      ],
      "ProviderOverloaded"
    ],
    ["with an error of one word", ['data: {"error":"busy"}\n\n'], "ProviderOverloaded"],
    ["that finish with an error", [chunk({ content: "a" }), chunk({}, "error"), done], "StreamInterrupted"],
    ["of another shape", ['data: {"choices":"none"}\n\n'], "ProviderInvalidResponse"],
    ["of no objects", ["data: 5\n\n"], "ProviderInvalidResponse"]
  ] as const) {
    it.effect(`fail with ${tag} ${name}`, () =>
      Effect.gen(function* () {
        const result = yield* replyTo(pieces)
        assert.strictEqual(Result.isFailure(result) ? result.failure._tag : "no failure", tag)
      })
    )
  }
})
