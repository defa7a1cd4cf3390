/** An upstream that asks for a pause, and clients that come again by themselves. */
import { assert, describe, it } from "@effect/vitest"
import { aliased, question, startServer } from "./support.ts"

type Server = Awaited<ReturnType<typeof startServer>>

const chat = { model: "claude/any", messages: [{ role: "user", content: "Hi" }] }
const responses = { model: "claude/any", input: "Hi" }

/** Path and body by what is asked. */
const requests: Readonly<Record<string, readonly [path: string, body: object]>> = {
  "handed on as it is": ["/v1/messages", question("Hi")],
  "handed on as it is, streamed": ["/v1/messages", { ...question("Hi"), stream: true }],
  "of the Messages API": ["/v1/messages", aliased("Hi")],
  "of the Messages API, streamed": ["/v1/messages", { ...aliased("Hi"), stream: true }],
  "of Chat Completions": ["/v1/chat/completions", chat],
  "of Chat Completions, streamed": ["/v1/chat/completions", { ...chat, stream: true }],
  "of Responses": ["/v1/responses", responses],
  "of Responses, streamed": ["/v1/responses", { ...responses, stream: true }]
}

const ask = ({ url }: Server, [path, body]: readonly [path: string, body: object]) =>
  fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })

const patient = { "model.retry.attempts": 3, "model.retry.firstDelay": "1 millis", "model.retry.maxDelay": "5 minutes" }

describe("a pause that the upstream asks for", () => {
  for (const [what, request] of Object.entries(requests)) {
    it(`is told to whoever asks, and not sat out here: ${what}`, async () => {
      const limited = { fault: { kind: "status", status: 429, retryAfter: 200 } } as const
      await using server = await startServer({ mcp: false, script: [limited, { text: "Too early." }], config: patient })
      const first = await ask(server, request)
      assert.strictEqual(first.status, 429)
      assert.strictEqual(first.headers.get("retry-after"), "200")
      assert.strictEqual(first.headers.get("x-should-retry"), "true")
      await first.text()
      // Whoever comes before the time has come is told how much of it is left, and nobody is bothered.
      const second = await ask(server, request)
      assert.strictEqual(second.status, 429)
      assert.isAtMost(Number(second.headers.get("retry-after")), 200)
      assert.strictEqual(server.fxLlm.requests.length, 1)
    })
  }

  it("because it has too much to do is told alike", async () => {
    const overloaded = { fault: { kind: "status", status: 529, retryAfter: 200 } } as const
    await using server = await startServer({ mcp: false, script: [overloaded, { text: "Early." }], config: patient })
    const response = await ask(server, ["/v1/messages", aliased("Hi")])
    assert.strictEqual(response.status, 529)
    assert.strictEqual(response.headers.get("retry-after"), "200")
    assert.strictEqual(server.fxLlm.requests.length, 1)
  })

  it("is sat out where it is short", async () => {
    const limited = { fault: { kind: "status", status: 429, retryAfter: 1 } } as const
    await using server = await startServer({ mcp: false, script: [limited, { text: "Here." }], config: patient })
    const response = await ask(server, ["/v1/messages", aliased("Hi")])
    assert.include(await response.text(), "Here.")
    assert.strictEqual(server.fxLlm.requests.length, 2)
  })

  it("is sat out once a tool has acted, for the sake of what it did", async () => {
    const write = { name: "write", input: { key: "k", value: "v" } }
    const limited = { fault: { kind: "status", status: 429, retryAfter: 3 } } as const
    await using server = await startServer({
      script: [{ toolCalls: [write] }, limited, { text: "Written." }],
      config: patient
    })
    const message = await server.client.messages.create(question("Write"))
    assert.deepInclude(message.content.at(-1), { type: "text", text: "Written." })
    assert.strictEqual(server.mcpLog().filter(({ event }) => event === "call_start").length, 1)
  })
})
