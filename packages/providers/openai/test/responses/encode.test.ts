import { assert, describe, it } from "@effect/vitest"
import { collectReply } from "@signalbox/model"
import { askFor, toolNamed } from "@signalbox/model/testing"
import { openAiDefaults } from "@signalbox/provider-openai"
import { Effect } from "effect"
import { api, call, completed, created, ended, reasoning, replyTo } from "./events.ts"
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
} from "../requests.ts"
import { withUpstream } from "../support.ts"

const bodies: ReadonlyArray<readonly [string, Parameters<typeof askFor>[1], expected: Body]> = [
  [
    "the prompt, the question and its limit, and store nothing",
    { system: [text("s"), text("t")], messages: [user(text("a"))], temperature: 0 },
    {
      model: "gpt-fx",
      instructions: "s\n\nt",
      input: [
        {
          role: "user",
          content: "a"
        }
      ],
      max_output_tokens: 256,
      store: false,
      temperature: 0,
      include: undefined,
      reasoning: undefined
    }
  ],
  [
    "what a model that reasons shall give back",
    { model: "gpt-5", temperature: 0, ...anthropic({ output_config: { effort: "low" } }) },
    {
      reasoning: {
        effort: "low",
        summary: "auto"
      },
      include: ["reasoning.encrypted_content"],
      temperature: undefined,
      reasoning_effort: undefined
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
          type: "function",
          name: "read",
          description: "Does read.",
          strict: false,
          parameters: {
            type: "object",
            properties: {}
          }
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
    "a search of the web as a tool of the vendor's",
    {
      tools: [toolNamed("web_search", { runBy: { _tag: "Provider" } })],
      ...anthropic({ tools: [{ type: "web_search_20250305", name: "web_search", allowed_domains: ["a.example"] }] })
    },
    { tools: [{ type: "web_search", filters: { allowed_domains: ["a.example"] } }] }
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
