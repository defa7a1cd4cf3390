import { assert, describe, it } from "@effect/vitest"
import OpenAI from "openai"
import { get, post } from "./requests.ts"
import { startServer } from "./support.ts"

const sdk = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 })

describe("the search of the web that Codex offers with every request", () => {
  const search = { type: "web_search", external_web_access: true }
  const asked = { model: "claude/claude-any", input: "Hi", tools: [search, { type: "image_generation" }] }

  it("is left out for an upstream without it, which the answer says, streamed and whole", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." } })
    for (const stream of [false, true]) {
      const { body, headers, status } = await post(server, "/v1/responses", { ...asked, stream })
      assert.strictEqual(status, 200, JSON.stringify(body))
      assert.strictEqual(headers.get("x-signalbox-left-out"), "image_generation, web_search")
      assert.notProperty(server.fxLlm.requests.at(-1)?.body, "tools")
    }
    const told = server.logged.filter(({ message }) => message.includes("tools that claude does not have"))
    assert.lengthOf(told, 1)
    const { headers } = await post(server, "/v1/responses", { ...asked, tools: [] })
    assert.isNull(headers.get("x-signalbox-left-out"))
  })

  it("reaches an upstream that has it, in its own words", async () => {
    await using server = await startServer({
      mcp: false,
      provider: "openai",
      script: { text: "Yes." },
      config: { "providers.openai.api": "responses" }
    })
    const { headers, status } = await post(server, "/v1/responses", { ...asked, model: "openai/any", tools: [search] })
    assert.strictEqual(status, 200)
    assert.isNull(headers.get("x-signalbox-left-out"))
    assert.deepInclude(server.fxLlm.requests.at(-1)?.body, { tools: [search] })
  })
})

describe("citations of Claude", () => {
  const citation = { type: "web_search_result_location", url: "https://a.example/x", title: "A", encrypted_index: "E" }
  const text = { type: "text", text: "It rains.", citations: [{ ...citation, cited_text: "rain" }] }
  const url = { url: "https://a.example/x", title: "A", start_index: 0, end_index: 9 }

  it("are annotations for the official client of either API, streamed and whole", async () => {
    await using server = await startServer({
      mcp: false,
      script: { blocks: [{ type: "messages_only", block: text }] }
    })
    const client = sdk(server.url)
    const chat = { model: "claude/any", messages: [{ role: "user" as const, content: "Rain?" }] }
    const expected = [{ type: "url_citation", url_citation: url }]
    const { choices } = await client.chat.completions.create(chat)
    assert.deepStrictEqual<unknown>(choices[0]?.message.annotations, expected)
    const completion = await client.chat.completions.stream({ ...chat, stream: true }).finalChatCompletion()
    assert.deepStrictEqual<unknown>(completion.choices[0]?.message.annotations, expected)

    const asked = { model: "claude/any", input: "Rain?", store: false }
    for (const { output } of [
      await client.responses.create(asked),
      await client.responses.stream({ ...asked, stream: true }).finalResponse()
    ]) {
      const [message] = output
      const [part] = message?.type === "message" ? message.content : []
      assert.deepStrictEqual<unknown>(part?.type === "output_text" ? part.annotations : undefined, [
        { type: "url_citation", ...url }
      ])
    }
  })
})

describe("the count of the tokens of a Responses request", () => {
  for (const [asked, model, path] of [
    ["is asked of OpenAI", "openai/any", "/v1/responses/input_tokens"],
    ["is asked of Claude", "claude/any", "/v1/messages/count_tokens"],
    ["is estimated for who does not count", "local/llama", undefined]
  ] as const) {
    it(`${asked}, and a tool or instructions raise it`, async () => {
      const local = { kind: "vllm", baseUrl: "http://127.0.0.1:9/v1", model: "llama" }
      await using server = await startServer({ mcp: false, config: { "providers.local": local } })
      const count = async (more: object) => {
        const counted = await sdk(server.url).responses.inputTokens.count({ model, input: "How many?", ...more })
        assert.strictEqual(counted.object, "response.input_tokens")
        return counted.input_tokens
      }
      const bare = await count({})
      assert.isAbove(bare, 3)
      assert.isAbove(await count({ instructions: "Be brief and say no more than you have to." }), bare)
      const tool = { type: "function", name: "read_file", parameters: { type: "object", properties: {} } }
      assert.isAbove(await count({ tools: [tool] }), bare)
      assert.deepStrictEqual(
        server.fxLlm.otherRequests.map((each) => each.path),
        path === undefined ? [] : [path, path, path]
      )
      assert.lengthOf(server.fxLlm.requests, 0)
    })
  }

  it("is refused in the words of the API", async () => {
    await using server = await startServer({ mcp: false })
    const { body, status } = await post(server, "/v1/responses/input_tokens", { model: "claude/any" })
    assert.strictEqual(status, 400)
    assert.deepInclude(body.error, { type: "invalid_request_error", param: "input" })
    assert.strictEqual((await get(server, "/v1/responses/input_tokens")).status, 404)
  })
})
