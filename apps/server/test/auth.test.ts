import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { tempDirectory } from "@signalbox/testing"
import { Effect } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { apis, get, messagesVersion, post } from "./requests.ts"
import { callerTool, question, startServer, writeConfig } from "./support.ts"

const keys = [
  { name: "ci", key: "env:CI_KEY", tools: ["fx"], models: ["claude-*", "small"] },
  { name: "bare", key: "env:BARE_KEY", tools: "none" },
  { name: "free", key: "env:FREE_KEY" }
]
const environment = { CI_KEY: "key-of-ci", BARE_KEY: "key-of-bare", FREE_KEY: "key-of-free" }
const withKeys = { "server.auth": { mode: "keys", keys } }
/** For a configuration without servers, whose tools no key can allow. */
const withBareKeys = { "server.auth": { mode: "keys", keys: keys.map((entry) => ({ ...entry, tools: "none" })) } }

/** The words of each API for a request that says wrongly who asks. */
const types: Readonly<Record<string, string>> = {
  Messages: "authentication_error",
  "Chat Completions": "invalid_request_error",
  Responses: "invalid_request_error"
}

const toolsAsked = (body: unknown): ReadonlyArray<string> =>
  ((body as { readonly tools?: ReadonlyArray<{ readonly name: string }> }).tools ?? []).map(({ name }) => name)

const entry = (name: string, more: object = {}) => ({ name, key: `key-of-${name}`, ...more })

describe("a server with keys", () => {
  it("lets in who has one of them, as x-api-key or Bearer, and sends its own to the provider", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." }, config: withBareKeys, environment })
    const ways: ReadonlyArray<Readonly<Record<string, string>>> = [
      { "x-api-key": "key-of-free" },
      { authorization: "Bearer key-of-free" },
      { authorization: "bearer  key-of-free " },
      // The first counts, as at Anthropic.
      { "x-api-key": "key-of-free", authorization: "Bearer nonsense" }
    ]
    for (const { ask, path } of apis) {
      for (const headers of ways) assert.strictEqual((await post(server, path, ask("any"), headers)).status, 200, path)
    }
    assert.lengthOf(server.fxLlm.requests, apis.length * ways.length)
    const sent = new Set(server.fxLlm.requests.map(({ headers }) => headers["x-api-key"]))
    assert.deepStrictEqual([...sent], ["sk-canary-0123456789"])
  })

  it("answers no key and a wrong one with 401 in the words of the API that was asked, and asks nobody", async () => {
    await using server = await startServer({ mcp: false, config: withBareKeys, environment })
    const wrong: ReadonlyArray<Readonly<Record<string, string>>> = [
      {},
      { "x-api-key": "" },
      { "x-api-key": "key-of-fre" },
      { "x-api-key": "key-of-freee" },
      { authorization: "Bearer key-of-nobody" },
      { authorization: "Basic key-of-free" }
    ]
    for (const { ask, name, path } of apis) {
      for (const headers of wrong) {
        const { body, headers: answered, status } = await post(server, path, ask("any"), headers)
        assert.strictEqual(status, 401, `${name} ${JSON.stringify(headers)}`)
        assert.strictEqual(body.error.type, types[name])
        assert.match(answered.get("request-id") ?? "", /^req_/)
        assert.notInclude(JSON.stringify(body), "key-of")
        if (name === "Messages") assert.strictEqual(body.type, "error")
      }
    }
    assert.strictEqual((await get(server, "/v1/models", messagesVersion)).body.error.type, "authentication_error")
    assert.strictEqual((await get(server, "/v1/models")).body.error.type, "invalid_request_error")
    assert.strictEqual((await post(server, "/v1/messages/count_tokens", question("Hi"))).status, 401)
    assert.lengthOf(server.fxLlm.requests, 0)
    assert.notInclude(JSON.stringify(server.logged), "key-of")
  })

  it("follows its file: who is taken out is refused, who is new comes in, and what runs goes on", async () => {
    const server = { auth: { mode: "keys", keys: [entry("old"), entry("same")] } }
    const script = [
      { when: { nth: 1 }, reply: { text: "Yes.", hold: "start" as const } },
      { when: {}, reply: { text: "Yes." } }
    ]
    await using running = await startServer({ mcp: false, server, script })
    const ask = (key: string, model = "any") =>
      post(running, "/v1/messages", { ...question("Hi"), model }, { "x-api-key": key })
    const asked = ask("key-of-old")
    await running.fxLlm.waitForHeld(1)
    const { config, reload } = await running.runtime.runPromise(Host)
    const file = config.file ?? assert.fail("there is a file")
    const keys = [entry("same", { models: ["claude-*"] }), entry("new")]
    await writeFile(
      file,
      JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), server: { auth: { mode: "keys", keys } } })
    )
    const { clients } = await Effect.runPromise(reload.reload)
    assert.deepStrictEqual(clients, { added: ["new"], removed: ["old"], changed: ["same"] })
    assert.strictEqual((await ask("key-of-old")).status, 401)
    assert.strictEqual((await ask("key-of-new")).status, 200)
    assert.strictEqual((await ask("key-of-same")).status, 403)
    assert.strictEqual((await ask("key-of-same", "claude-any")).status, 200)
    running.fxLlm.release()
    assert.strictEqual((await asked).status, 200)
  })

  it("gives each key the models and tools that it allows", async () => {
    await using server = await startServer({ script: { text: "Yes." }, config: withKeys, environment })
    const asked = async (key: string, model: string) =>
      post(server, "/v1/messages", { ...question("Hi"), model }, { "x-api-key": key })
    const refused = await asked("key-of-ci", "gpt-x")
    assert.strictEqual(refused.status, 403)
    assert.deepInclude(refused.body.error, {
      type: "permission_error",
      message: 'The key of "ci" does not allow the model "gpt-x".'
    })
    assert.strictEqual((await asked("key-of-ci", "smaller")).status, 403)
    assert.lengthOf(server.fxLlm.requests, 0)
    for (const model of ["claude-any", "small"]) assert.strictEqual((await asked("key-of-ci", model)).status, 200)
    assert.strictEqual((await asked("key-of-bare", "gpt-x")).status, 200)
    assert.strictEqual((await asked("key-of-free", "gpt-x")).status, 200)
    const offered = server.fxLlm.requests.map(({ body }) => toolsAsked(body).length > 0)
    assert.deepStrictEqual(offered, [true, true, false, true])
  })

  it("keeps the costs of its clients apart", async () => {
    const prices = [{ model: "*", input: 3, output: 15 }]
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes.", usage: { inputTokens: 1000, outputTokens: 500 } },
      config: { ...withBareKeys, "model.prices": prices },
      environment
    })
    for (const key of ["key-of-free", "key-of-free", "key-of-bare"]) {
      await post(server, "/v1/messages", question("Hi"), { "x-api-key": key })
    }
    const sums = await server.runtime.runPromise(Effect.flatMap(Host, ({ models }) => models.ledger.summary))
    assert.deepStrictEqual(
      sums.map(({ cost_usd, principal, requests, upstream }) => ({ upstream, principal, requests, cost_usd })),
      [
        { upstream: "claude", principal: "free", requests: 2, cost_usd: 0.021 },
        { upstream: "claude", principal: "bare", requests: 1, cost_usd: 0.0105 }
      ]
    )
  })
})

describe("a server that hands keys on", () => {
  const asKey = { name: "x-api-key", value: "key-of-caller" }
  const asBearer = { name: "authorization", value: "Bearer key-of-caller" }
  for (const [provider, usual, asItCame] of [
    ["claude", asKey, asBearer],
    ["openai", asBearer, asBearer]
  ] as const) {
    it(`sends that of the caller to ${provider} as ${usual.name}, or as it came where all does`, async () => {
      await using server = await startServer({
        mcp: false,
        provider,
        script: { text: "Yes." },
        config: { "server.auth": { mode: "forward", keys: [] } }
      })
      for (const { ask, path } of apis) {
        assert.strictEqual((await post(server, path, ask("any"))).status, 401)
        for (const headers of [{ "x-api-key": "key-of-caller" }, { authorization: "Bearer key-of-caller" }]) {
          assert.strictEqual((await post(server, path, ask("any"), headers)).status, 200)
        }
      }
      assert.lengthOf(server.fxLlm.requests, 2 * apis.length)
      for (const { headers } of server.fxLlm.requests) {
        const place = headers[usual.name] === undefined ? asItCame : usual
        assert.strictEqual(headers[place.name], place.value)
        assert.notInclude(JSON.stringify(headers), "sk-canary")
      }
      assert.notInclude(JSON.stringify(server.logged), "key-of-caller")
    })
  }

  it("counts tokens with that key, too, and keeps callers apart by its hash", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "server.auth": { mode: "forward", keys: [] } }
    })
    const headers = { "x-api-key": "key-of-caller" }
    const { max_tokens: _none, ...counted } = question("Hi")
    assert.strictEqual((await post(server, "/v1/messages/count_tokens", counted, headers)).status, 200)
    assert.strictEqual(server.fxLlm.otherRequests.at(-1)?.headers["x-api-key"], "key-of-caller")
    await post(server, "/v1/messages", question("Hi"), headers)
    await post(server, "/v1/messages", question("Hi"), { "x-api-key": "key-of-another" })
    const sums = await server.runtime.runPromise(Effect.flatMap(Host, ({ models }) => models.ledger.summary))
    assert.lengthOf(sums, 2)
    for (const { principal } of sums) assert.match(principal, /^key-[0-9a-f]{12}$/)
  })
})

describe("an address that others reach", () => {
  it("is refused while nobody is asked for a key, before anything starts", async () => {
    await using directory = await tempDirectory()
    const setup = { mcp: false, llmUrl: "http://127.0.0.1:9", log: "" } as const
    const refused: unknown = await writeConfig(directory.path, { ...setup, config: { "server.host": "0.0.0.0" } }).then(
      () => assert.fail("expected a failure"),
      (error: unknown) => error
    )
    assert.deepInclude(refused, { code: "CONFIG_INVALID" })
    assert.include(String(refused), "server.host: Expected 127.0.0.1, ::1 or localhost")
    assert.strictEqual((refused as { readonly status: { readonly exit: number } }).status.exit, 78)
    const config = { "server.host": "0.0.0.0", ...withBareKeys }
    assert.strictEqual((await writeConfig(directory.path, { ...setup, config })).options.server.host, "0.0.0.0")
  })
})

describe("a key that allows tools of some servers", () => {
  it("does not lose the tools that the caller brings", async () => {
    await using server = await startServer({ script: { text: "Yes." }, config: withKeys, environment })
    const body = { ...question("Hi"), tools: [callerTool("read_file")] }
    await post(server, "/v1/messages", body, { "x-api-key": "key-of-bare" })
    assert.deepStrictEqual(toolsAsked(server.fxLlm.requests[0]?.body), ["read_file"])
  })
})
