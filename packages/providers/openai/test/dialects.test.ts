import { assert, describe, it } from "@effect/vitest"
import type { ModelRequest } from "@signalbox/model"
import { askFor, toolNamed } from "@signalbox/model/testing"
import {
  azureDefaults,
  deepSeekDefaults,
  groqDefaults,
  ollamaDefaults,
  openAiDefaults,
  type OpenAiOptions,
  openRouterDefaults,
  vllmDefaults
} from "@signalbox/provider-openai"
import { Effect } from "effect"
import { anthropic, assistant, bodyOf, dataUrl, pdf, png, result, system, text, use, user } from "./requests.ts"

const cached = { type: "ephemeral" }
const longCached = { type: "ephemeral", ttl: "1h" }
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
