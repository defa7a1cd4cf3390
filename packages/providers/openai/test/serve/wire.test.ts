import { assert, describe, it } from "@effect/vitest"
import {
  type ChatEvent,
  decodeChatRequest,
  decodeResponsesRequest,
  type encodeChatReply,
  type encodeResponsesReply
} from "@signalbox/provider-openai/serve"
import { Effect } from "effect"
import type OpenAI from "openai"

type Chunk = Extract<ChatEvent, { type: "chunk" }>["chunk"]
type Completion = ReturnType<typeof encodeChatReply>
type Response = ReturnType<typeof encodeResponsesReply>

// Checked by the compiler: what is served is of the types of the SDK, as far as ours say more than "an object".
type Is<Sdk, Served extends Sdk> = [Sdk, Served]
export type Checks = [
  Is<Omit<OpenAI.ChatCompletionChunk, "choices">, Omit<Chunk, "choices">>,
  Is<OpenAI.ChatCompletionChunk.Choice["finish_reason"], Chunk["choices"][number]["finish_reason"]>,
  Is<Omit<OpenAI.ChatCompletion, "choices">, Omit<Completion, "choices">>,
  Is<OpenAI.ChatCompletion.Choice["finish_reason"], Completion["choices"][number]["finish_reason"]>,
  Is<
    Pick<OpenAI.Responses.Response, "id" | "object" | "created_at" | "status" | "model">,
    Pick<Response, "id" | "object" | "created_at" | "status" | "model">
  >
]

const chat: OpenAI.ChatCompletionCreateParams = {
  model: "big",
  stream: true,
  stream_options: { include_usage: true },
  messages: [
    { role: "developer", content: "be brief" },
    { role: "user", content: [{ type: "image_url", image_url: { url: "https://x.test/a.png", detail: "low" } }] },
    {
      role: "assistant",
      content: null,
      refusal: null,
      tool_calls: [
        { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
        { id: "b", type: "custom", custom: { name: "c", input: "free" } }
      ]
    },
    { role: "tool", tool_call_id: "a", content: "one" },
    { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "two" }] }
  ],
  tools: [
    { type: "function", function: { name: "f", strict: true, parameters: { type: "object" } } },
    { type: "custom", custom: { name: "c", format: { type: "text" } } }
  ],
  tool_choice: { type: "function", function: { name: "f" } },
  response_format: { type: "json_object" },
  reasoning_effort: "low",
  stop: null,
  temperature: null,
  n: 1
}

const responses: OpenAI.Responses.ResponseCreateParams = {
  model: "big",
  stream: true,
  store: false,
  include: ["reasoning.encrypted_content"],
  input: [
    { role: "developer", content: "be brief" },
    { role: "user", content: [{ type: "input_text", text: "go" }] },
    { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }], encrypted_content: null },
    { type: "mcp_call", id: "mcp_1", server_label: "files", name: "read", arguments: "{}", output: "x" },
    { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
    { type: "function_call_output", call_id: "a", output: "one" },
    {
      id: "msg_1",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "done", annotations: [] }]
    }
  ],
  tools: [
    { type: "function", name: "f", strict: true, parameters: { type: "object" } },
    { type: "custom", name: "c" },
    { type: "web_search" }
  ],
  tool_choice: "auto",
  text: { format: { type: "text" }, verbosity: "low" },
  reasoning: { effort: "low", summary: "auto" }
}

const roles = (messages: ReadonlyArray<{ role: string; content: ReadonlyArray<{ type: string }> }>) =>
  messages.map(({ content, role }) => [role, ...content.map(({ type }) => type)])

describe("requests that the SDK can make", () => {
  it.effect("are read, of either API", () =>
    Effect.gen(function* () {
      const asked = yield* decodeChatRequest(chat)
      assert.deepStrictEqual(roles(asked.request.messages), [
        ["user", "image"],
        ["assistant", "tool_use", "tool_use"],
        ["user", "tool_result", "tool_result"]
      ])
      const { request } = yield* decodeResponsesRequest(responses)
      assert.deepStrictEqual(roles(request.messages), [
        ["user", "text"],
        ["assistant", "thinking", "tool_use", "tool_use"],
        ["user", "tool_result", "tool_result"],
        ["assistant", "text"]
      ])
    })
  )
})
