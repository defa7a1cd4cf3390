import { assert, describe, it } from "@effect/vitest"
import { collectReply, type ModelError } from "@signalbox/model"
import { askFor, type ContractSubject, languageModelContract, toolNamed } from "@signalbox/model/testing"
import type { Fault, Reply } from "@signalbox/testing"
import { Effect, Stream } from "effect"
import { key, withUpstream } from "./support.ts"

/** OpenRouter says some things in another way, and OpenAI has two APIs. */
for (const [provider, path, api] of [
  ["groq", "/v1", "chat"],
  ["openrouter", "/api/v1", "chat"],
  ["openai", "/v1", "responses"]
] as const) {
  const over: ContractSubject["over"] = (script, use, limits) =>
    withUpstream(script, use, { provider, api, ...limits }, path)
  describe(`A model of ${provider} over ${api}, like every language model,`, () => {
    for (const { check, name } of languageModelContract({ provider, key, over })) it.live(name, () => check)
  })
}

describe("OpenAi", () => {
  it.live("counts the tokens of thoughts", () =>
    withUpstream({ thinking: "Hm.", text: "Yes.", usage: { thinkingTokens: 2 } }, (model) =>
      Effect.gen(function* () {
        const { usage } = yield* model.generate(askFor())
        assert.deepStrictEqual(usage.output_tokens_details, { thinking_tokens: 2 })
      })
    )
  )

  it.live("sends a tool round as it was made", () => {
    const calls: Reply = {
      text: "Let me see.",
      toolCalls: [
        { id: "toolu_1", name: "read", input: { path: "a.txt" } },
        { id: "toolu_2", name: "stat" }
      ]
    }
    return withUpstream([calls, { text: "done" }], (model, upstream) =>
      Effect.gen(function* () {
        const request = askFor("go", { tools: [toolNamed("read"), toolNamed("stat")] })
        const first = yield* collectReply("openai", model.stream(request))
        yield* model.generate({
          ...request,
          messages: [
            ...request.messages,
            { role: "assistant", content: first.content },
            {
              role: "user",
              content: [
                { type: "tool_result", tool_use_id: "toolu_1", content: "one" },
                { type: "tool_result", tool_use_id: "toolu_2", content: "two", is_error: true }
              ]
            }
          ]
        })
        const body = upstream.requests[1]?.body
        assert.deepStrictEqual((body as { messages: unknown }).messages, [
          { role: "user", content: "go" },
          {
            role: "assistant",
            content: "Let me see.",
            tool_calls: [
              { id: "toolu_1", type: "function", function: { name: "read", arguments: '{"path":"a.txt"}' } },
              { id: "toolu_2", type: "function", function: { name: "stat", arguments: "{}" } }
            ]
          },
          { role: "tool", tool_call_id: "toolu_1", content: "one" },
          { role: "tool", tool_call_id: "toolu_2", content: "Error: two" }
        ])
      })
    )
  })

  it.live("gives every call of a conversation an id of its own, though the server begins anew in each answer", () =>
    withUpstream({ toolCalls: [{ id: "call_0", name: "read", input: {} }] }, (model, upstream) =>
      Effect.gen(function* () {
        const request = askFor("go", { tools: [toolNamed("read")] })
        const ids: Array<string> = []
        const messages = [...request.messages]
        for (const isStreamed of [true, false, true]) {
          const asked = { ...request, messages }
          const { content } = yield* isStreamed ? collectReply("openai", model.stream(asked)) : model.generate(asked)
          const id = content[0]?.type === "tool_use" ? content[0].id : ""
          ids.push(id)
          messages.push(
            { role: "assistant", content },
            { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: `result ${ids.length}` }] }
          )
        }
        assert.strictEqual(new Set(ids).size, 3)
        assert.strictEqual(ids[0], "call_0")
        yield* model.generate({ ...request, messages })
        assert.deepStrictEqual(upstream.requests.at(-1)?.toolResults, ["result 3"])
      })
    )
  )

  it.live("sends every request of a conversation to the base URL of its options, with its key and headers", () =>
    withUpstream(
      { text: "hi" },
      (model, upstream) =>
        Effect.gen(function* () {
          yield* model.generate(askFor())
          yield* Stream.runDrain(model.stream(askFor()))
          for (const seen of upstream.requests) {
            assert.strictEqual(seen.path, "/proxy/v1/chat/completions")
            assert.strictEqual(seen.headers.authorization, `Bearer ${key}`)
            assert.strictEqual(seen.headers["x-title"], "test")
          }
          assert.isTrue(upstream.requests[1]?.wantsUsage)
        }),
      { headers: { "x-title": "test" } },
      "/proxy/v1/"
    )
  )

  it.live("sends no key where there is none", () =>
    withUpstream(
      { text: "hi" },
      (model, upstream) =>
        Effect.gen(function* () {
          yield* model.generate(askFor())
          assert.isUndefined(upstream.requests[0]?.headers.authorization)
        }),
      { apiKey: undefined, provider: "ollama" }
    )
  )

  it.live("gives a caller's long tool name back whole", () => {
    const long = `${"a".repeat(90)}.read`
    return withUpstream({ toolCalls: [{ name: "placeholder" }] }, (model, upstream) =>
      Effect.gen(function* () {
        const request = askFor("x", { tools: [toolNamed(long)] })
        yield* model.generate(request)
        const sent = upstream.requests[0]?.offeredTools[0] ?? ""
        assert.match(sent, /^[A-Za-z0-9_-]{1,64}$/)
        upstream.use({ toolCalls: [{ name: sent }] })
        const [call] = (yield* collectReply("openai", model.stream(request))).content
        assert.strictEqual(call?.type === "tool_use" ? call.name : undefined, long)
      })
    )
  })
})

const faults: ReadonlyArray<readonly [string, Fault, ModelError["_tag"]]> = [
  ["403 of a moderation", { kind: "status", status: 403, code: "moderation_blocked" }, "ContentFiltered"],
  ["429 without credit", { kind: "status", status: 429, code: "insufficient_quota" }, "ProviderQuotaExceeded"],
  ["400 of a content filter", { kind: "status", status: 400, code: "content_filter" }, "ContentFiltered"],
  ["an error with status 200", { kind: "status", status: 200, code: "rate_limit_exceeded" }, "ProviderRateLimited"]
]

describe("OpenAi failures", () => {
  for (const [name, fault, tag] of faults) {
    it.live(`says ${tag} for ${name}`, () =>
      withUpstream({ fault }, (model) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(Stream.runDrain(model.stream(askFor()))))._tag, tag)
          assert.strictEqual((yield* Effect.flip(model.generate(askFor())))._tag, tag)
        })
      )
    )
  }

  it.live("says in the words of the Messages API that a prompt is too long", () => {
    const message =
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens."
    const fault: Fault = { kind: "status", status: 400, code: "context_length_exceeded", message }
    return withUpstream({ fault }, (model) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(model.generate(askFor()))
        assert.strictEqual(error._tag, "ModelRequestRejected")
        assert.include(error.message, "prompt is too long: 130000 tokens > 128000 maximum")
      })
    )
  })
})
