import { assert, describe, it } from "@effect/vitest"
import { decodeResponsesRequest } from "@signalbox/provider-openai/serve"
import { Effect } from "effect"
import { plain, said } from "./turns.ts"

const decode = (body: Record<string, unknown>) => decodeResponsesRequest({ model: "big", input: "go", ...body })

const messagesOf = (input: ReadonlyArray<unknown>) => Effect.map(decode({ input }), ({ request }) => request.messages)

const refusal = (body: unknown) =>
  Effect.map(Effect.flip(decodeResponsesRequest(body)), ({ errorCode, path, reason }) => ({ path, reason, errorCode }))

const use = (id: string, name = "read", input = {}) => ({ type: "tool_use", id, name, input })

const result = (id: string, content: unknown = "x") => ({ type: "tool_result", tool_use_id: id, content })

const mcp = (id: string, more: object) => ({
  type: "mcp_call",
  id,
  server_label: "files",
  name: "read",
  arguments: "{}",
  ...more
})

const thinking = (text: string) => ({ type: "reasoning", id: text, summary: [{ type: "summary_text", text }] })

describe("input of Responses", () => {
  it.effect("is a question, or items; instructions and leading developer messages are the system prompt", () =>
    Effect.gen(function* () {
      const question = yield* decode({ instructions: "be brief" })
      assert.deepStrictEqual(question.request.system, [said("be brief")])
      assert.deepStrictEqual(question.request.messages, [{ role: "user", content: [said("go")] }])
      const { request } = yield* decode({
        instructions: "be brief",
        input: [
          { type: "message", role: "developer", content: [{ type: "input_text", text: "and kind" }] },
          { role: "user", content: "hi" },
          { type: "message", role: "assistant", content: [{ type: "output_text", text: "hello", annotations: [] }] },
          { role: "developer", content: "now" },
          {
            role: "user",
            content: [
              { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
              { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" },
              { type: "input_file", file_url: "https://x.test/a.pdf" }
            ]
          }
        ]
      })
      assert.deepStrictEqual(request.system, [said("be brief"), said("and kind")])
      assert.deepStrictEqual(plain(request.messages), [
        { role: "user", content: [said("hi")] },
        { role: "assistant", content: [said("hello")] },
        { role: "system", content: [said("now")] },
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
            {
              type: "document",
              source: { type: "base64", media_type: "application/pdf", data: "JVBE" },
              title: "a.pdf"
            },
            { type: "document", source: { type: "url", url: "https://x.test/a.pdf" } }
          ]
        }
      ])
    })
  )

  it.effect("has calls of every form, each with its result right after it", () =>
    Effect.gen(function* () {
      const messages = yield* messagesOf([
        { role: "user", content: "go" },
        { type: "function_call", call_id: "a", name: "read", arguments: "" },
        { type: "function_call", call_id: "b", name: "find", namespace: "crm", arguments: '{"q":1}' },
        { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "two" }] },
        { type: "function_call_output", call_id: "a", output: "one" },
        { type: "custom_tool_call", call_id: "c", name: "patch", input: "*** Begin" },
        { type: "custom_tool_call_output", call_id: "c", output: "ok" },
        { type: "local_shell_call", id: "l", call_id: "d", action: { type: "exec", command: ["ls"], env: {} } },
        { type: "local_shell_call_output", id: "d", output: "files" },
        { type: "function_call_output", call_id: "z", output: "lost" }
      ])
      assert.deepStrictEqual(plain(messages.slice(1)), [
        { role: "assistant", content: [use("a"), use("b", "crm__find", { q: 1 })] },
        { role: "user", content: [result("a", "one"), result("b", [said("two")])] },
        { role: "assistant", content: [use("c", "patch", { input: "*** Begin" })] },
        { role: "user", content: [result("c", "ok")] },
        { role: "assistant", content: [use("d", "local_shell", { command: ["ls"], env: {} })] },
        { role: "user", content: [result("d", "files"), said("[Result of an earlier tool call]\nlost")] }
      ])
    })
  )

  it.effect("has calls of other hosts too, whose ids say nothing", () =>
    Effect.gen(function* () {
      const messages = yield* messagesOf([
        { role: "user", content: "go" },
        { type: "mcp_list_tools", id: "mcpl_1", server_label: "files", tools: [] },
        mcp("mcp_abc", { output: "one", error: null }),
        mcp("mcp_def", { output: null, error: "it broke" }),
        { type: "message", role: "assistant", content: "done" },
        mcp("mcp_ghi", { output: null }),
        { type: "message", role: "assistant", content: "asked" },
        { role: "user", content: "on" }
      ])
      const host = { runBy: { _tag: "Host", source: "files" } }
      assert.deepStrictEqual(plain(messages.slice(1)), [
        {
          role: "assistant",
          content: [
            { ...use("mcp_abc"), ...host },
            { ...use("mcp_def"), ...host }
          ]
        },
        { role: "user", content: [result("mcp_abc", "one"), { ...result("mcp_def", "it broke"), is_error: true }] },
        { role: "assistant", content: [said("done"), { ...use("mcp_ghi"), ...host }, said("asked")] },
        { role: "user", content: [{ ...result("mcp_ghi", "There is no result."), is_error: true }, said("on")] }
      ])
    })
  )

  it.effect("keeps what OpenAI has encrypted for OpenAI, and reads what it has not", () =>
    Effect.gen(function* () {
      const foreign = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" }
      const open = { type: "reasoning", id: "rs_2", summary: [{ type: "summary_text", text: "hm" }] }
      const messages = yield* messagesOf([
        { role: "user", content: "go" },
        foreign,
        open,
        { type: "message", role: "assistant", content: "a" },
        { type: "reasoning", id: "rs_3", summary: [], encrypted_content: "signalbox1.!!" }
      ])
      assert.deepStrictEqual(messages[1]?.content, [
        { type: "opaque", vendor: "openai", block: foreign },
        { type: "thinking", thinking: "hm", signature: "" },
        said("a")
      ])
    })
  )

  it.effect("never has a turn that ends with thinking, which upstreams refuse", () =>
    Effect.gen(function* () {
      const messages = yield* messagesOf([
        { role: "user", content: "go" },
        thinking("hm"),
        { role: "user", content: "are you there?" },
        { role: "assistant", content: "yes" },
        thinking("well"),
        { role: "user", content: "on" }
      ])
      assert.deepStrictEqual(plain(messages), [
        { role: "user", content: [said("go"), said("are you there?")] },
        { role: "assistant", content: [said("yes")] },
        { role: "user", content: [said("on")] }
      ])
    })
  )

  it.effect("cannot refer to what is not held here", () =>
    Effect.gen(function* () {
      const before = yield* refusal({ model: "m", input: "go", previous_response_id: "resp_1" })
      assert.deepStrictEqual([before.path, before.errorCode], ["previous_response_id", "previous_response_not_found"])
      assert.include(before.reason, "Previous response with id 'resp_1' not found.")
      const paths = yield* Effect.forEach(
        [
          { model: "m", input: [{ type: "item_reference", id: "rs_1" }] },
          { model: "m", input: "go", conversation: "conv_1" },
          { model: "m", input: "go", prompt: { id: "p" } },
          { model: "m", input: "go", background: true },
          { model: "m" },
          { model: "m", input: [] },
          { model: "m", input: [{ role: "critic", content: "x" }] },
          { model: "m", input: [{ type: "function_call", name: "f", arguments: "{}" }] },
          { model: "m", input: [{ type: "function_call", call_id: "a", arguments: "{}" }] },
          { model: "m", input: [{ role: "user", content: [{ type: "input_audio" }] }] },
          { model: "m", input: "go", tools: [{ type: "mcp", server_label: "x", connector_id: "connector_gmail" }] },
          { model: "m", input: "go", tools: [{ type: "mcp", server_url: "https://x.test" }] },
          { model: "m", input: "go", tools: [1, 2].map(() => ({ type: "mcp", server_label: "x" })) },
          { model: "m", input: "go", tools: [{ type: "mcp", server_label: "x", allowed_tools: "all" }] },
          { model: "m", input: "go", tools: [{ type: "mcp", server_label: "x", require_approval: "sometimes" }] },
          { model: "m", input: "go", tools: [{ type: "mcp", server_label: "x", require_approval: { never: 1 } }] },
          { model: "m", input: "go", tools: [{ type: "function" }] },
          { model: "m", input: "go", tool_choice: { type: "web_search" } }
        ],
        (body) => Effect.map(refusal(body), ({ path }) => path)
      )
      assert.deepStrictEqual(paths, [
        "input[0]",
        "conversation",
        "prompt",
        "background",
        "input",
        "input",
        "input[0].role",
        "input[0].call_id",
        "input[0].name",
        "input[0].content[0].type",
        "tools[0].connector_id",
        "tools[0].server_label",
        "tools",
        "tools[0].allowed_tools.tool_names",
        "tools[0].require_approval",
        "tools[0].require_approval.never.tool_names",
        "tools[0].name",
        "tool_choice"
      ])
    })
  )
})

describe("decodeResponsesRequest", () => {
  const tools = [
    { type: "function", name: "read", description: "d", parameters: { type: "object" }, strict: true },
    { type: "custom", name: "patch", description: "Patches." },
    { type: "namespace", name: "crm", description: "c", tools: [{ type: "function", name: "find", parameters: {} }] },
    { type: "local_shell" },
    { type: "web_search", external_web_access: true },
    { type: "mcp", server_label: "files" }
  ]

  it.effect("reads tools of every form, and leaves out those that only OpenAI runs", () =>
    Effect.gen(function* () {
      const { answer, request } = yield* decode({ tools })
      const names = ["read", "patch", "crm__find", "local_shell"]
      assert.deepStrictEqual(
        request.tools.map(({ name }) => name),
        names
      )
      assert.deepStrictEqual(
        [...answer.callForms],
        [
          ["patch", { kind: "custom", name: "patch" }],
          ["crm__find", { kind: "function", name: "find", namespace: "crm" }],
          ["local_shell", { kind: "local_shell", name: "local_shell" }]
        ]
      )
      const choiceOf = (tool_choice: unknown) =>
        Effect.map(decode({ tools, tool_choice }), (served) => [
          served.request.toolChoice,
          served.request.tools.map(({ name }) => name)
        ])
      assert.deepStrictEqual(yield* choiceOf({ type: "function", name: "find", namespace: "crm" }), [
        { type: "tool", name: "crm__find" },
        names
      ])
      assert.deepStrictEqual(yield* choiceOf({ type: "mcp", server_label: "files", name: "host_read" }), [
        { type: "tool", name: "host_read" },
        names
      ])
      const allowed = [{ type: "function", name: "read" }, { type: "local_shell" }, { type: "namespace", name: "crm" }]
      assert.deepStrictEqual(yield* choiceOf({ type: "allowed_tools", mode: "auto", tools: allowed }), [
        { type: "auto" },
        ["read", "crm__find", "local_shell"]
      ])
    })
  )

  it.effect("reads tools that stand in the conversation, as Codex sends all of its own", () =>
    Effect.gen(function* () {
      const exec = { type: "custom", name: "exec", description: "runs", format: { type: "text" } }
      const more = { type: "additional_tools", role: "developer", tools: [{ type: "function", name: "wait" }] }
      const { answer, request } = yield* decode({
        tools: [{ type: "function", name: "read" }],
        input: [
          { ...more, tools: [{ type: "namespace", name: "functions", description: "", tools: [exec] }] },
          { role: "user", content: "go" },
          more
        ],
        tool_choice: { type: "custom", name: "exec" }
      })
      assert.deepStrictEqual(
        request.tools.map(({ name }) => name),
        ["read", "functions__exec", "wait"]
      )
      assert.deepStrictEqual(request.toolChoice, { type: "tool", name: "functions__exec" })
      assert.deepStrictEqual(request.messages, [{ role: "user", content: [said("go")] }])
      assert.deepStrictEqual(answer.callForms.get("functions__exec"), {
        kind: "custom",
        name: "exec",
        namespace: "functions"
      })
      const nameless = { ...more, tools: [{ type: "function" }] }
      const { path } = yield* refusal({ model: "big", input: [{ role: "user", content: "go" }, nameless] })
      assert.strictEqual(path, "input[1].tools[0].name")
    })
  )

  it.effect("says settings in the words of either vendor", () =>
    Effect.gen(function* () {
      const { model, request, stream } = yield* decode({
        stream: true,
        max_output_tokens: 9,
        reasoning: { effort: "xhigh", summary: "auto" },
        text: {
          verbosity: "low",
          format: { type: "json_schema", name: "a", schema: { type: "object" }, strict: true }
        },
        store: false,
        include: ["reasoning.encrypted_content"],
        prompt_cache_key: "k"
      })
      assert.deepStrictEqual([stream, model, request.maxTokens], [true, "big", 9])
      assert.deepStrictEqual(request.vendor, {
        openai: {
          prompt_cache_key: "k",
          verbosity: "low",
          reasoning_effort: "xhigh",
          response_format: {
            type: "json_schema",
            json_schema: { name: "a", schema: { type: "object" }, strict: true }
          }
        },
        anthropic: {
          thinking: { type: "adaptive" },
          output_config: {
            effort: "xhigh",
            format: { type: "json_schema", schema: { type: "object", additionalProperties: false } }
          }
        }
      })
    })
  )

  it.effect("remembers what responses repeat of their request", () =>
    Effect.gen(function* () {
      const { answer } = yield* decode({ instructions: "i", tools, store: true, metadata: { a: "b" } })
      assert.deepInclude(answer.echo, {
        instructions: "i",
        tools,
        store: false,
        metadata: { a: "b" },
        tool_choice: "auto",
        parallel_tool_calls: true,
        previous_response_id: null,
        text: { format: { type: "text" } }
      })
    })
  )
})
