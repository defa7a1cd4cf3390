import { assert, describe, it } from "@effect/vitest"
import { type Message, textMessage } from "@signalbox/model"
import { ollamaDefaults, openRouterDefaults } from "@signalbox/provider-openai"
import { Effect, Logger, References, Schema } from "effect"
import { askFor, toolNamed } from "@signalbox/model/testing"
import { assistant, bodyOf, dataUrl, png, text, use, user } from "./requests.ts"

const calls = (...ids: ReadonlyArray<string>) =>
  ids.map((id) => ({ id, type: "function", function: { name: "read", arguments: "{}" } }))

const conversations: ReadonlyArray<readonly [string, ReadonlyArray<Message>, ReadonlyArray<object>]> = [
  ["a single text as a string", [user(text("a"))], [{ role: "user", content: "a" }]],
  [
    "several texts as parts",
    [user(text("a"), text(""), text("b"))],
    [{ role: "user", content: [text("a"), text("b")] }]
  ],
  [
    "an image as a data URL",
    [user(text("a"), png)],
    [{ role: "user", content: [text("a"), { type: "image_url", image_url: { url: dataUrl } }] }]
  ],
  [
    "an image by its URL",
    [user({ type: "image", source: { type: "url", url: "https://x/y.png" } })],
    [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://x/y.png" } }] }]
  ],
  [
    "a PDF as a file",
    [
      user({
        type: "document",
        title: "a.pdf",
        source: { type: "base64", media_type: "application/pdf", data: "AA==" }
      })
    ],
    [
      {
        role: "user",
        content: [{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" } }]
      }
    ]
  ],
  [
    "a text document with its title",
    [user({ type: "document", title: "Notes", source: { type: "text", media_type: "text/plain", data: "words" } })],
    [{ role: "user", content: "Notes\nwords" }]
  ],
  [
    "a search result as text",
    [
      user({
        type: "opaque",
        vendor: "anthropic",
        block: { type: "search_result", title: "T", source: "S", content: [text("found")] }
      })
    ],
    [{ role: "user", content: "T\nS\nfound" }]
  ],
  [
    "a system message in its place",
    [user(text("a")), { role: "system", content: [text("be brief")] }],
    [
      { role: "user", content: "a" },
      { role: "system", content: "be brief" }
    ]
  ],
  [
    "a call with null content",
    [user(text("a")), assistant(use("t1")), user({ type: "tool_result", tool_use_id: "t1", content: "r" })],
    [
      { role: "user", content: "a" },
      { role: "assistant", content: null, tool_calls: calls("t1") },
      { role: "tool", tool_call_id: "t1", content: "r" }
    ]
  ],
  [
    "thinking left out",
    [assistant({ type: "thinking", thinking: "secret", signature: "s" }, text("a"))],
    [{ role: "assistant", content: "a" }]
  ],
  [
    "an assistant without anything left out",
    [user(text("a")), assistant({ type: "thinking", thinking: "x", signature: "" })],
    [{ role: "user", content: "a" }]
  ],
  [
    "results in call order, before what the user said",
    [
      assistant(use("t1"), use("t2")),
      user(
        text("and"),
        { type: "tool_result", tool_use_id: "t2", content: [text("r2")] },
        { type: "tool_result", tool_use_id: "t1" }
      )
    ],
    [
      { role: "assistant", content: null, tool_calls: calls("t1", "t2") },
      { role: "tool", tool_call_id: "t1", content: "" },
      { role: "tool", tool_call_id: "t2", content: "r2" },
      { role: "user", content: "and" }
    ]
  ],
  [
    "a result that a system message kept away",
    [
      assistant(use("t1")),
      { role: "system", content: [text("s")] },
      user({ type: "tool_result", tool_use_id: "t1", content: "r" })
    ],
    [
      { role: "assistant", content: null, tool_calls: calls("t1") },
      { role: "tool", tool_call_id: "t1", content: "r" },
      { role: "system", content: "s" }
    ]
  ],
  [
    "a missing result",
    [assistant(use("t1")), user(text("next"))],
    [
      { role: "assistant", content: null, tool_calls: calls("t1") },
      { role: "tool", tool_call_id: "t1", content: "(no result)" },
      { role: "user", content: "next" }
    ]
  ],
  [
    "a result without its call as text",
    [user({ type: "tool_result", tool_use_id: "gone", content: "r" })],
    [{ role: "user", content: "[Result of an earlier tool call]\nr" }]
  ],
  [
    "an image in a result after the result",
    [assistant(use("t1")), user({ type: "tool_result", tool_use_id: "t1", content: [text("see"), png] })],
    [
      { role: "assistant", content: null, tool_calls: calls("t1") },
      { role: "tool", tool_call_id: "t1", content: "see\n[image 1 of read follows]" },
      { role: "user", content: [text("[image 1 of read]"), { type: "image_url", image_url: { url: dataUrl } }] }
    ]
  ],
  [
    "a tool reference in words",
    [
      assistant(use("t1")),
      user({
        type: "tool_result",
        tool_use_id: "t1",
        content: [{ type: "opaque", vendor: "anthropic", block: { type: "tool_reference", tool_name: "Read" } }]
      })
    ],
    [
      { role: "assistant", content: null, tool_calls: calls("t1") },
      { role: "tool", tool_call_id: "t1", content: "Loaded tools: Read" }
    ]
  ],
  [
    "ids that another vendor made",
    [assistant(use("a:b/c")), user({ type: "tool_result", tool_use_id: "a:b/c", content: "r" })],
    [
      { role: "assistant", content: null, tool_calls: calls("a_b_c") },
      { role: "tool", tool_call_id: "a_b_c", content: "r" }
    ]
  ],
  [
    "arguments that were no JSON as an empty object",
    [assistant({ ...use("t1"), invalidInput: "oops" }), user({ type: "tool_result", tool_use_id: "t1", content: "r" })],
    [
      { role: "assistant", content: null, tool_calls: calls("t1") },
      { role: "tool", tool_call_id: "t1", content: "r" }
    ]
  ]
]

const round = (answer: string) => [
  assistant(use("t1")),
  user({ type: "tool_result", tool_use_id: "t1", content: answer })
]

describe("Chat requests", () => {
  for (const [name, messages, expected] of conversations) {
    it.effect(`send ${name}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* bodyOf(askFor("", { messages })))["messages"], expected)
      })
    )
  }

  it.effect("answer each call with the result of its own turn, when an id is used again", () =>
    Effect.gen(function* () {
      const lost = [assistant(use("t1")), ...round("first"), ...round("second")]
      const sent = (yield* bodyOf(askFor("", { messages: lost })))["messages"]
      const answers = (sent as ReadonlyArray<{ role: string; content: unknown }>).filter(({ role }) => role === "tool")
      assert.deepStrictEqual(
        answers.map(({ content }) => content),
        ["(no result)", "first", "second"]
      )
    })
  )

  it.effect("begin with the system prompt", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(askFor("a", { system: [text("one"), text(""), text("two")] }))
      assert.deepStrictEqual(body["messages"], [
        { role: "system", content: "one\n\ntwo" },
        { role: "user", content: "a" }
      ])
    })
  )

  it.effect("offer tools as functions, without dialect markers and without those that another vendor runs", () =>
    Effect.gen(function* () {
      const properties = { default: { type: "string" }, $schema: { type: "string" } }
      const inputSchema = { $schema: "https://json-schema.org/draft/2020-12/schema", $id: "x", properties }
      const body = yield* bodyOf(
        askFor("a", {
          tools: [
            toolNamed("read", { inputSchema, description: "" }),
            toolNamed("web_search", { runBy: { _tag: "Provider" } })
          ]
        })
      )
      assert.deepStrictEqual(body["tools"], [
        { type: "function", function: { name: "read", parameters: { type: "object", properties } } }
      ])
    })
  )

  for (const [choice, expected, parallel] of [
    [{ type: "auto" }, "auto", undefined],
    [{ type: "any", disableParallel: true }, "required", false],
    [{ type: "none" }, "none", undefined],
    [{ type: "tool", name: "read" }, { type: "function", function: { name: "read" } }, undefined]
  ] as const) {
    it.effect(`say the tool choice ${choice.type}`, () =>
      Effect.gen(function* () {
        const body = yield* bodyOf(askFor("a", { tools: [toolNamed("read")], toolChoice: choice }))
        assert.deepStrictEqual([body["tool_choice"], body["parallel_tool_calls"]], [expected, parallel])
      })
    )
  }

  it.effect("leave out what would be empty, and fields of other vendors", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(
        askFor("a", {
          toolChoice: { type: "auto" },
          stopSequences: [],
          topK: 4,
          vendor: {
            anthropic: {
              thinking: {},
              context_management: { edits: [] },
              container: "c",
              diagnostics: {},
              betas: ["b"],
              service_tier: "auto",
              speed: "fast",
              inference_geo: "eu",
              safeguards: [],
              tags: [],
              mcp_servers: [],
              cache_control: { type: "ephemeral" },
              output_config: { effort: "high" },
              metadata: {}
            }
          }
        })
      )
      assert.deepStrictEqual(Object.keys(body).toSorted(), ["max_completion_tokens", "messages", "model"])
    })
  )

  it.effect("keep a temperature of zero, stop sequences, and the vendor's own fields", () =>
    Effect.gen(function* () {
      const body = yield* bodyOf(
        askFor("a", {
          temperature: 0,
          topP: 0.5,
          topK: 4,
          stopSequences: ["1", "", "2", "3", "4"],
          vendor: { openai: { seed: 7 } }
        }),
        { ...ollamaDefaults, maxTokens: 100 }
      )
      const { messages: _messages, ...rest } = body
      assert.deepStrictEqual(rest, {
        seed: 7,
        model: "gpt-fx",
        max_tokens: 100,
        temperature: 0,
        top_p: 0.5,
        top_k: 4,
        stop: ["1", "2", "3", "4"]
      })
    })
  )

  it.effect("say in the finest log that marks of cached prefixes are not sent, where they are not", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const request = askFor("", { messages: [user({ ...text("a"), cache_control: { type: "ephemeral" } })] })
      for (const options of [ollamaDefaults, openRouterDefaults]) {
        yield* bodyOf(request, options).pipe(
          Effect.provide(Logger.layer([logger])),
          Effect.provideService(References.MinimumLogLevel, "Trace")
        )
      }
      assert.deepStrictEqual(
        lines.filter((line) => line.includes("cache_control")),
        ["ollama takes no marks of cached prefixes (cache_control); they are not sent."]
      )
    })
  )

  const Words = Schema.NonEmptyArray(Schema.NonEmptyString)

  it.effect.prop(
    "never lose a text",
    [Words, Words],
    ([said, heard]) =>
      Effect.gen(function* () {
        const messages = [
          textMessage("user", "go"),
          assistant(...heard.map(text), use("t1")),
          user({ type: "tool_result", tool_use_id: "t1", content: said.map(text) }, ...said.map(text))
        ]
        const sent = (yield* bodyOf(askFor("", { messages })))["messages"]
        const strings: Array<string> = []
        JSON.stringify(sent, (_key, value: unknown) => {
          if (typeof value === "string") strings.push(value)
          return value
        })
        for (const words of [...said, ...heard]) assert.isTrue(strings.some((sentText) => sentText.includes(words)))
      }),
    { timeout: 60_000 }
  )
})
