/** Providers that fail, as clients of the server see it: official SDKs, with their own retries. */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import OpenAI from "openai"
import { apis, post } from "./requests.ts"
import { aliased, question, startServer } from "./support.ts"

/** A port of this machine at which nobody listens any more. */
const deadPort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  // A listening TCP server has an address of this form.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("expected a failure"),
    (error: unknown) => error
  )

const dead = (port: number) => ({ "providers.claude.baseUrl": `http://127.0.0.1:${port}` })

describe("a provider that is dead, without a fallback", () => {
  it("is an error at once for official SDKs with their retries, once it is not asked any more, and says why", async () => {
    const port = await deadPort()
    await using server = await startServer({ mcp: false, config: { ...dead(port), "model.breaker.failures": 1 } })
    assert.strictEqual((await post(server, "/v1/messages", question("Hi"))).status, 502)
    const requests = () => server.logged.filter(({ message }) => message.startsWith("request")).length
    const before = requests()
    const anthropic = new Anthropic({ baseURL: server.url, apiKey: "any" })
    const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any" })
    for (const ask of [
      () => anthropic.messages.create(question("Hi")),
      () => anthropic.messages.stream(question("Hi")).finalMessage(),
      () => openai.chat.completions.create({ model: "any", messages: [{ role: "user", content: "Hi" }] }),
      () => openai.responses.create({ model: "any", input: "Hi" })
    ]) {
      const error = await failureOf(ask())
      assert.include(error, { status: 503 })
      assert.match(
        String(error),
        /claude was not asked: .* Its last failure: PROVIDER_UNREACHABLE: claude cannot be reached \(ECONNREFUSED\)/
      )
      assert.notInclude(String(error), String(port))
    }
    // Each has asked once.
    assert.strictEqual(requests() - before, 4)
    const circuits = await server.runtime.runPromise(Effect.flatMap(Host, ({ allCircuits }) => allCircuits.snapshot))
    const last = circuits["provider:claude"]?.last_failure
    assert.strictEqual(last?.code, "PROVIDER_UNREACHABLE")
    assert.include(last?.message, String(port))
  })

  it("shows its address to nobody but the log", async () => {
    const port = await deadPort()
    await using server = await startServer({ mcp: false, config: { ...dead(port), "model.breaker.enabled": false } })
    for (const { ask, path } of apis) {
      for (const stream of [false, true]) {
        const { body, status } = await post(server, path, { ...ask("any"), stream })
        assert.strictEqual(status, 502)
        assert.include(JSON.stringify(body), "claude cannot be reached (ECONNREFUSED).")
        assert.notInclude(JSON.stringify(body), String(port))
      }
    }
    const warned = server.logged.filter(({ level, message }) => level === "Warn" && message.includes(String(port)))
    assert.lengthOf(warned, apis.length * 2)
  })
})

describe("a provider that limits the rate of requests", () => {
  it("is no outage: each caller gets 429 with its own time to wait, and a fallback is asked at once", async () => {
    const fault = { kind: "status", status: 429, retryAfter: 90 } as const
    await using server = await startServer({
      mcp: false,
      script: [
        { when: { dialect: "messages" }, reply: { fault } },
        { when: { dialect: "chat" }, reply: { text: "Yes." } }
      ],
      config: {
        "model.breaker.failures": 1,
        "model.retry.attempts": 3,
        "routing.fallbacks": { "claude/claude-steady": ["openai/gpt-x"] }
      }
    })
    for (let n = 0; n < 3; n++) {
      const { headers, status } = await post(server, "/v1/messages", question("Hi"))
      assert.strictEqual(status, 429)
      assert.closeTo(Number(headers.get("retry-after")), 90, 5)
      assert.strictEqual(headers.get("x-should-retry"), "true")
    }
    const steady = await post(server, "/v1/messages", { ...question("Hi"), model: "claude-steady" })
    assert.deepStrictEqual([steady.status, steady.headers.get("x-signalbox-model")], [200, "openai/gpt-x"])
    const circuits = await server.runtime.runPromise(Effect.flatMap(Host, ({ allCircuits }) => allCircuits.snapshot))
    assert.deepInclude(circuits["provider:claude"], { phase: "closed", failed: 0 })
  })
})

describe("a provider that is overloaded, with a fallback", () => {
  const overloaded = { fault: { kind: "status", status: 529 } } as const
  const fallbacks = { "routing.fallbacks": { claude: ["openai/gpt-x"] } }

  it("is asked twice in a turn, however many steps that has", async () => {
    const add = { toolCalls: [{ name: "echo", input: { text: "x" } }] }
    await using server = await startServer({
      mcp: { tools: "echo" },
      script: [
        { when: { dialect: "messages" }, reply: overloaded },
        { when: { dialect: "chat" }, reply: [add, add, { text: "Done." }] }
      ],
      config: {
        ...fallbacks,
        "model.retry.attempts": 3,
        "model.retry.firstDelay": "10 minutes",
        "model.retry.maxDelay": "10 minutes"
      }
    })
    const { body, status } = await post(server, "/v1/messages", question("Hi"))
    assert.strictEqual(status, 200)
    assert.include(JSON.stringify(body.content), "Done.")
    const paths = server.fxLlm.requests.map(({ path }) => path.split("?")[0])
    assert.deepStrictEqual(paths, [
      ...Array.from({ length: 2 }, () => "/v1/messages"),
      ...Array.from({ length: 3 }, () => "/v1/chat/completions")
    ])
  })

  it("has tokens counted by the fallback, too", async () => {
    await using server = await startServer({ mcp: false, config: { ...fallbacks, ...dead(await deadPort()) } })
    const { body, status } = await post(server, "/v1/messages/count_tokens", aliased("How many words are these?"))
    assert.strictEqual(status, 200)
    assert.isAbove(body.input_tokens, 4)
  })
})
