import type Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { callerTool, messagesOf, question, shape, startServer, toolUse } from "./support.ts"

/** One reply that calls a tool of the host and one of the caller, and what follows each result. */
const mixed = [
  {
    text: "I look at both.",
    toolCalls: [
      { name: "add", input: { a: 19, b: 23 } },
      { name: "read_file", input: { path: "a.txt" } }
    ],
    usage: { inputTokens: 100, outputTokens: 20 }
  },
  { text: "Together: {{toolResults}}", usage: { inputTokens: 150, outputTokens: 10 } }
] as const

const keys = ["one", "two"].map((name) => ({ name, key: `sk-canary-${name}` }))

for (const provider of ["claude", "openai"] as const) {
  describe(`one reply of ${provider} that calls a tool of the host and one of the caller`, () => {
    for (const [forgotten, types] of [
      ["results", ["mcp_tool_result"]],
      ["calls and results", ["mcp_tool_use", "mcp_tool_result"]]
    ] as const) {
      it(`goes on with the host's ${forgotten}, which clients may leave out, and tells them to no other client`, async () => {
        await using server = await startServer({
          provider,
          script: [...mixed, ...mixed],
          config: { "server.auth": { mode: "keys", keys } }
        })
        const ask = (messages: Array<Anthropic.MessageParam>, key: string) =>
          server.client
            .withOptions({ apiKey: key })
            .messages.create({ ...question(""), messages, tools: [callerTool("read_file")] })
        const asked = { role: "user" as const, content: "Both, please." }
        const first = await ask([asked], "sk-canary-one")
        const content = first.content.filter(({ type }) => !types.includes(type as never))
        const answer = { type: "tool_result" as const, tool_use_id: toolUse(first).id, content: "the text of a" }
        const again = [asked, { role: "assistant" as const, content }, { role: "user" as const, content: [answer] }]
        const second = await ask(again, "sk-canary-one")
        assert.deepInclude(second.content[0], { text: "Together: 42\nthe text of a" })
        assert.strictEqual(server.mcpLog().filter(({ event }) => event === "call_start").length, 1)
        await ask(again, "sk-canary-two")
        assert.notInclude(JSON.stringify(messagesOf(server.fxLlm.requests[2]?.body)), "42")
      })
    }
    for (const isStreamed of [true, false]) {
      it(`runs the one, hands back the other and goes on with its result, ${isStreamed ? "streamed" : "whole"}`, async () => {
        await using server = await startServer({ provider, script: mixed })
        const ask = (messages: Array<Anthropic.MessageParam>) => {
          const request = { ...question(""), messages, tools: [callerTool("read_file")] }
          return isStreamed
            ? server.client.messages.stream(request).finalMessage()
            : server.client.messages.create(request)
        }
        const asked = { role: "user" as const, content: "Both, please." }
        const first = await ask([asked])
        assert.deepStrictEqual(shape(first.content), ["text", "mcp_tool_use", "tool_use", "mcp_tool_result"])
        assert.strictEqual(first.stop_reason, "tool_use")
        const [, hosts, , result] = first.content as unknown as ReadonlyArray<Record<string, unknown>>
        assert.deepInclude(hosts, { name: "add", server_name: "fx", input: { a: 19, b: 23 } })
        assert.match(String(hosts?.["id"]), /^mcptoolu_/)
        assert.deepInclude(result, {
          tool_use_id: hosts?.["id"],
          is_error: false,
          content: [{ type: "text", text: "42" }]
        })
        assert.deepInclude(toolUse(first), { name: "read_file", input: { path: "a.txt" } })
        assert.deepInclude(first.usage, { input_tokens: 100, output_tokens: 20 })
        assert.deepStrictEqual(
          server.mcpLog().flatMap(({ event, tool }) => (event === "call_start" ? [tool] : [])),
          ["add"]
        )

        // The message goes back as it came.
        const answer = { type: "tool_result" as const, tool_use_id: toolUse(first).id, content: "the text of a" }
        const second = await ask([
          asked,
          { role: "assistant", content: first.content },
          { role: "user", content: [answer] }
        ])
        assert.deepStrictEqual(shape(second.content), ["text"])
        assert.deepInclude(second.content[0], { text: "Together: 42\nthe text of a" })
        assert.strictEqual(second.stop_reason, "end_turn")
        assert.strictEqual(server.fxLlm.requests.length, 2)
        const sent = messagesOf(server.fxLlm.requests[1]?.body)
        if (provider === "claude") {
          assert.deepStrictEqual(
            sent.map(({ content, role }) => [role, typeof content === "string" ? content : shape(content as never)]),
            [
              ["user", ["text"]],
              ["assistant", ["text", "tool_use", "tool_use"]],
              ["user", ["tool_result", "tool_result"]]
            ] as never
          )
        } else {
          assert.deepStrictEqual(
            sent.map(({ role }) => role),
            ["user", "assistant", "tool", "tool"]
          )
        }
      })
    }
  })
}
