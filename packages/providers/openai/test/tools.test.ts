import { assert, describe, it } from "@effect/vitest"
import type { ModelRequest } from "@signalbox/model"
import { askFor, toolNamed } from "@signalbox/model/testing"
import { geminiDefaults, openAiDefaults, type OpenAiOptions } from "@signalbox/provider-openai"
import { Effect } from "effect"
import { anthropic, assistant, bodyOf, messagesIn, opaque, pdf, result, use, user } from "./requests.ts"

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
            "command",
            "path",
            "file_text",
            "old_str",
            "new_str",
            "insert_line",
            "view_range",
            "insert_text",
            "old_path",
            "new_path"
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
      assert.deepNestedInclude(messagesIn(body)[0], { "tool_calls[0].function.name": names[1] })
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
