import { assert, describe, it } from "@effect/vitest"
import { type ContentBlock, type Message, sealThought, type ToolDefinition } from "@signalbox/model"
import { decodeRequest } from "@signalbox/provider-claude/serve"
import { RequestWire } from "@signalbox/provider-claude/wire"
import { Effect, Logger, References, Schema } from "effect"
import { askFor } from "@signalbox/model/testing"
import { bodyOf } from "./support.ts"

const text = (words: string) => ({ type: "text", text: words }) as const
const user = (...content: ReadonlyArray<ContentBlock>): Message => ({ role: "user", content })
const assistant = (...content: ReadonlyArray<ContentBlock>): Message => ({ role: "assistant", content })
const tool = (name: string, runBy: ToolDefinition["runBy"] = { _tag: "Caller" }): ToolDefinition => ({
  name,
  originalName: name,
  description: "",
  inputSchema: { properties: {} },
  annotations: {},
  runBy,
  isTrusted: false
})

const hologram = { type: "hologram", z: 1, a: { list: [null, 2] } }

const conversations: ReadonlyArray<readonly [string, ReadonlyArray<Message>, unknown]> = [
  [
    "a cache mark as it came",
    [user({ ...text("a"), cache_control: { type: "ephemeral", ttl: "1h" } })],
    [{ role: "user", content: [{ type: "text", text: "a", cache_control: { type: "ephemeral", ttl: "1h" } }] }]
  ],
  [
    "thinking with its signature",
    [
      assistant(
        { type: "thinking", thinking: "x", signature: "s" },
        { type: "redacted_thinking", data: "d" },
        text("a")
      )
    ],
    [
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "x", signature: "s" },
          { type: "redacted_thinking", data: "d" },
          text("a")
        ]
      }
    ]
  ],
  [
    "its own citations, and none that other servers gave",
    [
      assistant(
        { ...text("a"), citations: [{ type: "web_search_result_location", url: "https://a", encrypted_index: "E" }] },
        { ...text("b"), citations: [{ type: "web_search_result_location", url: "https://b", encrypted_index: "" }] }
      )
    ],
    [
      {
        role: "assistant",
        content: [
          { ...text("a"), citations: [{ type: "web_search_result_location", url: "https://a", encrypted_index: "E" }] },
          text("b")
        ]
      }
    ]
  ],
  [
    "no thinking that another vendor's model did",
    [
      assistant(
        { type: "thinking", thinking: "x", signature: "" },
        { type: "thinking", thinking: "y", signature: sealThought("openrouter", {}) },
        { type: "redacted_thinking", data: sealThought("openrouter", {}) },
        text("a")
      )
    ],
    [{ role: "assistant", content: [text("a")] }]
  ],
  [
    "a host's call as an ordinary one",
    [
      assistant({
        type: "tool_use",
        id: "t",
        name: "n",
        input: {},
        invalidInput: "oops",
        runBy: { _tag: "Host", source: "files" }
      }),
      user({ type: "tool_result", tool_use_id: "t", content: [text("r"), text("")], is_error: true })
    ],
    [
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "n", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: [text("r")], is_error: true }] }
    ]
  ],
  [
    "unknown blocks as they came",
    [user({ type: "opaque", vendor: "anthropic", block: hologram })],
    [{ role: "user", content: [hologram] }]
  ],
  [
    "no blocks of another vendor, and no message without any",
    [user(text("a")), assistant({ type: "opaque", vendor: "openai", block: {} }, text(""))],
    [{ role: "user", content: [text("a")] }]
  ],
  [
    "a system message in its place",
    [user(text("a")), { role: "system", content: [text("be brief")] }],
    [
      { role: "user", content: [text("a")] },
      { role: "system", content: [text("be brief")] }
    ]
  ]
]

describe("Messages requests", () => {
  for (const [name, messages, expected] of conversations) {
    it.effect(`send ${name}`, () =>
      Effect.gen(function* () {
        const body = yield* bodyOf(askFor("", { messages }))
        assert.deepStrictEqual(JSON.stringify(body["messages"]), JSON.stringify(expected))
        assert.isTrue(Schema.is(RequestWire)(body))
      })
    )
  }

  it.effect("send all fields, a temperature of zero among them", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(
        askFor("a", {
          model: "claude-x",
          system: [text("one"), { ...text("two"), cache_control: { type: "ephemeral" } }],
          tools: [tool("read")],
          toolChoice: { type: "tool", name: "read", disableParallel: true },
          temperature: 0,
          topP: 0.5,
          topK: 3,
          stopSequences: ["x"],
          maxTokens: 500,
          vendor: { anthropic: { thinking: { type: "adaptive" } }, openai: { seed: 1 } }
        }),
        { maxTokens: 400 }
      )
      assert.deepStrictEqual(body, {
        thinking: { type: "adaptive" },
        model: "claude-x",
        max_tokens: 400,
        messages: [{ role: "user", content: [text("a")] }],
        system: [text("one"), { ...text("two"), cache_control: { type: "ephemeral" } }],
        tools: [{ name: "read", input_schema: { type: "object", properties: {} } }],
        tool_choice: { type: "tool", name: "read", disable_parallel_tool_use: true },
        temperature: 0,
        top_p: 0.5,
        top_k: 3,
        stop_sequences: ["x"]
      })
    })
  )

  it.effect("leave out sampling where the version refuses it, and say so in the log", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const request = askFor("a", { temperature: 0, topP: 0.5, topK: 3 })
      const logged = Logger.layer([Logger.make(({ message }) => lines.push(message))])
      const body = yield* bodyOf(request, { apiVersion: "2026-10-21" }).pipe(
        Effect.provide(logged),
        Effect.provideService(References.MinimumLogLevel, "Debug")
      )
      assert.deepStrictEqual(Object.keys(body).toSorted(), ["max_tokens", "messages", "model"])
      assert.include(String(lines), "temperature, top_p, top_k")
      const asked = { ...request, vendorHeaders: { anthropic: { "anthropic-version": "2023-06-01" } } }
      assert.strictEqual((yield* bodyOf(asked, { apiVersion: "2026-10-21" }))["temperature"], 0)
    })
  )

  it.effect("leave out what would be empty", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(askFor("a", { toolChoice: { type: "any" }, stopSequences: [] }))
      assert.deepStrictEqual(Object.keys(body).toSorted(), ["max_tokens", "messages", "model"])
    })
  )

  for (const [choice, expected] of [
    [{ type: "auto" }, { type: "auto" }],
    [
      { type: "any", disableParallel: true },
      { type: "any", disable_parallel_tool_use: true }
    ],
    [{ type: "none" }, { type: "none" }]
  ] as const) {
    it.effect(`say the tool choice ${choice.type}, and read it back`, () =>
      Effect.gen(function* () {
        const body = yield* bodyOf(askFor("a", { tools: [tool("read")], toolChoice: choice }))
        assert.deepStrictEqual(body["tool_choice"], expected)
        assert.deepStrictEqual((yield* decodeRequest(body)).request.toolChoice, choice)
      })
    )
  }

  it.effect("send the caller's tools in their own form, among tools of the host", () =>
    Effect.gen(function* () {
      const bash = { type: "bash_20250124", name: "bash" }
      const search = { type: "web_search_20250305", name: "web_search", max_uses: 8 }
      const deferred = { name: "write", input_schema: { type: "object", properties: {} }, defer_loading: true }
      const toolset = { type: "mcp_toolset", mcp_server_name: "x" }
      const { request } = yield* decodeRequest({
        model: "m",
        max_tokens: 1,
        messages: [{ role: "user", content: "a" }],
        tools: [bash, search, deferred, toolset]
      })
      const host = tool("read", { _tag: "Host", source: "files" })
      const body = yield* bodyOf({ ...request, tools: [host, ...request.tools] })
      assert.deepStrictEqual(body["tools"], [
        { name: "read", input_schema: { type: "object", properties: {} } },
        bash,
        search,
        deferred,
        toolset
      ])
    })
  )

  it.effect("are what the client sent, where nothing has to change", () =>
    Effect.gen(function* () {
      const sent = {
        model: "m",
        max_tokens: 10,
        messages: [
          { role: "user", content: [{ type: "image", source: { type: "url", url: "x" }, transformations: [1] }] },
          {
            role: "assistant",
            content: [{ type: "tool_use", id: "t", name: "n", input: {}, caller: { type: "direct" } }]
          },
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "tool_reference", tool_name: "x" }] }]
          },
          {
            output_config: { effort: "low" },
            role: "system",
            content: [{ type: "text", text: "Be quick.", cache_control: { type: "ephemeral" } }]
          }
        ],
        context_management: { edits: [] }
      }
      const { request } = yield* decodeRequest(sent)
      assert.deepStrictEqual(yield* bodyOf(request), sent)
    })
  )
})
