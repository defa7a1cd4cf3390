import { assert, describe, it } from "@effect/vitest"
import { collectReply, emptyFold, eventsOf, foldEvent } from "@signalbox/model"
import { Effect, Result, Schema, Stream } from "effect"
import { askFor } from "@signalbox/model/testing"
import { withCannedAnswer } from "./support.ts"

const event = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const start = event("message_start", {
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    usage: { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: null }
  }
})
const open = (index: number, content_block: object) => event("content_block_start", { index, content_block })
const delta = (index: number, piece: object) => event("content_block_delta", { index, delta: piece })
const close = (index: number) => event("content_block_stop", { index })
const stop = [
  event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 4 } }),
  event("message_stop")
].join("")
const text = (words: string) => delta(0, { type: "text_delta", text: words })
const emptyText = { type: "text", text: "" }

const read = (...pieces: ReadonlyArray<Uint8Array | string>) =>
  withCannedAnswer(pieces, (model) => Effect.result(collectReply("claude", model.stream(askFor()))))

const sound: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<unknown>]> = [
  [
    "padded lines and pings",
    [
      start,
      'event: ping\ndata: {"type": "ping"}   \n\n',
      open(0, emptyText),
      text("a").replace("\n\n", "   \n\n"),
      close(0),
      stop
    ],
    [{ type: "text", text: "a" }]
  ],
  [
    "citations",
    [
      start,
      open(0, emptyText),
      text("a"),
      delta(0, { type: "citations_delta", citation: { url: "x" } }),
      close(0),
      stop
    ],
    [{ type: "text", text: "a", citations: [{ url: "x" }] }]
  ],
  [
    "thinking that starts without a signature",
    [
      start,
      open(0, { type: "thinking", thinking: "" }),
      delta(0, { type: "thinking_delta", thinking: "t", estimated_tokens: 3 }),
      delta(0, { type: "signature_delta", signature: "s" }),
      close(0),
      stop
    ],
    [{ type: "thinking", thinking: "t", signature: "s" }]
  ],
  [
    "a call that starts without input",
    [start, open(0, { type: "tool_use", id: "t", name: "n" }), close(0), stop],
    [{ type: "tool_use", id: "t", name: "n", input: {} }]
  ],
  [
    "a call with its input at the start",
    [start, open(0, { type: "tool_use", id: "t", name: "n", input: { x: 1 } }), close(0), stop],
    [{ type: "tool_use", id: "t", name: "n", input: { x: 1 } }]
  ],
  [
    "unknown blocks, deltas and events",
    [
      start,
      event("weather", { is: "fine" }),
      open(0, { type: "hologram", depth: 1 }),
      delta(0, { type: "depth_delta", by: 2 }),
      close(0),
      stop
    ],
    [{ type: "opaque", vendor: "anthropic", block: { type: "hologram", depth: 1 } }]
  ],
  [
    "odd numbers and blocks that nobody closed",
    [
      start,
      open(3, emptyText),
      delta(3, { type: "text_delta", text: "a" }),
      open(7, emptyText),
      delta(7, { type: "text_delta", text: "b" }),
      stop
    ],
    [
      { type: "text", text: "a" },
      { type: "text", text: "b" }
    ]
  ],
  [
    "more after the end",
    [start, open(0, emptyText), text("a"), close(0), stop, start, "data: [DONE]\n\n"],
    [{ type: "text", text: "a" }]
  ],
  [
    "a retry line",
    ["retry: 500\n\n", start, open(0, emptyText), text("a"), close(0), stop],
    [{ type: "text", text: "a" }]
  ]
]

const eventsOrError = (given: ReadonlyArray<Uint8Array>) =>
  withCannedAnswer(given, (model) =>
    Stream.runCollect(Stream.catch(model.stream(askFor()), (error) => Stream.succeed(error._tag)))
  )

describe("Messages streams", () => {
  for (const [name, pieces, content] of sound) {
    it.effect(`are read with ${name}`, () =>
      Effect.gen(function* () {
        const reply = yield* Effect.fromResult(yield* read(...pieces))
        assert.deepStrictEqual<unknown>(reply.content, content)
        assert.deepStrictEqual(reply.usage, { input_tokens: 9, output_tokens: 4 })
        assert.strictEqual(reply.stop_reason, "end_turn")
      })
    )
  }

  it.effect("hand on blocks of unknown kinds whole, with what their deltas brought", () =>
    Effect.gen(function* () {
      const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search" }
      const pieces = [
        start,
        open(0, { ...search, input: {} }),
        delta(0, { type: "input_json_delta", partial_json: '{"query":' }),
        delta(0, { type: "input_json_delta", partial_json: '"trains"}' }),
        close(0),
        open(1, { type: "compaction", content: null }),
        delta(1, { type: "compaction_delta", content: "so " }),
        delta(1, { type: "compaction_delta", content: "far" }),
        close(1),
        stop
      ]
      const reply = yield* Effect.fromResult(yield* read(...pieces))
      assert.deepStrictEqual(reply.content, [
        { type: "opaque", vendor: "anthropic", block: { ...search, input: { query: "trains" } } },
        { type: "opaque", vendor: "anthropic", block: { type: "compaction", content: "so far" } }
      ])
    })
  )

  it.effect("say the same as a whole message, with what the vocabulary has no place for", () =>
    Effect.gen(function* () {
      const stop_details = { type: "refusal", category: "x", explanation: "y" }
      const own = { container: { id: "c" }, context_management: { applied_edits: [{ type: "e" }] } }
      const counted = { cache_creation: { ephemeral_1h_input_tokens: 3 }, service_tier: "standard" }
      const usage = { input_tokens: 9, output_tokens: 4, ...counted }
      const head = { id: "m", type: "message", role: "assistant", model: "m", content: [] }
      const { container, context_management } = own
      const streamed = yield* read(
        event("message_start", { message: { ...head, stop_reason: null, usage: { ...usage, output_tokens: 1 } } }),
        event("message_delta", {
          delta: { stop_reason: "refusal", stop_sequence: null, stop_details, container },
          usage: { output_tokens: 4 },
          context_management
        }),
        event("message_stop")
      )
      const message = { ...head, stop_reason: "refusal", stop_sequence: null, stop_details, usage, ...own }
      const whole = yield* withCannedAnswer(
        [JSON.stringify({ ...message, diagnostics: null })],
        (model) => model.generate(askFor()),
        {},
        "application/json"
      )
      assert.deepStrictEqual(yield* Effect.fromResult(streamed), whole)
      assert.deepInclude(whole, { stop_details, vendor: { anthropic: own } })
      assert.deepStrictEqual(whole.usage, usage)
      assert.deepStrictEqual(eventsOf(whole).reduce(foldEvent, emptyFold).reply, whole)
    })
  )

  it.effect("hand on deltas that nothing is known of", () =>
    Effect.gen(function* () {
      const unknown = { type: "mood_delta", mood: "good" }
      const by = { type: "depth_delta", by: 2 }
      const pieces = [
        start,
        open(0, emptyText),
        delta(0, unknown),
        close(0),
        open(1, { type: "hologram" }),
        delta(1, by)
      ]
      const events = yield* withCannedAnswer([...pieces, stop], (model) => Stream.runCollect(model.stream(askFor())))
      assert.deepStrictEqual(
        events.flatMap((seen) => (seen.type === "content_block_delta" ? [seen.delta] : [])),
        [
          { type: "opaque_delta", delta: unknown },
          { type: "opaque_delta", delta: by }
        ]
      )
    })
  )

  it.effect("keep every field of a delta", () =>
    Effect.gen(function* () {
      const thought = { type: "thinking_delta", thinking: "t", estimated_tokens: 3 }
      const pieces = [start, open(0, { type: "thinking", thinking: "", signature: "" }), delta(0, thought), stop]
      const events = yield* withCannedAnswer(pieces, (model) => Stream.runCollect(model.stream(askFor())))
      assert.deepStrictEqual<unknown>(
        events.flatMap((seen) => (seen.type === "content_block_delta" ? [seen.delta] : [])),
        [thought]
      )
    })
  )

  it.effect("close a block before the next one starts, whatever the server does", () =>
    Effect.gen(function* () {
      const pieces = [start, open(3, emptyText), open(3, emptyText), stop]
      const events = yield* withCannedAnswer(pieces, (model) => Stream.runCollect(model.stream(askFor())))
      assert.deepStrictEqual(
        events.flatMap((seen) => ("index" in seen ? [[seen.type, seen.index]] : [])),
        [
          ["content_block_start", 0],
          ["content_block_stop", 0],
          ["content_block_start", 1],
          ["content_block_stop", 1]
        ]
      )
    })
  )

  for (const [name, pieces, tag] of [
    ["a second start", [start, start], "ProviderInvalidResponse"],
    ["a block before the start", [open(0, emptyText)], "ProviderInvalidResponse"],
    ["a delta of a block that is not open", [start, text("a")], "ProviderInvalidResponse"],
    [
      "a delta without its text",
      [start, open(0, emptyText), delta(0, { type: "text_delta" })],
      "ProviderInvalidResponse"
    ],
    ["a malformed block", [start, open(0, { type: "text" })], "ProviderInvalidResponse"],
    [
      "half an event at the end",
      [start, open(0, emptyText), 'event: content_block_delta\ndata: {"type":"content'],
      "StreamInterrupted"
    ],
    ["no message_stop", [start, open(0, emptyText), text("a"), close(0)], "StreamInterrupted"],
    [
      "an error of an unknown type",
      [start, event("error", { error: { type: "new_error", message: "x" } })],
      "ProviderOverloaded"
    ],
    ["a time-out", [start, event("error", { error: { type: "timeout_error", message: "x" } })], "ProviderTimeout"]
  ] as const) {
    it.effect(`fail with ${tag} at ${name}`, () =>
      Effect.gen(function* () {
        const result = yield* read(...pieces)
        assert.strictEqual(Result.isFailure(result) ? result.failure._tag : "no failure", tag)
      })
    )
  }

  const Cuts = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1500 })))

  for (const [name, ending] of [
    ["whole", stop],
    ["broken", event("error", { error: { type: "overloaded_error", message: "x" } })]
  ] as const) {
    it.effect.prop(`are read the same however their bytes are cut: ${name}`, [Cuts], ([cuts]) =>
      Effect.gen(function* () {
        const stream = [
          "\uFEFF",
          start.replaceAll("\n", "\r\n"),
          open(0, emptyText),
          text("späte Züge 🚃").replaceAll("\n", "\r"),
          ": comment\n\n",
          close(0),
          open(1, { type: "tool_use", id: "t", name: "n", input: {} }),
          delta(1, { type: "input_json_delta", partial_json: '{"🚉":' }),
          delta(1, { type: "input_json_delta", partial_json: "1}" }),
          close(1),
          ending
        ].join("")
        const bytes = new TextEncoder().encode(stream)
        const bounds = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const pieces = bounds.slice(1).map((bound, index) => bytes.slice(bounds[index], bound))
        const whole = yield* eventsOrError([bytes])
        assert.strictEqual(whole.length, name === "whole" ? 10 : 9)
        assert.deepStrictEqual(yield* eventsOrError(pieces), whole)
      })
    )
  }
})
