import { assert, describe, it } from "@effect/vitest"
import { collectReply, type ModelReply } from "@signalbox/model"
import { askFor, toolNamed } from "@signalbox/model/testing"
import { openAiDefaults } from "@signalbox/provider-openai"
import { Effect, Result, Schema, Stream } from "effect"
import {
  anthropic,
  assistant,
  type Body,
  bodyOf,
  dataUrl,
  messagesIn,
  png,
  result,
  system,
  text,
  use,
  user
} from "./requests.ts"
import { withCannedAnswer, withUpstream } from "./support.ts"

const api = { ...openAiDefaults, api: "responses", baseUrl: "https://x/v1" } as const

const event = (type: string, fields: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const added = (output_index: number, item: object) => event("response.output_item.added", { output_index, item })
const ended = (output_index: number, item: object) => event("response.output_item.done", { output_index, item })
const completed = (response: object = {}) =>
  event("response.completed", { response: { id: "r", model: "m", ...response } })
const created = event("response.created", { response: { id: "r", model: "m", status: "in_progress", output: [] } })
const delta = (kind: string, output_index: number, piece: string, more: object = {}) =>
  event(`response.${kind}.delta`, { output_index, delta: piece, ...more })
const message = (...texts: ReadonlyArray<string>) => ({
  type: "message",
  role: "assistant",
  content: texts.map((words) => ({ type: "output_text", text: words, annotations: [] }))
})
const call = (id: string, name: string, input: string) => ({
  type: "function_call",
  call_id: id,
  name,
  arguments: input
})
const reasoning = {
  type: "reasoning",
  id: "rs_1",
  summary: [{ type: "summary_text", text: "hm" }],
  encrypted_content: "e"
}

const replyTo = (pieces: ReadonlyArray<Uint8Array | string>) =>
  withCannedAnswer(pieces, (model) => Effect.result(collectReply("openai", model.stream(askFor()))), api)

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
      ...[created, added(0, message()), delta("output_text", 0, "a"), ended(0, message("a"))],
      ...[added(1, message()), delta("output_text", 1, "b"), ended(1, message("b")), completed()]
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
      ...[created, added(0, { type: "reasoning", summary: [] })],
      ...[
        delta("reasoning_summary_text", 0, "a", { summary_index: 0 }),
        delta("reasoning_summary_text", 0, "b", { summary_index: 1 })
      ],
      ...[ended(0, reasoning), completed()]
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
      ...[
        created,
        added(0, call("c1", "f", "")),
        delta("function_call_arguments", 0, '{"x"'),
        delta("function_call_arguments", 0, ":1}")
      ],
      ...[
        event("response.function_call_arguments.done", { output_index: 0, arguments: '{"x":1}' }),
        ended(0, call("c1", "f", '{"x":1}'))
      ],
      ...[
        added(1, call("c2", "g", "")),
        event("response.function_call_arguments.done", { output_index: 1, arguments: '{"y":2}' })
      ],
      ...[
        ended(1, call("c2", "g", '{"y":2}')),
        added(2, call("c3", "h", "")),
        ended(2, call("c3", "h", "")),
        completed()
      ]
    ],
    ['c1 f {"x":1}', 'c2 g {"y":2}', "c3 h {}"],
    "tool_use"
  ],
  [
    "calls whose pieces alternate",
    [
      ...[created, added(0, call("c1", "f", "")), added(1, call("c2", "g", ""))],
      ...[delta("function_call_arguments", 1, "{}"), delta("function_call_arguments", 0, "{}")],
      ...[ended(1, call("c2", "g", "{}")), ended(0, call("c1", "f", "{}")), completed()]
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
      added(0, { type: "web_search_call" }),
      ended(0, { type: "web_search_call", id: "w" }),
      delta("output_text", 1, "a"),
      completed()
    ],
    ["text a"],
    "end_turn"
  ]
]

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
        ...{ input_tokens: 20, output_tokens: 5, total_tokens: 25, cost: 1 },
        ...{
          input_tokens_details: { cached_tokens: 7, cache_write_tokens: 2 },
          output_tokens_details: { reasoning_tokens: 3 }
        }
      }
      const reply = yield* Effect.fromResult(
        yield* replyTo([created, delta("output_text", 0, "a"), completed({ usage })])
      )
      assert.deepStrictEqual(reply.usage, {
        ...{ input_tokens: 11, output_tokens: 5, cache_read_input_tokens: 7, cache_creation_input_tokens: 2 },
        ...{ output_tokens_details: { thinking_tokens: 3 }, cost: 1 }
      })
    })
  )

  const Bounds = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })))
  const bytes = new TextEncoder().encode(
    [
      ...[
        created,
        added(0, { type: "reasoning", summary: [] }),
        delta("reasoning_summary_text", 0, "grübeln 🚂", { summary_index: 0 })
      ],
      ...[
        ended(0, reasoning),
        ": comment\n\n",
        added(1, message()),
        delta("output_text", 1, "späte Züge 🚃").replaceAll("\n", "\r\n")
      ],
      ...[
        ended(1, message("späte Züge 🚃")),
        added(2, call("c1", "f", "")),
        delta("function_call_arguments", 2, '{"ä":"🚉"}')
      ],
      ...[ended(2, call("c1", "f", '{"ä":"🚉"}')), completed()]
    ].join("")
  )

  it.effect.prop("read the same however their bytes are cut, and their blocks never overlap", [Bounds], ([cuts]) =>
    Effect.gen(function* () {
      const eventsOf = (pieces: ReadonlyArray<Uint8Array>) =>
        withCannedAnswer(pieces, (model) => Stream.runCollect(model.stream(askFor())), api)
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
    })
  )
})

const bodies: ReadonlyArray<readonly [string, Parameters<typeof askFor>[1], expected: Body]> = [
  [
    "the prompt, the question and its limit, and store nothing",
    { system: [text("s"), text("t")], messages: [user(text("a"))], temperature: 0 },
    {
      ...{ model: "gpt-fx", instructions: "s\n\nt", input: [{ role: "user", content: "a" }] },
      ...{ max_output_tokens: 256, store: false, temperature: 0, include: undefined, reasoning: undefined }
    }
  ],
  [
    "what a model that reasons shall give back",
    { model: "gpt-5", temperature: 0, ...anthropic({ output_config: { effort: "low" } }) },
    {
      ...{ reasoning: { effort: "low", summary: "auto" }, include: ["reasoning.encrypted_content"] },
      ...{ temperature: undefined, reasoning_effort: undefined }
    }
  ],
  [
    "tools and their choice flat",
    {
      tools: [toolNamed("read", { inputSchema: {} })],
      toolChoice: { type: "tool", name: "read", disableParallel: true }
    },
    {
      tools: [
        {
          ...{ type: "function", name: "read", description: "Does read.", strict: false },
          parameters: { type: "object", properties: {} }
        }
      ],
      tool_choice: { type: "function", name: "read" },
      parallel_tool_calls: false
    }
  ],
  [
    "tools of the vendor's beside ours",
    {
      tools: [toolNamed("read", { inputSchema: {}, description: "" })],
      vendor: { openai: { tools: [{ type: "web_search" }], seed: 1 } }
    },
    {
      tools: [
        { type: "function", name: "read", strict: false, parameters: { type: "object", properties: {} } },
        { type: "web_search" }
      ],
      seed: undefined
    }
  ],
  [
    "a format, whoever named it",
    {
      vendor: {
        openai: { response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } } }
      }
    },
    {
      text: { format: { type: "json_schema", name: "n", strict: false, schema: { type: "object", properties: {} } } },
      response_format: undefined
    }
  ],
  [
    "calls and results as items, with images inside, and instructions in their place",
    {
      messages: [
        user(text("a"), png),
        assistant(text("b"), use("t1"), use("t2")),
        user(result("t2", [text("see"), png]), text("and")),
        system("be brief"),
        user(result("gone", "x"))
      ]
    },
    {
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "a" },
            { type: "input_image", image_url: dataUrl, detail: "auto" }
          ]
        },
        { role: "assistant", content: "b" },
        { type: "function_call", call_id: "t1", name: "read", arguments: "{}" },
        { type: "function_call", call_id: "t2", name: "read", arguments: "{}" },
        { type: "function_call_output", call_id: "t1", output: "(no result)" },
        {
          type: "function_call_output",
          call_id: "t2",
          output: [
            { type: "input_text", text: "see" },
            { type: "input_image", image_url: dataUrl, detail: "auto" }
          ]
        },
        { role: "user", content: "and" },
        { role: "developer", content: "be brief" },
        { role: "user", content: "[Result of an earlier tool call]\nx" }
      ]
    }
  ],
  [
    "files by their bytes and by their place",
    {
      messages: [
        user(
          { type: "document", title: "a.pdf", source: { type: "base64", media_type: "application/pdf", data: "AA==" } },
          { type: "document", source: { type: "url", url: "https://x/y.pdf" } }
        )
      ]
    },
    {
      input: [
        {
          role: "user",
          content: [
            { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
            { type: "input_file", file_url: "https://x/y.pdf" }
          ]
        }
      ]
    }
  ]
]

describe("Responses requests", () => {
  for (const [name, request, expected] of bodies) {
    it.effect(`send ${name}`, () =>
      Effect.gen(function* () {
        const body = yield* bodyOf(askFor("a", request), api)
        for (const [field, value] of Object.entries(expected)) assert.deepStrictEqual(body[field], value, field)
      })
    )
  }

  it.effect("send reasoning back as it came, to whom it came from", () =>
    Effect.gen(function* () {
      const hidden = { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "e2" }
      const pieces = [
        created,
        ended(0, { ...reasoning, status: null }),
        ended(1, hidden),
        ended(2, call("c1", "f", "{}")),
        completed()
      ]
      const { content } = yield* Effect.fromResult(yield* replyTo(pieces))
      const messages = [assistant(...content), user(result("c1"))]
      assert.deepStrictEqual(messagesIn(yield* bodyOf(askFor("", { messages }), api)).slice(0, 3), [
        reasoning,
        hidden,
        { type: "function_call", call_id: "c1", name: "f", arguments: "{}" }
      ])
      const elsewhere = messagesIn(yield* bodyOf(askFor("", { messages }), { ...api, provider: "azure" }))
      assert.strictEqual(elsewhere[0]?.["type"], "function_call")
    })
  )

  it.live("go below the base URL, and a round of tools comes back as it was made", () =>
    withUpstream(
      [{ toolCalls: [{ id: "c1", name: "read", input: { path: "a" } }] }, { text: "done" }],
      (model, upstream) =>
        Effect.gen(function* () {
          const request = askFor("go", { tools: [toolNamed("read")] })
          const first = yield* collectReply("openai", model.stream(request))
          const messages = [...request.messages, assistant(...first.content), user(result("c1", "42"))]
          const second = yield* model.generate({ ...request, messages })
          assert.deepStrictEqual(second.content, [text("done")])
          assert.deepStrictEqual(
            upstream.requests.map(({ path }) => path),
            ["/v1/responses", "/v1/responses"]
          )
          assert.deepStrictEqual(upstream.requests[1]?.toolResults, ["42"])
        }),
      { api: "responses" }
    )
  )
})

describe("Counting tokens", () => {
  it.live("asks the server, with what would be sent and nothing else", () =>
    withUpstream(undefined, (model, upstream) =>
      Effect.gen(function* () {
        const request = askFor("a", { system: [text("s")], tools: [toolNamed("read", { inputSchema: {} })] })
        assert.isAbove(yield* model.countTokens?.(request) ?? Effect.succeed(0), 1)
        const [seen] = upstream.otherRequests
        assert.strictEqual(seen?.path, "/v1/responses/input_tokens")
        assert.deepStrictEqual(Object.keys(seen?.body ?? {}).toSorted(), ["input", "instructions", "model", "tools"])
      })
    )
  )

  it.live("is left to others where the server does not count", () =>
    withUpstream(undefined, (model) => Effect.sync(() => assert.isUndefined(model.countTokens)), {
      dialect: { ...openAiDefaults.dialect, countPath: undefined }
    })
  )
})
