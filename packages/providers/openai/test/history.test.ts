import { assert, describe, it } from "@effect/vitest"
import { sealThought } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import {
  geminiDefaults,
  deepSeekDefaults,
  mistralDefaults,
  openAiDefaults,
  openRouterDefaults
} from "@signalbox/provider-openai"
import { Effect } from "effect"
import { chunk, done, replyTo } from "./chunks.ts"
import { type Body, assistant, bodyOf, dialectWith, messagesIn, opaque, result, text, use, user } from "./requests.ts"

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

const callOf = (id: string, name: string, input: string) => ({
  id,
  type: "function",
  function: { name, arguments: input }
})

interface WireCall {
  readonly id: string
  readonly extra_content?: object
}

/** The calls of a message. */
const callsIn = (message: Body | undefined): ReadonlyArray<WireCall> =>
  Array.isArray(message?.["tool_calls"]) ? message["tool_calls"] : []

describe("Calls of earlier answers", () => {
  it.effect("go back to Gemini with their signatures, and without them to others", () =>
    Effect.gen(function* () {
      const extra_content = { google: { thought_signature: "sig" } }
      const pieces = [
        chunk({ tool_calls: [{ index: 0, id: "c1", function: { name: "read", arguments: "{}" }, extra_content }] }),
        chunk({}, "tool_calls"),
        done
      ]
      const { content } = yield* Effect.fromResult(yield* replyTo(pieces, geminiDefaults))
      const messages = [user(text("a")), assistant(...content), user(result("c1"))]
      const sent = callOf("c1", "read", "{}")
      for (const [options, call] of [
        [geminiDefaults, { ...sent, extra_content }],
        [openAiDefaults, sent]
      ] as const) {
        assert.deepStrictEqual(callsIn(messagesIn(yield* bodyOf(askFor("", { messages }), options))[1]), [call])
      }
    })
  )

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
      assert.deepStrictEqual(messagesIn(body).slice(1), [
        { role: "assistant", content: "Let me look.", tool_calls: [callOf("mcptoolu_1", "find", '{"q":1}')] },
        { role: "tool", tool_call_id: "mcptoolu_1", content: "found" },
        {
          role: "assistant",
          content: "And the web.",
          tool_calls: [callOf("srvtoolu_1", "web_search", '{"query":"x"}')]
        },
        { role: "tool", tool_call_id: "srvtoolu_1", content: "T\nhttps://x" },
        { role: "assistant", content: "Done.", tool_calls: [callOf("t1", "read", "{}")] },
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
          sent.flatMap((message) => callsIn(message).map(({ id }) => id)),
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
      const ids = callsIn(call).map(({ id }) => id)
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
