import { assert, describe, it } from "@effect/vitest"
import { sealThought, type ModelRequest } from "@signalbox/model"
import { askFor, toolNamed } from "@signalbox/model/testing"
import {
  azureDefaults,
  deepSeekDefaults,
  geminiDefaults,
  groqDefaults,
  mistralDefaults,
  ollamaDefaults,
  openAiDefaults,
  type OpenAiOptions,
  openRouterDefaults,
  vllmDefaults
} from "@signalbox/provider-openai"
import { Effect } from "effect"
import {
  anthropic,
  assistant,
  bodyOf,
  dataUrl,
  dialectWith,
  messagesIn,
  opaque,
  png,
  result,
  system,
  text,
  use,
  user
} from "./requests.ts"

const cached = { type: "ephemeral" }
const longCached = { type: "ephemeral", ttl: "1h" }
const pdf = {
  type: "document",
  title: "a.pdf",
  source: { type: "base64", media_type: "application/pdf", data: "AA==" }
} as const

/** What is sent, field by field. */
const fields: ReadonlyArray<
  readonly [name: string, request: Partial<ModelRequest>, options: Partial<OpenAiOptions>, expected: object]
> = [
  [
    "effort to a reasoning model, without sampling",
    { model: "gpt-5.1", temperature: 0, topP: 1, ...anthropic({ output_config: { effort: "xhigh" } }) },
    openAiDefaults,
    { reasoning_effort: "xhigh", temperature: undefined, top_p: undefined }
  ],
  [
    "no effort to a model that does not reason",
    { model: "gpt-4.1", temperature: 0, ...anthropic({ output_config: { effort: "high" } }) },
    openAiDefaults,
    { reasoning_effort: undefined, temperature: 0 }
  ],
  [
    "the effort of the last instruction inside the conversation",
    {
      model: "o3",
      messages: [user(text("a")), system("s", { anthropic: { output_config: { effort: "low" } } })],
      ...anthropic({ output_config: { effort: "high" } })
    },
    openAiDefaults,
    { reasoning_effort: "low" }
  ],
  [
    "a small budget of thought as low effort",
    { model: "o3", ...anthropic({ thinking: { type: "enabled", budget_tokens: 2000 } }) },
    openAiDefaults,
    { reasoning_effort: "low" }
  ],
  [
    "a middle budget as medium effort",
    { model: "o3", ...anthropic({ thinking: { type: "enabled", budget_tokens: 8000 } }) },
    openAiDefaults,
    { reasoning_effort: "medium" }
  ],
  [
    "a large budget as high effort",
    { model: "o3", ...anthropic({ thinking: { type: "enabled", budget_tokens: 31_999 } }) },
    openAiDefaults,
    { reasoning_effort: "high" }
  ],
  [
    "no effort for thinking that the model decides upon",
    { model: "o3", ...anthropic({ thinking: { type: "adaptive" } }) },
    openAiDefaults,
    { reasoning_effort: undefined }
  ],
  [
    "no thinking where it is off",
    { model: "gpt-5.1", ...anthropic({ thinking: { type: "disabled" } }) },
    openAiDefaults,
    { reasoning_effort: "none" }
  ],
  [
    "the nearest effort below where there is no such word",
    { model: "openai/gpt-oss-120b", ...anthropic({ output_config: { effort: "max" } }) },
    groqDefaults,
    { reasoning_effort: "high" }
  ],
  [
    "a budget to OpenRouter, which leaves room for the answer",
    { maxTokens: 32_000, ...anthropic({ thinking: { type: "enabled", budget_tokens: 32_000 } }) },
    openRouterDefaults,
    { reasoning: { max_tokens: 31_999 } }
  ],
  [
    "effort to OpenRouter",
    anthropic({ thinking: { type: "adaptive" }, output_config: { effort: "max" } }),
    openRouterDefaults,
    { reasoning: { effort: "xhigh" } }
  ],
  [
    "thinking that the model decides upon to OpenRouter",
    anthropic({ thinking: { type: "adaptive" } }),
    openRouterDefaults,
    { reasoning: { enabled: true } }
  ],
  [
    "thinking as an argument of templates to vLLM",
    anthropic({ thinking: { type: "disabled" } }),
    vllmDefaults,
    { chat_template_kwargs: { enable_thinking: false } }
  ],
  [
    "thinking as a field to DeepSeek",
    anthropic({ thinking: { type: "adaptive" } }),
    deepSeekDefaults,
    { thinking: { type: "enabled" } }
  ],
  [
    "a free choice of tools where the model thinks and could not be forced",
    {
      model: "anthropic/claude-sonnet-5",
      tools: [toolNamed("read")],
      toolChoice: { type: "any", disableParallel: true },
      ...anthropic({ thinking: { type: "adaptive" } })
    },
    openRouterDefaults,
    { tool_choice: "auto", parallel_tool_calls: false }
  ],
  [
    "a forced tool where the model does not think",
    { model: "anthropic/claude-sonnet-5", tools: [toolNamed("read")], toolChoice: { type: "any" } },
    openRouterDefaults,
    { tool_choice: "required" }
  ],
  [
    "no choice of a tool that is not offered",
    { tools: [toolNamed("read")], toolChoice: { type: "tool", name: "gone" } },
    openAiDefaults,
    { tool_choice: undefined }
  ],
  [
    "no word for one call at a time to servers without one",
    { tools: [toolNamed("read")], toolChoice: { type: "auto", disableParallel: true } },
    ollamaDefaults,
    { tool_choice: "auto", parallel_tool_calls: undefined }
  ],
  [
    "as many tokens as the model allows",
    { model: "gpt-4o-mini", maxTokens: 128_000 },
    openAiDefaults,
    { max_completion_tokens: 16_384, max_tokens: undefined }
  ],
  [
    "as many tokens as the options allow, if that is less",
    { model: "gpt-4o-mini", maxTokens: 128_000 },
    { ...openAiDefaults, maxTokens: 100 },
    { max_completion_tokens: 100 }
  ],
  [
    "tokens by their old name to others",
    { maxTokens: 5 },
    ollamaDefaults,
    { max_tokens: 5, max_completion_tokens: undefined }
  ],
  [
    "a format with a schema, strict if it qualifies",
    anthropic({
      output_config: {
        format: {
          type: "json_schema",
          schema: {
            $schema: "x",
            type: "object",
            properties: { a: { type: "string" } },
            required: ["a"],
            additionalProperties: false
          }
        }
      }
    }),
    openAiDefaults,
    {
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "answer",
          strict: true,
          schema: {
            type: "object",
            properties: { a: { type: "string" } },
            required: ["a"],
            additionalProperties: false
          }
        }
      }
    }
  ],
  [
    "the old name of a format",
    anthropic({ output_format: { type: "json_schema", schema: { properties: { a: {} } } } }),
    openAiDefaults,
    {
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", strict: false, schema: { type: "object", properties: { a: {} } } }
      }
    }
  ],
  [
    "a format in words where the server takes no schema",
    { ...anthropic({ output_config: { format: { type: "json_schema", schema: { type: "object" } } } }), messages: [] },
    deepSeekDefaults,
    {
      response_format: { type: "json_object" },
      messages: [
        {
          role: "system",
          content: 'Answer with nothing but a JSON object that fits this JSON Schema:\n{"type":"object"}'
        }
      ]
    }
  ],
  [
    "the user as a digest",
    anthropic({ metadata: { user_id: "abc" } }),
    openAiDefaults,
    {
      safety_identifier: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      user: undefined,
      metadata: undefined
    }
  ],
  [
    "the user under the older name to others",
    anthropic({ metadata: { user_id: "abc" } }),
    openRouterDefaults,
    { user: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", safety_identifier: undefined }
  ],
  [
    "no user where the server knows none",
    anthropic({ metadata: { user_id: "abc" } }),
    ollamaDefaults,
    { user: undefined }
  ],
  [
    "what the other API calls an effort and a format by the names of this one",
    {
      model: "o3",
      vendor: {
        openai: {
          include: ["reasoning.encrypted_content"],
          reasoning: { effort: "low", summary: "auto" },
          text: { format: { type: "json_schema", name: "n", strict: true, schema: { type: "object" } } }
        }
      }
    },
    openAiDefaults,
    {
      include: undefined,
      reasoning: undefined,
      text: undefined,
      reasoning_effort: "low",
      response_format: {
        type: "json_schema",
        json_schema: { name: "n", strict: true, schema: { type: "object", properties: {} } }
      }
    }
  ],
  [
    "a search of the web by OpenRouter's plugin",
    {
      tools: [toolNamed("web_search", { runBy: { _tag: "Provider" } })],
      ...anthropic({ tools: [{ type: "web_search_20250305", name: "web_search" }] })
    },
    openRouterDefaults,
    { plugins: [{ id: "web" }], tools: undefined }
  ],
  [
    "marks of cached prefixes to OpenRouter: in parts, on tools, and for all",
    {
      system: [text("one"), { ...text("two"), cache_control: cached }],
      messages: [user({ ...text("a"), cache_control: longCached })],
      tools: [toolNamed("read", { description: "", inputSchema: {} })],
      ...anthropic({ cache_control: cached, tools: [{ name: "read", cache_control: cached }] })
    },
    openRouterDefaults,
    {
      cache_control: cached,
      messages: [
        { role: "system", content: [text("one"), { ...text("two"), cache_control: cached }] },
        { role: "user", content: [{ ...text("a"), cache_control: longCached }] }
      ],
      tools: [
        {
          type: "function",
          function: { name: "read", parameters: { type: "object", properties: {} } },
          cache_control: cached
        }
      ]
    }
  ],
  [
    "marks of cached prefixes to OpenAI in its words",
    { messages: [user({ ...text("a"), cache_control: cached }), user({ ...text("b"), cache_control: longCached })] },
    openAiDefaults,
    {
      messages: [
        { role: "user", content: [{ ...text("a"), prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } }] },
        { role: "user", content: [{ ...text("b"), prompt_cache_breakpoint: { mode: "explicit", ttl: "12h" } }] }
      ]
    }
  ],
  [
    "no marks of cached prefixes to servers without them",
    { system: [{ ...text("s"), cache_control: cached }], messages: [user({ ...text("a"), cache_control: cached })] },
    azureDefaults,
    {
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "a" }
      ]
    }
  ],
  [
    "the developer's prompt to a reasoning model, and later instructions in their place",
    { model: "gpt-5", system: [text("s")], messages: [user(text("a")), system("be brief"), user(text("b"))] },
    openAiDefaults,
    {
      messages: [
        { role: "developer", content: "s" },
        { role: "user", content: "a" },
        { role: "developer", content: "be brief" },
        { role: "user", content: "b" }
      ]
    }
  ],
  [
    "later instructions as reminders to strict templates, in the next words of the user's",
    { messages: [user(text("a")), assistant(text("b")), system("be brief"), user(text("c")), system("be kind")] },
    vllmDefaults,
    {
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
        { role: "user", content: [text("<system-reminder>\nbe brief\n</system-reminder>"), text("c")] },
        { role: "user", content: "<system-reminder>\nbe kind\n</system-reminder>" }
      ]
    }
  ],
  [
    "images of results inside them where that is taken",
    { messages: [assistant(use("t1")), user({ ...result("t1", [text("see"), png]), is_error: true })] },
    openRouterDefaults,
    {
      messages: [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "t1", type: "function", function: { name: "read", arguments: "{}" } }]
        },
        {
          role: "tool",
          tool_call_id: "t1",
          content: [text("Error:"), text("see"), { type: "image_url", image_url: { url: dataUrl } }]
        }
      ]
    }
  ],
  [
    "a PDF of a result in words to servers that take none",
    { messages: [assistant(use("t1")), user(result("t1", [pdf]))] },
    ollamaDefaults,
    {
      messages: [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "t1", type: "function", function: { name: "read", arguments: "{}" } }]
        },
        { role: "tool", tool_call_id: "t1", content: "a.pdf\n[document]" }
      ]
    }
  ]
]

describe("Requests in the dialects of upstreams", () => {
  for (const [name, request, { baseUrl: _url, headers: _headers, ...options }, expected] of fields) {
    it.effect(`send ${name}`, () =>
      Effect.gen(function* () {
        const body = yield* bodyOf(askFor("a", request), options)
        for (const [field, value] of Object.entries(expected)) assert.deepStrictEqual(body[field], value, field)
      })
    )
  }
})

const details = [
  { type: "reasoning.text", text: "hm", signature: "s", format: "anthropic-claude-v1", index: 0 },
  { type: "reasoning.encrypted", data: "xyz", index: 1 }
]

const thought = (provider: string) => [
  { type: "thinking", thinking: "hm", signature: sealThought(provider, { details: details.slice(0, 1) }) } as const,
  { type: "redacted_thinking", data: sealThought(provider, { details: details.slice(1) }) } as const
]

describe("Reasoning of earlier answers", () => {
  it.effect("goes back to OpenRouter unchanged and in order", () =>
    Effect.gen(function* () {
      const messages = [user(text("a")), assistant(...thought("openrouter"), text("b")), user(text("c"))]
      const body = yield* bodyOf(askFor("", { messages }), openRouterDefaults)
      assert.deepStrictEqual(messagesIn(body)[1], { role: "assistant", content: "b", reasoning_details: details })
    })
  )

  it.effect("stays away from every other provider, and is never said aloud", () =>
    Effect.gen(function* () {
      const messages = [
        assistant(...thought("openrouter"), { type: "thinking", thinking: "secret", signature: "Eq" }, text("b"))
      ]
      for (const options of [openAiDefaults, { ...openRouterDefaults, provider: "another" }]) {
        const body = yield* bodyOf(askFor("", { messages }), options)
        assert.deepStrictEqual(messagesIn(body), [{ role: "assistant", content: "b" }])
      }
    })
  )

  it.effect("goes back to DeepSeek as text while its calls are being answered, and no longer", () =>
    Effect.gen(function* () {
      const own = { type: "thinking", thinking: "hm", signature: sealThought("deepseek", {}) } as const
      const round = [assistant(own, use("t1")), user(result("t1"))]
      const during = yield* bodyOf(askFor("", { messages: [user(text("a")), ...round] }), deepSeekDefaults)
      assert.strictEqual(messagesIn(during)[1]?.["reasoning_content"], "hm")
      const after = yield* bodyOf(
        askFor("", { messages: [user(text("a")), ...round, user(text("b"))] }),
        deepSeekDefaults
      )
      assert.isUndefined(messagesIn(after)[1]?.["reasoning_content"])
    })
  )
})

describe("Calls of earlier answers", () => {
  it.effect("that a vendor ran itself are calls with their results, and split the message where they answered", () =>
    Effect.gen(function* () {
      const messages = [
        user(text("a")),
        assistant(
          text("Let me look."),
          opaque({ type: "mcp_tool_use", id: "mcptoolu_1", name: "find", server_name: "s", input: { q: 1 } }),
          opaque({ type: "mcp_tool_result", tool_use_id: "mcptoolu_1", content: [text("found")] }),
          text("And the web."),
          opaque({ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }),
          opaque({
            type: "web_search_tool_result",
            tool_use_id: "srvtoolu_1",
            content: [{ type: "web_search_result", title: "T", url: "https://x", encrypted_content: "zzz" }]
          }),
          text("Done."),
          use("t1")
        ),
        user(result("t1"))
      ]
      const body = yield* bodyOf(askFor("", { messages }))
      const call = (id: string, name: string, input: string) => ({
        id,
        type: "function",
        function: { name, arguments: input }
      })
      assert.deepStrictEqual(messagesIn(body).slice(1), [
        { role: "assistant", content: "Let me look.", tool_calls: [call("mcptoolu_1", "find", '{"q":1}')] },
        { role: "tool", tool_call_id: "mcptoolu_1", content: "found" },
        {
          role: "assistant",
          content: "And the web.",
          tool_calls: [call("srvtoolu_1", "web_search", '{"query":"x"}')]
        },
        { role: "tool", tool_call_id: "srvtoolu_1", content: "T\nhttps://x" },
        { role: "assistant", content: "Done.", tool_calls: [call("t1", "read", "{}")] },
        { role: "tool", tool_call_id: "t1", content: "r" }
      ])
    })
  )

  it.effect("that a vendor ran and that failed say so", () =>
    Effect.gen(function* () {
      const messages = [
        assistant(
          opaque({ type: "server_tool_use", id: "s1", name: "web_search", input: {} }),
          opaque({
            type: "web_search_tool_result",
            tool_use_id: "s1",
            content: { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" }
          })
        )
      ]
      const [, answer] = messagesIn(yield* bodyOf(askFor("", { messages })))
      assert.strictEqual(answer?.["content"], "Error: max_uses_exceeded")
    })
  )

  it.effect("have ids that stay apart, though they look alike once they are cleaned, and fit", () =>
    Effect.gen(function* () {
      const ids = ["a:b", "a_b", "a/b", "x".repeat(80), `${"x".repeat(79)}y`, ""]
      const messages = ids.flatMap((id) => [assistant(use(id)), user(result(id, `of ${id}`))])
      for (const [callIds, pattern] of [
        ["plain", /^[A-Za-z0-9_-]{1,40}$/],
        ["nine", /^[A-Za-z0-9]{9}$/]
      ] as const) {
        const sent = messagesIn(yield* bodyOf(askFor("", { messages }), dialectWith({ callIds })))
        const answered = sent.filter(({ role }) => role === "tool").map((message) => String(message["tool_call_id"]))
        assert.strictEqual(new Set(answered).size, ids.length)
        for (const id of answered) assert.match(id, pattern)
        assert.deepStrictEqual(
          sent.flatMap(
            ({ tool_calls }) => (tool_calls as ReadonlyArray<{ id: string }> | undefined)?.map(({ id }) => id) ?? []
          ),
          answered
        )
      }
    })
  )

  it.effect("keep ids that the server made", () =>
    Effect.gen(function* () {
      const messages = [assistant(use("D681PevKs")), user(result("D681PevKs"))]
      const sent = messagesIn(yield* bodyOf(askFor("", { messages }), mistralDefaults))
      assert.strictEqual(sent[1]?.["tool_call_id"], "D681PevKs")
    })
  )

  it.effect("with one id in one message get one result each", () =>
    Effect.gen(function* () {
      const messages = [assistant(use("t"), use("t")), user(result("t", "one"), result("t", "two"))]
      const [call, ...answers] = messagesIn(yield* bodyOf(askFor("", { messages })))
      const ids = (call?.["tool_calls"] as ReadonlyArray<{ id: string }>).map(({ id }) => id)
      assert.strictEqual(new Set(ids).size, 2)
      assert.deepStrictEqual(
        answers.map((message) => [message["tool_call_id"], message["content"]]),
        [
          [ids[0], "one"],
          [ids[1], "two"]
        ]
      )
    })
  )
})

const search = toolNamed("ToolSearch")
const namesIn = (body: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  ((body["tools"] ?? []) as ReadonlyArray<{ function: { name: string } }>).map(({ function: { name } }) => name)

describe("Tools", () => {
  const deferred = {
    tools: [search, toolNamed("DeferredToolPlaceholder"), toolNamed("Write"), toolNamed("Grep")],
    ...anthropic({
      tools: [
        { name: "Write", defer_loading: true },
        { name: "Grep", defer_loading: true }
      ]
    })
  }

  it.effect("that are loaded later are offered once a search found them", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(namesIn(yield* bodyOf(askFor("a", deferred))), ["ToolSearch"])
      const found = [
        assistant(use("t1", {}, "ToolSearch")),
        user(
          result("t1", [
            opaque({ type: "tool_reference", tool_name: "Grep" }),
            opaque({ type: "tool_reference", tool_name: "X" })
          ])
        )
      ]
      const body = yield* bodyOf(askFor("a", { ...deferred, messages: found }))
      assert.deepStrictEqual(namesIn(body), ["ToolSearch", "Grep"])
      assert.strictEqual(messagesIn(body)[1]?.["content"], "Loaded tools: Grep, X")
    })
  )

  it.effect("that are loaded later are all offered where nothing could load them", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(askFor("a", { ...deferred, tools: deferred.tools.slice(1) }))
      assert.deepStrictEqual(namesIn(body), ["Write", "Grep"])
    })
  )

  it.effect("that clients know by their type are offered with the published schema", () =>
    Effect.gen(function* () {
      const tools = ["bash", "str_replace_based_edit_tool", "memory"].map((name) =>
        toolNamed(name, { inputSchema: {} })
      )
      const body = yield* bodyOf(
        askFor("a", {
          tools,
          ...anthropic({
            tools: [
              { type: "bash_20250124", name: "bash" },
              { type: "text_editor_20250728", name: "str_replace_based_edit_tool" },
              { type: "memory_20250818", name: "memory" }
            ]
          })
        })
      )
      const sent = body["tools"] as ReadonlyArray<{ function: { parameters: { properties: object } } }>
      assert.deepStrictEqual(
        sent.map(({ function: { parameters } }) => Object.keys(parameters.properties)),
        [
          ["command", "restart"],
          ["command", "path", "file_text", "old_str", "new_str", "insert_line", "view_range", "insert_text"],
          [
            ...["command", "path", "file_text", "old_str", "new_str", "insert_line", "view_range"],
            ...["insert_text", "old_path", "new_path"]
          ]
        ]
      )
    })
  )

  it.effect("with long names that begin alike are told apart, in the list, the choice and the history", () =>
    Effect.gen(function* () {
      const long = [`${"a".repeat(70)}.x`, `${"a".repeat(70)}.y`]
      const body = yield* bodyOf(
        askFor("", {
          tools: long.map((name) => toolNamed(name)),
          toolChoice: { type: "tool", name: long[1] ?? "" },
          messages: [assistant(use("t1", {}, long[1])), user(result("t1"))]
        })
      )
      const names = namesIn(body)
      assert.strictEqual(new Set(names).size, 2)
      for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
      assert.deepStrictEqual(body["tool_choice"], { type: "function", function: { name: names[1] } })
      const [call] = messagesIn(body)[0]?.["tool_calls"] as ReadonlyArray<{ function: { name: string } }>
      assert.strictEqual(call?.function.name, names[1])
    })
  )

  it.effect("keep their names, though another one's would be changed to theirs", () =>
    Effect.gen(function* () {
      const changed = namesIn(yield* bodyOf(askFor("", { tools: [toolNamed("a.b")] })))[0] ?? ""
      const names = namesIn(yield* bodyOf(askFor("", { tools: [toolNamed("a.b"), toolNamed(changed)] })))
      assert.strictEqual(names[1], changed)
      assert.notStrictEqual(names[0], changed)
    })
  )

  it.effect("say nothing but name, description and parameters", () =>
    Effect.gen(function* () {
      const tool = toolNamed("read", {
        title: "T",
        outputSchema: { type: "object" },
        annotations: { readOnlyHint: true },
        inputSchema: {}
      })
      assert.deepStrictEqual((yield* bodyOf(askFor("", { tools: [tool] })))["tools"], [
        {
          type: "function",
          function: { name: "read", description: "Does read.", parameters: { type: "object", properties: {} } }
        }
      ])
    })
  )
})

const refused: ReadonlyArray<readonly [string, Partial<ModelRequest>, Partial<OpenAiOptions>]> = [
  [
    "the tool web_search (web_search_20250305)",
    {
      tools: [toolNamed("web_search", { runBy: { _tag: "Provider" } })],
      ...anthropic({ tools: [{ type: "web_search_20250305", name: "web_search" }] })
    },
    openAiDefaults
  ],
  [
    "the tool computer (computer_20250124)",
    { tools: [toolNamed("computer")], ...anthropic({ tools: [{ type: "computer_20250124", name: "computer" }] }) },
    openAiDefaults
  ],
  ["the document a.pdf, a PDF", { messages: [user(pdf)] }, geminiDefaults],
  [
    "an image in a file of another vendor",
    { messages: [user({ type: "image", source: { type: "file", file_id: "f" } })] },
    openAiDefaults
  ],
  [
    "the document without a title in a file of another vendor",
    { messages: [user({ type: "document", source: { type: "file", file_id: "f" } })] },
    openAiDefaults
  ]
]

describe("Requests that an upstream could only misunderstand", () => {
  for (const [what, request, options] of refused) {
    it.effect(`are not sent, with the reason: ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(bodyOf(askFor("a", request), options))
        assert.strictEqual(error._tag, "ModelRequestRejected")
        assert.include(error.message, `the request has ${what}, which cannot be sent to this provider`)
      })
    )
  }

  it.effect("are sent without tools that only help a vendor to choose", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(
        askFor("a", {
          tools: [toolNamed("tool_search_tool_bm25", { runBy: { _tag: "Provider" } }), toolNamed("Write")],
          ...anthropic({
            tools: [
              { type: "tool_search_tool_bm25_20251119", name: "tool_search_tool_bm25" },
              { name: "Write", defer_loading: true }
            ]
          })
        })
      )
      assert.deepStrictEqual(namesIn(body), ["Write"])
    })
  )
})
