import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { waitFor } from "@signalbox/testing"
import { Effect } from "effect"
import { aliased, question, readEvents, startServer, type Setup } from "./support.ts"

/** What a client may write: with spaces, numbers and fields that a parser would not give back as they were. */
const odd =
  '{ "model":"claude-any", "max_tokens":1e2,\n "messages":[{"role":"user","content":"h\\u0069"}],"of_tomorrow":1.0 }'

/** The names that fx-llm gives to what it makes; an answer that is written here has others. */
const isHandedOn = (text: string): boolean => text.includes('"msg_fx')

const withoutNumbers = (text: string): string => text.replaceAll(/(msg_fx|req_fx|fx-signature-)\d+/g, "$1")

const ask = (server: Awaited<ReturnType<typeof startServer>>, path: string, body: string, headers = {}) =>
  fetch(`${server.url}${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })

const circuitOf = (server: Awaited<ReturnType<typeof startServer>>) =>
  server.runtime.runPromise(Effect.flatMap(Host, ({ models }) => models.circuits.stats("claude")))

describe("a request that needs nothing of the host", () => {
  for (const [name, path, body] of [
    ["whole", "/v1/messages?beta=true", odd],
    ["streamed", "/v1/messages", odd.replace("{", '{"stream":true,')],
    ["a count", "/v1/messages/count_tokens", odd]
  ] as const) {
    it(`reaches the upstream byte for byte, and its answer comes back so: ${name}`, async () => {
      await using server = await startServer({
        mcp: false,
        script: { text: "späte Züge 🚃", chunks: 3, thinking: "hm" }
      })
      const response = await ask(server, path, body, { "anthropic-version": "2023-06-01", traceparent: "00-1-2-01" })
      const text = await response.text()
      const direct = await fetch(`${server.fxLlm.url}${path}`, { method: "POST", body })
      assert.strictEqual(withoutNumbers(text), withoutNumbers(await direct.text()))
      const [seen] = path.endsWith("count_tokens") ? server.fxLlm.otherRequests : server.fxLlm.requests
      assert.strictEqual(seen?.rawBody, body)
      assert.strictEqual(seen?.path, path)
      assert.strictEqual(seen?.headers["x-api-key"], "sk-canary-0123456789")
      // The API's own id, and ours beside it.
      assert.match(response.headers.get("request-id") ?? "", /^req_fx/)
      assert.match(response.headers.get("x-request-id") ?? "", /^req_[0-9a-f]{24}$/)
      assert.strictEqual(response.headers.get("content-type"), direct.headers.get("content-type"))
      assert.strictEqual(response.headers.get("x-signalbox-model"), "claude/claude-any")
    })
  }

  it("streams under the path that always does", async () => {
    await using server = await startServer({ mcp: false, script: { text: ["Yes", "."] } })
    const asked = await ask(server, "/v1/messages", JSON.stringify({ ...question("Well?"), stream: true }))
    const always = await ask(server, "/v1/messages/stream", JSON.stringify(question("Well?")))
    assert.strictEqual(withoutNumbers(await always.text()), withoutNumbers(await asked.text()))
  })

  it("brings the key of its caller where that is what lets it in", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "server.auth.mode": "forward" }
    })
    const response = await ask(server, "/v1/messages", odd, { "x-api-key": "sk-caller" })
    assert.isTrue(isHandedOn(await response.text()))
    assert.strictEqual(server.fxLlm.requests[0]?.headers["x-api-key"], "sk-caller")
  })

  it("is in the ledger with what its answer says of its use", async () => {
    const usage = { inputTokens: 12, outputTokens: 5, cacheReadTokens: 7 }
    await using server = await startServer({ mcp: false, script: { text: "Yes.", usage } })
    await (await ask(server, "/v1/messages", odd)).text()
    await (await ask(server, "/v1/messages", odd.replace("{", '{"stream":true,'))).text()
    await (await ask(server, "/v1/messages/count_tokens", odd)).text()
    const summary = await server.runtime.runPromise(Effect.flatMap(Host, ({ models }) => models.ledger.summary))
    assert.strictEqual(summary.length, 1)
    assert.deepInclude(summary[0], { upstream: "claude", model: "claude-any", principal: "local", requests: 2 })
    assert.deepInclude(summary[0], { input_tokens: 24, output_tokens: 10, cache_read_input_tokens: 14 })
  })

  it("uses the same connections again", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." } })
    for (let count = 0; count < 100; count++) await (await ask(server, "/v1/messages", odd)).text()
    assert.strictEqual(server.fxLlm.requests.length, 100)
    assert.isAtMost(server.fxLlm.connections, 2)
  })
})

describe("a request that needs the host", () => {
  const fallbacks = { "routing.fallbacks": { claude: ["openai/other"] } }
  const cases: ReadonlyArray<readonly [string, Setup, object, object?]> = [
    ["asks under a name of the host's", {}, aliased("Hi")],
    ["has tools of the host", { mcp: {} }, question("Hi")],
    ["asks for more than the server gives", { config: { "server.maxTokens": 50 } }, question("Hi")],
    ["asks for more than the provider gives", { config: { "providers.claude.maxTokens": 50 } }, question("Hi")],
    ["may be answered by another upstream", { config: fallbacks }, question("Hi")],
    ["may be answered from the cache", { config: { "server.cache.enabled": true } }, question("Hi")],
    [
      "shows tools that the host once ran",
      {},
      {
        ...question("Hi"),
        messages: [
          { role: "user", content: "1 + 2?" },
          {
            role: "assistant",
            content: [
              { type: "mcp_tool_use", id: "mcptoolu_1", name: "add", server_name: "fx", input: {} },
              {
                type: "mcp_tool_result",
                tool_use_id: "mcptoolu_1",
                is_error: false,
                content: [{ type: "text", text: "3" }]
              }
            ]
          },
          { role: "user", content: "And?" }
        ]
      }
    ]
  ]
  for (const [what, setup, body] of cases) {
    it(`is read, and its answer is written here: it ${what}`, async () => {
      await using server = await startServer({ mcp: false, script: { text: "Yes." }, ...setup })
      const response = await ask(server, "/v1/messages", JSON.stringify(body))
      assert.strictEqual(response.status, 200)
      assert.isFalse(isHandedOn(await response.text()))
    })
  }

  it("does not, when it says that it wants no tools", async () => {
    await using server = await startServer({ mcp: {}, script: { text: "Yes." } })
    const response = await ask(server, "/v1/messages", odd, { "x-tool-execution": "passthrough" })
    assert.isTrue(isHandedOn(await response.text()))
    assert.isUndefined(server.fxLlm.requests[0]?.headers["x-tool-execution"])
  })
})

describe("an upstream that fails while a request is handed on", () => {
  const overloaded = { fault: { kind: "status", status: 503 } } as const

  it("is asked again until the first byte, and not after", async () => {
    const cut = { text: ["One ", "two"], fault: { kind: "reset", afterPieces: 1 } } as const
    await using server = await startServer({
      mcp: false,
      script: [overloaded, overloaded, { text: "Here." }, cut],
      config: { "model.retry.attempts": 3, "model.retry.firstDelay": "1 millis" }
    })
    const first = await ask(server, "/v1/messages", odd)
    assert.isTrue(isHandedOn(await first.text()))
    assert.strictEqual(server.fxLlm.requests.length, 3)
    const second = await ask(server, "/v1/messages", odd.replace("{", '{"stream":true,'))
    const last = readEvents(await second.text()).at(-1)
    assert.strictEqual(last?.event, "error")
    assert.strictEqual(last?.data["request_id"], second.headers.get("request-id"))
    assert.strictEqual(server.fxLlm.requests.length, 4)
  })

  it("gives no part of an answer that is not streamed: it is asked again, and then the failure has its status", async () => {
    const cut = { text: "One two", fault: { kind: "reset", afterPieces: 0 } } as const
    await using server = await startServer({
      mcp: false,
      script: [cut, { text: "Here." }, cut, cut],
      config: { "model.retry.attempts": 2, "model.retry.firstDelay": "1 millis" }
    })
    const first = await ask(server, "/v1/messages", odd)
    assert.isTrue(isHandedOn(await first.text()))
    const second = await ask(server, "/v1/messages", odd)
    assert.strictEqual(second.status, 502)
    assert.include(await second.text(), '"type":"api_error"')
    assert.strictEqual(server.fxLlm.requests.length, 4)
  })

  it("is not asked any more after some failures, by anybody, and clients are told when to come back", async () => {
    await using server = await startServer({ mcp: false, script: overloaded, config: { "model.breaker.failures": 5 } })
    for (let count = 0; count < 5; count++) await (await ask(server, "/v1/messages", odd)).text()
    assert.strictEqual(server.fxLlm.requests.length, 5)
    for (const body of [odd, odd.replace("{", '{"stream":true,'), JSON.stringify(aliased("Hi"))]) {
      const response = await ask(server, "/v1/messages", body)
      assert.strictEqual(response.status, 503)
      // The envelope of an error.
      const { error } = (await response.json()) as { readonly error: { readonly type: string } }
      assert.strictEqual(error.type, "overloaded_error")
      assert.isAbove(Number(response.headers.get("retry-after")), 0)
    }
    assert.strictEqual(server.fxLlm.requests.length, 5)
  })

  const streamed = odd.replace("{", '{"stream":true,')

  it("has failed where the answer breaks off late, too", async () => {
    const cut = { text: ["One ", "two"], fault: { kind: "reset", afterPieces: 1 } } as const
    await using server = await startServer({ mcp: false, script: cut, config: { "model.breaker.failures": 1 } })
    await (await ask(server, "/v1/messages", streamed)).text()
    assert.deepInclude(await circuitOf(server), { phase: "open", failed: 1 })
    assert.strictEqual((await ask(server, "/v1/messages", streamed)).status, 503)
    assert.strictEqual(server.fxLlm.requests.length, 1)
  })

  it("has not failed because a client left", async () => {
    const held = { text: ["One ", "two"], hold: 1 } as const
    await using server = await startServer({ mcp: false, script: held, config: { "model.breaker.failures": 1 } })
    const leaving = new AbortController()
    const response = await fetch(`${server.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: streamed,
      signal: leaving.signal
    })
    await server.fxLlm.waitForHeld(1)
    leaving.abort()
    await response.text().catch(() => undefined)
    await server.fxLlm.waitForClosed(1)
    await waitFor(async () => (await circuitOf(server)).ignored === 1, { description: "the circuit to hear of it" })
    assert.deepInclude(await circuitOf(server), { phase: "closed", failed: 0 })
  })

  it("does not make a part look like the whole", async () => {
    const whole = { text: "One two", fault: { kind: "reset", afterPieces: 1 } } as const
    await using server = await startServer({ mcp: false, script: whole })
    const response = await ask(server, "/v1/messages", odd).catch(() => undefined)
    const text = await response?.text().catch(() => "broken off")
    if (response?.status === 200) assert.strictEqual(text, "broken off")
    else assert.include(text ?? "", '"type":"error"')
  })

  it("says in its own words what is wrong with the request itself", async () => {
    const fault = { kind: "status", status: 400, message: "prompt is too long: 9 tokens > 8 maximum" } as const
    await using server = await startServer({ mcp: false, script: { fault } })
    const response = await ask(server, "/v1/messages", odd)
    const direct = await fetch(`${server.fxLlm.url}/v1/messages`, { method: "POST", body: odd })
    assert.strictEqual(response.status, 400)
    assert.strictEqual(withoutNumbers(await response.text()), withoutNumbers(await direct.text()))
  })
})

describe("what a provider is told", () => {
  it("has no ids of traces, neither the caller's nor ours", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." } })
    const traces = {
      traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
      tracestate: "a=b",
      b3: "1-2-1",
      "x-b3-traceid": "1"
    }
    for (const body of [odd, JSON.stringify(aliased("Hi"))])
      await (await ask(server, "/v1/messages", body, traces)).text()
    assert.strictEqual(server.fxLlm.requests.length, 2)
    for (const { headers } of server.fxLlm.requests) {
      assert.deepStrictEqual(
        Object.keys(headers).filter((name) => /^(traceparent|tracestate|baggage|b3|x-b3-.*)$/.test(name)),
        []
      )
    }
  })
})
