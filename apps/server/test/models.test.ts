import { assert, describe, it } from "@effect/vitest"
import { apis, get, messagesVersion, post } from "./requests.ts"
import { question, startServer } from "./support.ts"

const route = (name: string, model: string, provider = "claude") => ({ name, provider, model })
const rules = [
  route("fast", "claude-haiku-4-5"),
  route("clever", "claude-opus-4-5"),
  route("other", "gpt-x", "openai"),
  { pattern: "old-.*", provider: "claude", model: "claude-3" },
  { prefix: "local/", provider: "openai", strip: true }
]
const routed = { "routing.rules": rules, "routing.unknown": "reject" }

describe("the list of models", () => {
  it("has the names of the routing in the shape of the API that asks", async () => {
    await using server = await startServer({ mcp: false, config: routed })
    const openAi = await get(server, "/v1/models")
    assert.strictEqual(openAi.body.object, "list")
    const names = openAi.body.data.map(({ id }: { readonly id: string }) => id)
    assert.includeMembers(names, ["fast", "clever", "other"])
    assert.deepInclude(openAi.body.data[0], { id: "fast", object: "model" })
    const messages = await get(server, "/v1/models", messagesVersion)
    assert.deepStrictEqual(
      messages.body.data.map(({ id, type }: { readonly id: string; readonly type: string }) => [id, type]),
      names.map((name: string) => [name, "model"])
    )
    const listed: Array<string> = []
    for await (const { id } of server.client.models.list({ limit: 1 })) listed.push(id)
    assert.deepStrictEqual(listed, names)
  })

  it("comes in pages, whose bounds are checked", async () => {
    await using server = await startServer({ mcp: false, config: routed })
    const page = async (query: string) => (await get(server, `/v1/models?${query}`, messagesVersion)).body
    assert.deepInclude(await page("limit=2"), { has_more: true, first_id: "fast", last_id: "clever" })
    assert.deepInclude(await page("limit=1&after_id=fast"), { first_id: "clever", has_more: true })
    assert.deepInclude(await page("limit=1&before_id=other"), { first_id: "clever", has_more: true })
    const wrong = await get(server, "/v1/models?limit=0", messagesVersion)
    assert.strictEqual(wrong.status, 400)
    assert.include(wrong.body.error.message, "limit")
  })

  it("knows each of its models by name, and no other, also where a name has a slash", async () => {
    const config = { "routing.rules": [...rules, route("team/best", "claude-opus-4-5")] }
    await using server = await startServer({ mcp: false, config })
    assert.strictEqual((await server.client.models.retrieve("team/best")).id, "team/best")
    assert.strictEqual((await get(server, "/v1/models/fast")).body.id, "fast")
    const none = await get(server, "/v1/models/nothing", messagesVersion)
    assert.strictEqual(none.status, 404)
    assert.strictEqual(none.body.error.type, "not_found_error")
    assert.strictEqual((await get(server, "/v1/models/nothing")).body.error.code, "model_not_found")
  })

  it("shows each key what it may ask for", async () => {
    const keys = [
      { name: "few", key: "env:FEW", models: ["f*"] },
      { name: "all", key: "env:ALL" }
    ]
    await using server = await startServer({
      mcp: false,
      config: { ...routed, "server.auth": { mode: "keys", keys } },
      environment: { FEW: "key-few", ALL: "key-all" }
    })
    const few = { "x-api-key": "key-few" }
    const names = async (headers: Readonly<Record<string, string>>) =>
      (await get(server, "/v1/models", headers)).body.data.map(({ id }: { readonly id: string }) => id)
    assert.deepStrictEqual(await names(few), ["fast"])
    assert.includeMembers(await names({ "x-api-key": "key-all" }), ["fast", "clever", "other"])
    assert.strictEqual((await get(server, "/v1/models/fast", few)).status, 200)
    assert.strictEqual((await get(server, "/v1/models/clever", few)).status, 404)
  })
})

describe("the name of a model", () => {
  it("reaches the provider as the routing says, and stands in the answer as it was asked", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." }, config: routed })
    for (const { ask, path } of apis) {
      for (const [asked, upstream, dialect] of [
        ["fast", "claude/claude-haiku-4-5", "messages"],
        ["old-one", "claude/claude-3", "messages"],
        ["other", "openai/gpt-x", "chat"],
        ["local/llama", "openai/llama", "chat"],
        ["openai/gpt-y", "openai/gpt-y", "chat"]
      ] as const) {
        const { body, headers, status } = await post(server, path, ask(asked))
        assert.strictEqual(status, 200, `${path} ${asked}`)
        assert.strictEqual(body.model, asked)
        assert.strictEqual(headers.get("x-signalbox-model"), upstream)
        const seen = server.fxLlm.requests.at(-1)
        assert.deepInclude(seen?.body, { model: upstream.slice(upstream.indexOf("/") + 1) })
        assert.include(seen?.path, dialect === "chat" ? "/chat/completions" : "/messages")
      }
      const streamed = await post(server, path, { ...ask("fast"), stream: true })
      assert.strictEqual(streamed.headers.get("x-signalbox-model"), "claude/claude-haiku-4-5")
      assert.include(streamed.body, '"model":"fast"')
    }
  })

  it("that is none is 404 in the words of the API, with the one that may be meant", async () => {
    await using server = await startServer({ mcp: false, config: routed })
    for (const { ask, path } of apis) {
      const { body, status } = await post(server, path, ask("clevr"))
      assert.strictEqual(status, 404, path)
      assert.include(body.error.message, 'Did you mean "clever"?')
      if (path === "/v1/messages") assert.strictEqual(body.error.type, "not_found_error")
    }
    assert.lengthOf(server.fxLlm.requests, 0)
  })

  it("of one of Claude's families becomes the big or the small model", async () => {
    const config = { "routing.big": "openai/gpt-big", "routing.small": "openai/gpt-small" }
    await using server = await startServer({ mcp: false, script: { text: "Yes." }, config })
    const names = { "claude-3-haiku-20240307": "gpt-small", "anthropic/claude-sonnet-4": "gpt-big", opus: "gpt-big" }
    for (const [model, upstream] of Object.entries(names)) {
      const { body } = await post(server, "/v1/messages", { ...question("Hi"), model })
      assert.strictEqual(body.model, model)
      assert.deepInclude(server.fxLlm.requests.at(-1)?.body, { model: upstream })
    }
  })

  it("goes to the next provider where the first cannot begin to answer", async () => {
    const overloaded = { fault: { kind: "status", status: 529 } } as const
    await using server = await startServer({
      mcp: false,
      script: [
        { when: { dialect: "messages" }, reply: overloaded },
        { when: { dialect: "chat" }, reply: { text: "From elsewhere." } }
      ],
      config: { "routing.fallbacks": { claude: ["openai/gpt-x"] } }
    })
    const { body, headers } = await post(server, "/v1/messages", question("Hi"))
    assert.strictEqual(body.content[0].text, "From elsewhere.")
    assert.strictEqual(headers.get("x-signalbox-model"), "openai/gpt-x")
  })
})

describe("the count of tokens", () => {
  const { max_tokens: _none, ...counted } = question("How long is this question?")
  const tool = { name: "read_file", description: "Reads a file.", input_schema: { type: "object", properties: {} } }
  const local = { kind: "vllm", baseUrl: "http://127.0.0.1:9/v1", model: "llama" }
  for (const [asked, model, path] of [
    ["is asked of Claude", "claude/any", "/v1/messages/count_tokens"],
    ["is asked of OpenAI", "openai/any", "/v1/responses/input_tokens"],
    ["is estimated for who does not count", "local/llama", undefined]
  ] as const) {
    it(`${asked}, and a tool or a system prompt raises it`, async () => {
      await using server = await startServer({ mcp: false, config: { "providers.local": local } })
      const count = async (more: object) => {
        const answer = await post(server, "/v1/messages/count_tokens", { ...counted, model, ...more })
        assert.strictEqual(answer.status, 200)
        assert.deepStrictEqual(Object.keys(answer.body), ["input_tokens"])
        return Number(answer.body.input_tokens)
      }
      const bare = await count({})
      assert.isAbove(bare, 3)
      assert.isAbove(await count({ tools: [tool] }), bare)
      assert.isAbove(await count({ system: "Be brief and say no more than you have to." }), bare)
      assert.lengthOf(server.fxLlm.requests, 0)
      const paths = server.fxLlm.otherRequests.map(({ path }) => path)
      assert.deepStrictEqual(paths, path === undefined ? [] : [path, path, path])
    })
  }
})

describe("probes", () => {
  it("are answered without a key", async () => {
    const auth = { mode: "keys", keys: [{ name: "a", key: "env:A_KEY" }] }
    await using server = await startServer({ mcp: false, config: { "server.auth": auth }, environment: { A_KEY: "a" } })
    for (const path of ["/", "/api/hello"]) {
      for (const method of ["GET", "HEAD"]) {
        const response = await fetch(`${server.url}${path}`, { method })
        assert.strictEqual(response.status, 200, `${method} ${path}`)
        assert.strictEqual((await response.text()) === "", method === "HEAD")
      }
    }
  })
})
