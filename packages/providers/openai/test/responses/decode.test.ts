import { assert, describe, it } from "@effect/vitest"
import type { ModelReply } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { Effect, Result, Schema, Stream } from "effect"
import { added, api, call, completed, created, delta, ended, event, message, reasoning, replyTo } from "./events.ts"
import { withCannedAnswer } from "../support.ts"

const outline = ({ content }: ModelReply) =>
  content.map((block) => {
    if (block.type === "text") return `text ${block.text}`
    if (block.type === "thinking") return `thinking ${block.thinking}`
    return block.type === "tool_use" ? `${block.id} ${block.name} ${JSON.stringify(block.input)}` : block.type
  })

const streams: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>, stop: string]> = [
  [
    "text in pieces",
    [
      created,
      added(0, message()),
      delta("output_text", 0, "a"),
      delta("output_text", 0, "b"),
      ended(0, message("ab")),
      completed()
    ],
    ["text ab"],
    "end_turn"
  ],
  [
    "two messages, which are two blocks",
    [
      created,
      added(0, message()),
      delta("output_text", 0, "a"),
      ended(0, message("a")),
      added(1, message()),
      delta("output_text", 1, "b"),
      ended(1, message("b")),
      completed()
    ],
    ["text a", "text b"],
    "end_turn"
  ],
  [
    "items without pieces",
    [created, ended(0, reasoning), ended(1, message("a")), ended(2, call("c1", "f", "{}")), completed()],
    ["thinking hm", "text a", "c1 f {}"],
    "tool_use"
  ],
  [
    "a reasoning summary of two paragraphs",
    [
      created,
      added(0, {
        type: "reasoning",
        summary: []
      }),
      delta("reasoning_summary_text", 0, "a", { summary_index: 0 }),
      delta("reasoning_summary_text", 0, "b", { summary_index: 1 }),
      ended(0, reasoning),
      completed()
    ],
    ["thinking a\n\nb"],
    "end_turn"
  ],
  [
    "reasoning in the open",
    [created, delta("reasoning_text", 0, "hm"), ended(0, { type: "reasoning", summary: [] }), completed()],
    ["thinking hm"],
    "end_turn"
  ],
  [
    "reasoning that is hidden",
    [
      created,
      ended(0, { type: "reasoning", summary: [], encrypted_content: "e" }),
      ended(1, message("a")),
      completed()
    ],
    ["redacted_thinking", "text a"],
    "end_turn"
  ],
  [
    "calls in pieces, and one in its end alone",
    [
      created,
      added(0, call("c1", "f", "")),
      delta("function_call_arguments", 0, '{"x"'),
      delta("function_call_arguments", 0, ":1}"),
      event("response.function_call_arguments.done", {
        output_index: 0,
        arguments: '{"x":1}'
      }),
      ended(0, call("c1", "f", '{"x":1}')),
      added(1, call("c2", "g", "")),
      event("response.function_call_arguments.done", {
        output_index: 1,
        arguments: '{"y":2}'
      }),
      ended(1, call("c2", "g", '{"y":2}')),
      added(2, call("c3", "h", "")),
      ended(2, call("c3", "h", "")),
      completed()
    ],
    ['c1 f {"x":1}', 'c2 g {"y":2}', "c3 h {}"],
    "tool_use"
  ],
  [
    "calls whose pieces alternate",
    [
      created,
      added(0, call("c1", "f", "")),
      added(1, call("c2", "g", "")),
      delta("function_call_arguments", 1, "{}"),
      delta("function_call_arguments", 0, "{}"),
      ended(1, call("c2", "g", "{}")),
      ended(0, call("c1", "f", "{}")),
      completed()
    ],
    ["c1 f {}", "c2 g {}"],
    "tool_use"
  ],
  [
    "a refusal",
    [
      created,
      delta("refusal", 0, "I will not."),
      ended(0, { type: "message", content: [{ type: "refusal", refusal: "I will not." }] }),
      completed()
    ],
    ["text I will not."],
    "refusal"
  ],
  [
    "a limit that was reached",
    [
      created,
      delta("output_text", 0, "a"),
      event("response.incomplete", { response: { incomplete_details: { reason: "max_output_tokens" } } })
    ],
    ["text a"],
    "max_tokens"
  ],
  [
    "a filter",
    [
      created,
      delta("output_text", 0, "a"),
      event("response.incomplete", { response: { incomplete_details: { reason: "content_filter" } } })
    ],
    ["text a"],
    "refusal"
  ],
  [
    "events and items that nobody knows",
    [
      created,
      event("response.queued"),
      added(0, { type: "oracle_call" }),
      ended(0, { type: "oracle_call", id: "o" }),
      delta("output_text", 1, "a"),
      completed()
    ],
    ["text a"],
    "end_turn"
  ]
]

const eventsOf = (pieces: ReadonlyArray<Uint8Array>) =>
  withCannedAnswer(pieces, (model) => Stream.runCollect(model.stream(askFor())), api)

describe("Responses streams", () => {
  for (const [name, pieces, content, stop] of streams) {
    it.effect(`are read with ${name}`, () =>
      Effect.gen(function* () {
        const reply = yield* Effect.fromResult(yield* replyTo(pieces))
        assert.deepStrictEqual([outline(reply), reply.stop_reason], [content, stop])
        assert.strictEqual(reply.id, "r")
      })
    )
  }

  for (const [name, pieces, tag] of [
    [
      "that fail",
      [created, event("response.failed", { response: { error: { code: "rate_limit_exceeded", message: "slow" } } })],
      "ProviderRateLimited"
    ],
    [
      "with an error",
      [created, event("error", { code: "server_error", message: "x", param: null })],
      "ProviderOverloaded"
    ],
    [
      "with an error in the form of Chat",
      [created, 'data: {"error":{"code":"insufficient_quota","message":"x"}}\n\n'],
      "ProviderQuotaExceeded"
    ],
    ["that end before the answer did", [created, delta("output_text", 0, "a")], "StreamInterrupted"],
    ["of nothing", [], "StreamInterrupted"],
    ["of no objects", ["data: 5\n\n"], "ProviderInvalidResponse"],
    ["of another shape", ['data: {"type":"response.created","response":5}\n\n'], "ProviderInvalidResponse"]
  ] as const) {
    it.effect(`fail with ${tag} ${name}`, () =>
      Effect.gen(function* () {
        const failed = yield* replyTo(pieces)
        assert.strictEqual(Result.isFailure(failed) ? failed.failure._tag : "no failure", tag)
      })
    )
  }

  it.effect("count cached tokens apart, and keep what else is counted", () =>
    Effect.gen(function* () {
      const usage = {
        input_tokens: 20,
        output_tokens: 5,
        total_tokens: 25,
        cost: 1,
        input_tokens_details: {
          cached_tokens: 7,
          cache_write_tokens: 2
        },
        output_tokens_details: { reasoning_tokens: 3 }
      }
      const reply = yield* Effect.fromResult(
        yield* replyTo([created, delta("output_text", 0, "a"), completed({ usage })])
      )
      assert.deepStrictEqual(reply.usage, {
        input_tokens: 11,
        output_tokens: 5,
        cache_read_input_tokens: 7,
        cache_creation_input_tokens: 2,
        output_tokens_details: { thinking_tokens: 3 },
        cost: 1
      })
    })
  )

  const Bounds = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })))
  const bytes = new TextEncoder().encode(
    [
      created,
      added(0, {
        type: "reasoning",
        summary: []
      }),
      delta("reasoning_summary_text", 0, "grübeln 🚂", { summary_index: 0 }),
      ended(0, reasoning),
      ": comment\n\n",
      added(1, message()),
      delta("output_text", 1, "späte Züge 🚃").replaceAll("\n", "\r\n"),
      ended(1, message("späte Züge 🚃")),
      added(2, call("c1", "f", "")),
      delta("function_call_arguments", 2, '{"ä":"🚉"}'),
      ended(2, call("c1", "f", '{"ä":"🚉"}')),
      completed()
    ].join("")
  )

  it.effect.prop(
    "read the same however their bytes are cut, and their blocks never overlap",
    [Bounds],
    ([cuts]) =>
      Effect.gen(function* () {
        const bounds = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const pieces = bounds.slice(1).map((bound, index) => bytes.slice(bounds[index], bound))
        const events = yield* eventsOf(pieces)
        assert.deepStrictEqual(events, yield* eventsOf([bytes]))
        let open: number | undefined
        let next = 0
        for (const each of events) {
          if (each.type === "content_block_start") {
            assert.deepStrictEqual([open, each.index], [undefined, next++])
            open = each.index
          }
          if (each.type === "content_block_delta") assert.strictEqual(each.index, open)
          if (each.type === "content_block_stop") open = undefined
        }
        assert.strictEqual(next, 3)
      }),
    { timeout: 60_000 }
  )
})
