import { assert, describe, it } from "@effect/vitest"
import { decodeCountTokensRequest, decodeRequest } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"

const body = (fields: object = {}) => ({
  model: "big",
  max_tokens: 100,
  messages: [{ role: "user", content: "hi" }],
  ...fields
})
const user = (content: unknown) => body({ messages: [{ role: "user", content }] })

const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } }

const accepted: ReadonlyArray<readonly [string, unknown]> = [
  ["a text", user("hi")],
  ["text blocks with nulls", user([{ type: "text", text: "hi", citations: null, cache_control: null }])],
  ["an image", user([image])],
  [
    "an image by URL with transformations",
    user([{ type: "image", source: { type: "url", url: "http://x/y.png" }, transformations: [] }])
  ],
  [
    "a PDF",
    user([{ type: "document", source: { type: "base64", media_type: "application/pdf", data: "AA==" }, title: null }])
  ],
  ["a search result", user([{ type: "search_result", source: "s", title: "t", content: [] }])],
  ["a block of tomorrow", user([{ type: "hologram", depth: 3 }])],
  ["a tool result with an image", user([{ type: "tool_result", tool_use_id: "toolu_1", content: [image] }])],
  [
    "a tool result without content",
    user([{ type: "tool_result", tool_use_id: "toolu_1", content: null, is_error: null }])
  ],
  [
    "a tool reference",
    user([{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "tool_reference", tool_name: "Read" }] }])
  ],
  [
    "a system message in the conversation",
    body({
      messages: [
        { role: "user", content: "hi" },
        { role: "system", content: "be brief", output_config: { effort: "low" } }
      ]
    })
  ],
  [
    "an empty prefill",
    body({
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: "" }
      ]
    })
  ],
  [
    "thinking with and without signature",
    body({
      messages: [
        { role: "user", content: "hi" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "x", signature: "s" },
            { type: "thinking", thinking: "y" },
            { type: "redacted_thinking", data: "z" }
          ]
        }
      ]
    })
  ],
  ["system as text", body({ system: "be brief" })],
  ["system as blocks", body({ system: [{ type: "text", text: "be brief", cache_control: { type: "ephemeral" } }] })],
  [
    "nulls at the top",
    body({ system: null, stop_sequences: null, temperature: null, tools: null, tool_choice: null, stream: null })
  ],
  [
    "fields of a coding agent",
    body({
      thinking: { type: "adaptive", display: "updates" },
      context_management: { edits: [] },
      metadata: { user_id: "{}" },
      output_config: { effort: "medium" },
      safeguards: []
    })
  ],
  ["a warm-up of the cache", body({ max_tokens: 0 })],
  ["no tools", body({ tools: [] })],
  ["a toolset without a name", body({ tools: [{ type: "mcp_toolset", mcp_server_name: "x" }] })]
]

const refused: ReadonlyArray<readonly [string, unknown, string]> = [
  ["no object", "hello", ""],
  ["an array", [], ""],
  ["no model", { max_tokens: 1, messages: [{ role: "user", content: "hi" }] }, "model"],
  ["an empty model", body({ model: "" }), "model"],
  ["no max_tokens", { model: "m", messages: [{ role: "user", content: "hi" }] }, "max_tokens"],
  ["half a token", body({ max_tokens: 1.5 }), "max_tokens"],
  ["no messages", body({ messages: [] }), "messages"],
  ["a foreign role", body({ messages: [{ role: "tool", content: "hi" }] }), "messages.0.role"],
  ["no content", body({ messages: [{ role: "user" }] }), "messages.0.content"],
  ["empty content", user(""), "messages.0.content"],
  ["no blocks", user([]), "messages.0.content"],
  ["content that is a number", user(5), "messages.0.content"],
  ["a block without a type", user([{ text: "hi" }]), "messages.0.content.0"],
  ["a text block without text", user([{ type: "text" }]), "messages.0.content.0.text"],
  ["an image without a source", user([{ type: "text", text: "x" }, { type: "image" }]), "messages.0.content.1.source"],
  ["a tool result without id", user([{ type: "tool_result", content: "x" }]), "messages.0.content.0.tool_use_id"],
  [
    "a broken block in a tool result",
    user([{ type: "tool_result", tool_use_id: "t", content: [{ type: "text" }] }]),
    "messages.0.content.0.content.0.text"
  ],
  [
    "tool input that is no object",
    body({
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "n", input: "x" }] }
      ]
    }),
    "messages.1.content.0.input"
  ],
  ["a temperature in words", body({ temperature: "hot" }), "temperature"],
  ["an image in the system prompt", body({ system: [image] }), "system.0.type"],
  ["a tool without a name", body({ tools: [{ description: "x", input_schema: {} }] }), "tools.0.name"],
  ["a tool choice without a name", body({ tool_choice: { type: "tool" } }), "tool_choice.name"],
  ["a message thread", body({ thread: { type: "create" } }), "thread"],
  ["safeguards", body({ safeguards: [{ type: "dangerous_tool_use" }] }), "safeguards"],
  ["a metadata that is a text", body({ metadata: "me" }), "metadata"],
  ["a stream in words", body({ stream: "yes" }), "stream"],
  ["stop sequences that are a text", body({ stop_sequences: "END" }), "stop_sequences"],
  ["tools that are no list", body({ tools: {} }), "tools"],
  ["a tool with a number for a name", body({ tools: [{ name: 5 }] }), "tools.0.name"],
  ["a tool choice of another kind", body({ tool_choice: { type: "some" } }), "tool_choice.type"],
  ["thinking that does not say how", body({ thinking: { budget_tokens: 5 } }), "thinking.type"],
  ["a document without a source", user([{ type: "document" }]), "messages.0.content.0.source"],
  [
    "a search result without a title",
    user([{ type: "search_result", source: "s", content: [] }]),
    "messages.0.content.0.title"
  ],
  [
    "a tool reference without a name, in a result",
    user([
      { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "x" }, { type: "tool_reference" }] }
    ]),
    "messages.0.content.0.content.1.tool_name"
  ],
  [
    "a server's call without an id",
    body({
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content: [{ type: "server_tool_use", name: "web_search", input: {} }] }
      ]
    }),
    "messages.1.content.0.id"
  ]
]

const second = { "anthropic-version": "2026-10-21" }
const cited = { type: "text", text: "x", citations: [{ type: "char_location" }] }
const pdf = { type: "document", source: { type: "url", url: "http://x/y.pdf" } }
const assistant = (content: unknown) =>
  body({
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", content }
    ]
  })

describe("decodeRequest, by the version that the client asks for,", () => {
  for (const [name, given, path] of [
    ["a temperature, even the default", body({ temperature: 1 }), "temperature"],
    ["top_p", body({ top_p: 0.5 }), "top_p"],
    ["top_k", body({ top_k: 5 }), "top_k"],
    ["a document in an assistant message", assistant([{ type: "text", text: "x" }, pdf]), "messages.1.content.1.type"],
    ["citations in a user message", user([cited]), "messages.0.content.0.citations"]
  ] as const) {
    it.effect(`takes ${name} or refuses it`, () =>
      Effect.gen(function* () {
        yield* decodeRequest(given, { "anthropic-version": "2023-06-01" })
        yield* decodeRequest(given)
        for (const read of [decodeRequest, decodeCountTokensRequest]) {
          assert.strictEqual((yield* Effect.flip(read(given, second))).path, path)
        }
      })
    )
  }

  it.effect("refuses sampling in the words of the API", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decodeRequest(body({ temperature: 0 }), second))
      assert.strictEqual(error.message, "temperature: Extra inputs are not permitted")
    })
  )

  for (const [name, given] of [
    ["citations in an assistant message", assistant([cited])],
    ["an empty list of citations", user([{ type: "text", text: "x", citations: [] }])],
    ["a document in a tool result", user([{ type: "tool_result", tool_use_id: "t", content: [pdf] }])]
  ] as const) {
    it.effect(`takes ${name} in any`, () => decodeRequest(given, second))
  }
})

describe("decodeCountTokensRequest", () => {
  it.effect("needs no max_tokens, and reads all that counts", () =>
    Effect.gen(function* () {
      const { max_tokens: _none, ...given } = body({
        system: "be brief",
        tools: [{ name: "n", input_schema: { type: "object", properties: {} } }],
        thinking: { type: "adaptive" }
      })
      const { maxTokens: _limit, ...asked } = (yield* decodeRequest({ ...given, max_tokens: 7 })).request
      assert.deepStrictEqual((yield* decodeCountTokensRequest(given)).request, asked)
      assert.deepStrictEqual((yield* decodeCountTokensRequest({ ...given, max_tokens: 7 })).request, asked)
    })
  )

  it.effect("refuses what is no question", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(decodeCountTokensRequest({ model: "m", messages: [] }))).path, "messages")
      assert.strictEqual((yield* Effect.flip(decodeCountTokensRequest(5))).path, "")
    })
  )
})

describe("decodeRequest", () => {
  for (const [name, given] of accepted) {
    it.effect(`takes ${name}`, () => decodeRequest(given))
  }

  for (const [name, given, path] of refused) {
    it.effect(`refuses ${name} and says where`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(decodeRequest(given))
        assert.strictEqual(error.path, path)
        assert.strictEqual(
          error.path === "" ? error.message : error.message.split(":")[0],
          error.path === "" ? error.reason : error.path
        )
        assert.strictEqual(error.status.anthropic, "invalid_request_error")
      })
    )
  }

  it.effect("refuses a thread with the code that makes the SDK send everything", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decodeRequest(body({ thread: { type: "create" } })))
      assert.strictEqual(error.errorCode, "thread_unsupported_request")
    })
  )

  it.effect("keeps a temperature of zero, and gives each field its place", () =>
    Effect.gen(function* () {
      const served = yield* decodeRequest(
        body({
          temperature: 0,
          top_p: 0.5,
          top_k: 3,
          stop_sequences: ["x"],
          stream: true,
          system: "be brief",
          tool_choice: { type: "any", disable_parallel_tool_use: true }
        })
      )
      assert.deepStrictEqual(served, {
        request: {
          model: "big",
          system: [{ type: "text", text: "be brief" }],
          messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
          tools: [],
          maxTokens: 100,
          temperature: 0,
          topP: 0.5,
          topK: 3,
          stopSequences: ["x"],
          toolChoice: { type: "any", disableParallel: true }
        },
        stream: true,
        model: "big",
        mcpServers: []
      })
    })
  )

  it.effect("keeps unknown fields as the vendor's and unknown blocks as opaque", () =>
    Effect.gen(function* () {
      const block = { type: "hologram", depth: 3, nested: { list: [1, null] } }
      const { request } = yield* decodeRequest({ ...user([block]), thinking: { type: "adaptive" }, tags: ["a"] })
      assert.deepStrictEqual(request.vendor, { anthropic: { thinking: { type: "adaptive" }, tags: ["a"] } })
      assert.deepStrictEqual(request.messages[0]?.content, [{ type: "opaque", vendor: "anthropic", block }])
    })
  )

  it.effect("keeps the headers that the body depends on, and no others", () =>
    Effect.gen(function* () {
      const headers = { "anthropic-version": "2026-10-21", "anthropic-beta": " a-1,b-2", "x-api-key": "k", host: "h" }
      assert.deepStrictEqual((yield* decodeRequest(body(), headers)).request.vendorHeaders, {
        anthropic: { "anthropic-version": "2026-10-21", "anthropic-beta": "a-1,b-2" }
      })
      assert.notProperty((yield* decodeRequest(body(), { "anthropic-beta": "" })).request, "vendorHeaders")
    })
  )

  it.effect("reads tools: the caller's, those of the provider, and what a definition cannot say", () =>
    Effect.gen(function* () {
      const plain = { name: "read", description: "Reads.", input_schema: { properties: { path: { type: "string" } } } }
      const deferred = { name: "write", input_schema: { type: "object" }, defer_loading: true }
      const search = { type: "web_search_20250305", name: "web_search", max_uses: 8 }
      const toolset = { type: "mcp_toolset", mcp_server_name: "x" }
      const { request } = yield* decodeRequest(body({ tools: [plain, deferred, search, toolset] }))
      assert.deepStrictEqual(
        request.tools.map((tool) => [tool.name, tool.runBy._tag]),
        [
          ["read", "Caller"],
          ["write", "Caller"],
          ["web_search", "Provider"]
        ]
      )
      assert.deepStrictEqual(request.tools[0]?.inputSchema, {
        type: "object",
        properties: { path: { type: "string" } }
      })
      assert.deepStrictEqual(request.vendor?.["anthropic"]?.["tools"], [deferred, search, toolset])
    })
  )
})
