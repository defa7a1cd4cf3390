import { assert, describe, it } from "@effect/vitest"
import { decodeChatRequest } from "@signalbox/provider-openai/serve"
import { Effect } from "effect"

const decode = (body: Record<string, unknown>, headers: Readonly<Record<string, string>> = {}) =>
  decodeChatRequest({ model: "big", ...body }, headers)

const tool = (name: string) => ({
  type: "function",
  function: { name, description: "d", parameters: { type: "object" } }
})

const refusal = (body: unknown) =>
  Effect.map(Effect.flip(decodeChatRequest(body)), ({ errorCode, path, reason }) => ({ path, reason, errorCode }))

const user = { role: "user", content: "go" }

describe("decodeChatRequest", () => {
  it.effect("reads what the vocabulary has, and hands on what it has not", () =>
    Effect.gen(function* () {
      const { answer, model, request, stream } = yield* decode({
        messages: [user],
        stream: true,
        max_tokens: 7,
        temperature: 0.5,
        top_p: 0.9,
        stop: ["END", "\n"],
        seed: 4,
        user: "u",
        logprobs: false,
        frequency_penalty: null
      })
      assert.deepStrictEqual([stream, model, answer.includeUsage], [true, "big", false])
      assert.deepInclude(request, {
        model: "big",
        maxTokens: 7,
        temperature: 0.5,
        topP: 0.9,
        stopSequences: ["END"],
        vendor: { openai: { seed: 4, user: "u" } }
      })
      const preferred = yield* decode({ messages: [user], max_tokens: 7, max_completion_tokens: 9 })
      assert.strictEqual(preferred.request.maxTokens, 9)
      assert.notProperty((yield* decode({ messages: [user] })).request, "maxTokens")
    })
  )

  it.effect("says effort and format to either vendor in its own words", () =>
    Effect.gen(function* () {
      const format = {
        type: "json_schema",
        json_schema: {
          name: "answer",
          strict: true,
          schema: {
            $schema: "x",
            type: "object",
            properties: { a: { oneOf: [{ type: "string", maxLength: 3 }, { type: "null" }] } },
            required: ["a"]
          }
        }
      }
      const { request } = yield* decode({ messages: [user], reasoning_effort: "minimal", response_format: format })
      assert.deepStrictEqual(request.vendor, {
        openai: { reasoning_effort: "minimal", response_format: format },
        anthropic: {
          thinking: { type: "adaptive" },
          output_config: {
            effort: "low",
            format: {
              type: "json_schema",
              schema: {
                type: "object",
                properties: { a: { anyOf: [{ type: "string", description: "maxLength: 3" }, { type: "null" }] } },
                required: ["a"],
                additionalProperties: false
              }
            }
          }
        }
      })
      const none = yield* decode({ messages: [user], reasoning: { enabled: false } })
      assert.deepStrictEqual(none.request.vendor, {
        openai: { reasoning: { enabled: false } },
        anthropic: { thinking: { type: "disabled" } }
      })
    })
  )

  it.effect("keeps from either vendor what it would refuse", () =>
    Effect.gen(function* () {
      const hot = (yield* decode({ messages: [user], temperature: 1.5, stop: "\n" })).request
      assert.deepStrictEqual(hot.vendor, { openai: { temperature: 1.5, stop: ["\n"] }, anthropic: { temperature: 1 } })
      assert.isUndefined(hot.temperature)
      const forced = (yield* decode({
        messages: [user],
        tools: [tool("f")],
        tool_choice: "required",
        reasoning_effort: "high",
        temperature: 0.2
      })).request
      assert.deepStrictEqual(forced.vendor, {
        openai: { reasoning_effort: "high", temperature: 0.2 },
        anthropic: { output_config: { effort: "high" } }
      })
    })
  )

  it.effect("reads tools of either kind and the choice among them; others are left out", () =>
    Effect.gen(function* () {
      const grammar = { type: "grammar", grammar: { syntax: "lark", definition: "start: WORD" } }
      const tools = [
        tool("f"),
        tool("f"),
        { type: "custom", custom: { name: "patch", description: "Patches.", format: grammar } },
        { type: "web_search" }
      ]
      const choiceOf = (tool_choice: unknown, more = {}) =>
        Effect.map(decode({ messages: [user], tools, tool_choice, ...more }), ({ request }) => [
          request.toolChoice,
          request.tools.map(({ name }) => name)
        ])
      const { answer, request } = yield* decode({ messages: [user], tools })
      assert.deepStrictEqual(
        request.tools.map(({ name, runBy }) => [name, runBy._tag]),
        [
          ["f", "Caller"],
          ["patch", "Caller"]
        ]
      )
      assert.include(request.tools[1]?.description, "start: WORD")
      assert.deepStrictEqual([...answer.callForms], [["patch", { kind: "custom", name: "patch" }]])
      const both = ["f", "patch"]
      assert.deepStrictEqual(yield* choiceOf("required"), [{ type: "any" }, both])
      assert.deepStrictEqual(yield* choiceOf("none"), [{ type: "none" }, both])
      assert.deepStrictEqual(yield* choiceOf({ type: "function", function: { name: "f" } }), [
        { type: "tool", name: "f" },
        both
      ])
      assert.deepStrictEqual(yield* choiceOf({ type: "custom", custom: { name: "patch" } }), [
        { type: "tool", name: "patch" },
        both
      ])
      assert.deepStrictEqual(yield* choiceOf("auto", { parallel_tool_calls: false }), [
        { type: "auto", disableParallel: true },
        both
      ])
      const allowed = { mode: "required", tools: [{ type: "function", function: { name: "f" } }] }
      assert.deepStrictEqual(yield* choiceOf({ type: "allowed_tools", allowed_tools: allowed }), [
        { type: "any" },
        ["f"]
      ])
    })
  )

  it.effect("gives usage to those who ask, and to OpenRouter's SDK, which expects it without asking", () =>
    Effect.gen(function* () {
      const asked = yield* decode({ messages: [user], stream_options: { include_usage: true } })
      const openRouter = yield* decode({ messages: [user] }, { "user-agent": "ai/6 ai-sdk/openrouter/2.0.1" })
      const older = yield* decode({ messages: [user], usage: { include: true } })
      assert.deepStrictEqual(
        [asked, openRouter, older].map(({ answer }) => answer.includeUsage),
        [true, true, true]
      )
      assert.isUndefined(older.request.vendor)
    })
  )

  it.effect("refuses what it could only do in part, and bodies that are none", () =>
    Effect.gen(function* () {
      const messages = [user]
      const paths = yield* Effect.forEach(
        [
          "text",
          { messages },
          { model: "m", messages: [] },
          { model: "m", messages, n: 2 },
          { model: "m", messages, modalities: ["text", "audio"] },
          { model: "m", messages, functions: [{ name: "f" }] },
          { model: "m", messages, max_tokens: 0 },
          { model: "m", messages, temperature: 3 },
          { model: "m", messages, tool_choice: "maybe" },
          { model: "m", messages, tools: [{ type: "function", function: {} }] },
          { model: "m", messages: [{ role: "user", content: "" }] }
        ],
        (body) => Effect.map(refusal(body), ({ path }) => path)
      )
      assert.deepStrictEqual(paths, [
        "",
        "model",
        "messages",
        "n",
        "modalities",
        "functions",
        "max_tokens",
        "temperature",
        "tool_choice",
        "tools[0].function.name",
        "messages"
      ])
    })
  )
})
