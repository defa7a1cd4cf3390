import { assert, describe, it } from "@effect/vitest"
import { aliased, callerTool, messagesOf, question, shape, startServer, toolUse } from "./support.ts"

const asked = (provider: "claude" | "openai") => startServer({ mcp: false, provider, script: { text: "Yes." } })

describe("the version and the betas of a request", () => {
  it("reach an upstream of the same API, with the fields that need them", async () => {
    await using server = await asked("claude")
    const body = { ...question("Well?"), betas: ["context-management-2025-06-27", "b-2"] }
    await server.client.beta.messages.create({ ...body, context_management: { edits: [] } })
    const [seen] = server.fxLlm.requests
    // The client's own version, whatever that is.
    assert.match(String(seen?.headers["anthropic-version"]), /^2026-/)
    assert.strictEqual(seen?.headers["anthropic-beta"], "context-management-2025-06-27,b-2")
    assert.deepInclude(seen?.body, { context_management: { edits: [] } })
    assert.strictEqual(seen?.headers["x-api-key"], "sk-canary-0123456789")

    await server.post(JSON.stringify(question("And without?")))
    assert.strictEqual(server.fxLlm.requests[1]?.headers["anthropic-version"], "2023-06-01")
    assert.isUndefined(server.fxLlm.requests[1]?.headers["anthropic-beta"])
  })

  it("reach no other vendor", async () => {
    await using server = await asked("openai")
    await server.client.beta.messages.create({ ...question("Well?"), betas: ["b-2"] })
    const headers = Object.keys(server.fxLlm.requests[0]?.headers ?? {})
    assert.deepStrictEqual(
      headers.filter((name) => name.startsWith("anthropic")),
      []
    )
  })
})

describe("what the configuration says of a provider", () => {
  it("is in both calls of a turn with a tool: its address, its own headers and its key", async () => {
    const own = { "HTTP-Referer": "https://app.example", "X-Title": "App", "User-Agent": "app/1" }
    await using server = await startServer({
      provider: "openai",
      script: [{ toolCalls: [{ name: "add", input: { a: 1, b: 2 } }] }, { text: "Three." }],
      config: { "providers.openai.kind": "openrouter", "providers.openai.headers": own }
    })
    const { content } = await server.client.messages.create(question("1 + 2?"))
    assert.include(JSON.stringify(content), "Three.")
    assert.lengthOf(server.fxLlm.requests, 2)
    for (const { headers, path } of server.fxLlm.requests) {
      assert.strictEqual(path, "/v1/chat/completions")
      assert.deepInclude(headers, {
        "http-referer": "https://app.example",
        "x-title": "App",
        "user-agent": "app/1",
        authorization: "Bearer sk-canary-0123456789"
      })
    }
  })
})

describe("an answer with words around its call", () => {
  it("keeps all of them, in order, and the arguments as they were", async () => {
    const input = { path: "a.txt", deep: { list: [1, null, "ä"] } }
    const blocks = [
      { type: "text", text: "Before." },
      { type: "tool_call", name: "read_file", input, id: "toolu_1" },
      { type: "text", text: "After." }
    ] as const
    await using server = await startServer({ mcp: false, script: [{ blocks }, { text: "Done." }] })
    const asked = { ...aliased("Read."), tools: [callerTool("read_file")] }
    const message = await server.client.messages.create(asked)
    assert.deepStrictEqual(shape(message.content), ["text", "tool_use", "text"])
    const texts = message.content.flatMap((block) => (block.type === "text" ? [block.text] : []))
    assert.deepStrictEqual(texts, ["Before.", "After."])
    const results = [{ type: "tool_result" as const, tool_use_id: toolUse(message).id, content: "x" }]
    await server.client.messages.create({
      ...asked,
      messages: [...asked.messages, { role: "assistant", content: message.content }, { role: "user", content: results }]
    })
    const [, said] = messagesOf(server.fxLlm.requests[1]?.body)
    assert.deepStrictEqual(said?.["content"], message.content)
    assert.deepStrictEqual(toolUse(message).input, input)
  })
})
