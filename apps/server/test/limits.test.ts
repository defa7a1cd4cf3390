import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { Effect } from "effect"
import { apis, post } from "./requests.ts"
import { question, readEvents, startServer } from "./support.ts"

const still = { ...question("Twice the same?"), temperature: 0 }

describe("requests at the same time", () => {
  it("wait for their turn from the limit on, and are refused as overload when the queue is full", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "{{lastUserText}}", hold: "start" },
      config: { "server.maxConcurrentRequests": 10, "server.maxQueuedRequests": 1 }
    })
    const running = Array.from({ length: 10 }, (_, index) => post(server, "/v1/messages", question(`n${index}`)))
    await server.fxLlm.waitForRequest(10)
    // The queue has one place: one of two waits, the other is refused.
    const two = ["a", "b"].map((text) => post(server, "/v1/messages", question(text)))
    const refused = await Promise.race(two)
    assert.strictEqual(refused.status, 529)
    assert.strictEqual(refused.body.error.type, "overloaded_error")
    assert.include(refused.body.error.message, "10 requests are being answered and 1 wait")
    assert.strictEqual(refused.headers.get("retry-after"), "1")
    // OpenAI's APIs have no 529.
    for (const { ask, path } of apis.slice(1)) {
      const { headers, status } = await post(server, path, ask("any"))
      assert.strictEqual(status, 503, path)
      assert.strictEqual(headers.get("retry-after"), "1", path)
    }
    assert.lengthOf(server.fxLlm.requests, 10)
    server.fxLlm.release()
    assert.deepStrictEqual(
      (await Promise.all(running)).map(({ status }) => status),
      Array.from({ length: 10 }, () => 200)
    )
    await server.fxLlm.waitForHeld(11)
    server.fxLlm.release()
    const statuses = (await Promise.all(two)).map(({ status }) => status)
    assert.sameMembers(statuses, [200, 529])
  })
})

describe("the cache of answers", () => {
  it("asks nobody twice for what leaves nothing to chance, and says so, streamed and whole", async () => {
    const config = { "server.cache.enabled": true }
    await using server = await startServer({ mcp: false, script: { text: "Yes." }, config })
    const first = await post(server, "/v1/messages", still)
    const second = await post(server, "/v1/messages", still)
    assert.isNull(first.headers.get("x-cache"))
    assert.strictEqual(second.headers.get("x-cache"), "hit")
    assert.deepStrictEqual(second.body.content, first.body.content)
    assert.notStrictEqual(second.body.id, first.body.id)
    const streamed = await post(server, "/v1/messages", { ...still, stream: true })
    assert.strictEqual(streamed.headers.get("x-cache"), "hit")
    assert.include(
      readEvents(streamed.body).map(({ event }) => event),
      "message_stop"
    )
    assert.lengthOf(server.fxLlm.requests, 1)
  })

  it("is not there unless it is asked for, and keeps nothing of warmer requests", async () => {
    await using none = await startServer({ mcp: false, script: { text: "Yes." } })
    await using warm = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "server.cache.enabled": true }
    })
    for (const [server, body] of [
      [none, still],
      [warm, question("Twice the same?")]
    ] as const) {
      for (const _ of [1, 2]) assert.isNull((await post(server, "/v1/messages", body)).headers.get("x-cache"))
      assert.lengthOf(server.fxLlm.requests, 2)
    }
  })
})

describe("the most tokens of an answer", () => {
  it("are lowered to the limit, which the answer says, whichever API asks", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "server.maxTokens": 8192, "server.whenOverMaxTokens": "clamp" }
    })
    for (const [path, body] of [
      ["/v1/messages", { ...question("Hi"), max_tokens: 9000 }],
      ["/v1/messages", { ...question("Hi"), max_tokens: 9000, stream: true }],
      ["/v1/chat/completions", { ...apis[1].ask("any"), max_completion_tokens: 9000 }],
      ["/v1/responses", { ...apis[2].ask("any"), max_output_tokens: 9000 }]
    ] as const) {
      const { headers, status } = await post(server, path, body)
      assert.strictEqual(status, 200, path)
      assert.strictEqual(headers.get("x-max-tokens-clamped"), "8192", path)
    }
    const { headers } = await post(server, "/v1/messages", { ...question("Hi"), max_tokens: 8192 })
    assert.isNull(headers.get("x-max-tokens-clamped"))
    const sent = server.fxLlm.requests.map(({ body }) => (body as { readonly max_tokens: number }).max_tokens)
    assert.deepStrictEqual(sent, [8192, 8192, 8192, 8192, 8192])
  })

  it("are refused above the limit where the configuration says so", async () => {
    await using server = await startServer({
      mcp: false,
      config: { "server.maxTokens": 8192, "server.whenOverMaxTokens": "reject" }
    })
    const { body, status } = await post(server, "/v1/messages", { ...question("Hi"), max_tokens: 9000 })
    assert.strictEqual(status, 400)
    assert.strictEqual(body.error.type, "invalid_request_error")
    assert.include(body.error.message, "max_tokens: 9000 > 8192")
    assert.lengthOf(server.fxLlm.requests, 0)
  })
})

describe("a body that is no sound JSON", () => {
  const messages = '"messages":[{"role":"user","content":"Hi"}]'
  it("is refused before anybody is asked, in the words of the API", async () => {
    await using server = await startServer({ mcp: false })
    const deep = `{"model":"m","max_tokens":9,${messages},"metadata":${'{"a":'.repeat(200)}1${"}".repeat(200)}}`
    const twice = `{"model":"m","model":"n","max_tokens":9,${messages}}`
    for (const { path } of apis) {
      for (const [body, words] of [
        [deep, /deep|nest/i],
        [twice, /model/],
        ["{", /JSON/]
      ] as const) {
        const answer = await post(server, path, body)
        assert.strictEqual(answer.status, 400, `${path} ${body.slice(0, 40)}`)
        assert.strictEqual(answer.body.error.type, "invalid_request_error")
        assert.match(answer.body.error.message, words)
      }
    }
    assert.lengthOf(server.fxLlm.requests, 0)
  })

  it("is too large above 10 MiB", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." } })
    const mebibyte = 1024 * 1024
    const large = await post(server, "/v1/messages", question("x".repeat(11 * mebibyte)))
    assert.strictEqual(large.status, 413)
    assert.strictEqual(large.body.error.type, "request_too_large")
    assert.strictEqual((await post(server, "/v1/messages", question("x".repeat(9 * mebibyte)))).status, 200)
  })
})

describe("a provider that fails again and again", () => {
  it("is not asked any more: a request fails at once, with when to come back", async () => {
    await using server = await startServer({
      mcp: false,
      script: { fault: { kind: "status", status: 500 } },
      config: { "model.breaker.failures": 5 }
    })
    for (const _ of Array.from({ length: 5 })) {
      assert.strictEqual((await post(server, "/v1/messages", question("Hi"))).status, 500)
    }
    for (const { ask, path } of apis) {
      const { body, headers, status } = await post(server, path, ask("any"))
      assert.strictEqual(status, 503, path)
      assert.isAtLeast(Number(headers.get("retry-after")), 1)
      assert.match(
        body.error.message,
        /^claude was not asked: it has failed repeatedly, .* Its last failure: PROVIDER_OVERLOADED: claude is overloaded/
      )
      // Nobody waits half a minute without a word for what will not help.
      assert.isAtMost(Number(headers.get("retry-after")), 5)
      assert.strictEqual(headers.get("x-should-retry"), "false")
      if (path === "/v1/messages") assert.strictEqual(body.error.type, "overloaded_error")
    }
    assert.lengthOf(server.fxLlm.requests, 5)
    const circuits = await server.runtime.runPromise(Effect.flatMap(Host, ({ allCircuits }) => allCircuits.snapshot))
    assert.deepInclude(circuits["provider:claude"], { phase: "open", failed: 5, rejected: 3 })
  })
})

describe("a turn with a budget", () => {
  it("ends within it, as an answer that was cut off", async () => {
    await using server = await startServer({
      script: [
        { toolCalls: [{ name: "add", input: { a: 1, b: 2 } }], usage: { inputTokens: 1000, outputTokens: 500 } },
        { text: "never" }
      ],
      config: {
        "model.prices": [{ model: "*", input: 3, output: 15 }],
        "conversation.budget.maxCostUsd": 0.01
      }
    })
    const { body, status } = await post(server, "/v1/messages", question("1 + 2?"))
    assert.strictEqual(status, 200)
    assert.strictEqual(body.stop_reason, "max_tokens")
    assert.include(JSON.stringify(body.content), "mcp_tool_result")
    assert.lengthOf(server.fxLlm.requests, 1)
  })
})
