import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@signalbox/testing"
import { question, startServer } from "./support.ts"

describe("a client that leaves", () => {
  for (const isStreamed of [true, false]) {
    const how = isStreamed ? "streamed" : "whole"

    it(`in the middle of an MCP call stops the call (${how})`, async () => {
      const call = { name: "sleep", input: { milliseconds: 300_000 } }
      await using server = await startServer({ script: [{ text: "Wait.", toolCalls: [call] }] })
      const leaving = new AbortController()
      const asked = server.client.messages
        .create({ ...question("Sleep"), stream: isStreamed }, { signal: leaving.signal })
        .then(async (answer) => {
          // Reading is what keeps the connection of a stream.
          if (Symbol.asyncIterator in answer) for await (const event of answer) void event
        })
        .then(
          () => "answered",
          () => "left"
        )
      await server.mcpEvent(({ event, tool }) => event === "call_start" && tool === "sleep", "the call to begin")
      const from = performance.now()
      leaving.abort()
      await server.mcpEvent(({ event }) => event === "cancelled", "the call to be cancelled")
      const ended = await server.mcpEvent(({ event }) => event === "call_end", "the call to end")
      assert.strictEqual(ended.outcome, "cancelled")
      assert.isBelow(performance.now() - from, 20_000)
      await asked
      // The model is not asked again, and the server lives.
      assert.strictEqual(server.fxLlm.requests.length, 1)
      server.fxLlm.use({ text: "Here." })
      assert.deepInclude(await server.client.messages.create(question("There?")), { stop_reason: "end_turn" })
    })

    it(`in the middle of an answer closes the request to the upstream (${how})`, async () => {
      await using server = await startServer({ mcp: false, script: { text: ["One ", "two"], hold: 1 } })
      const leaving = new AbortController()
      const response = fetch(`${server.url}/v1/messages`, {
        method: "POST",
        body: JSON.stringify({ ...question("Hi"), stream: isStreamed }),
        signal: leaving.signal
      }).catch(() => undefined)
      await server.fxLlm.waitForHeld(1)
      if (isStreamed) await response
      leaving.abort()
      const upstream = await server.fxLlm.waitForClosed(1)
      assert.strictEqual(upstream.outcome, "closed_by_client")
      await response
    })
  }

  it("before the upstream has answered at all closes the request too", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Late.", hold: "start" } })
    const leaving = new AbortController()
    const response = server.client.messages
      .create({ ...question("Hi"), stream: true }, { signal: leaving.signal })
      .catch(() => undefined)
    await server.fxLlm.waitForHeld(1)
    leaving.abort()
    assert.strictEqual((await server.fxLlm.waitForClosed(1)).outcome, "closed_by_client")
    await response
  })

  it("leaves others alone", async () => {
    const call = { name: "sleep", input: { milliseconds: 300_000 } }
    await using server = await startServer({
      script: [
        { when: { lastUserTextContains: "Sleep" }, reply: { toolCalls: [call] } },
        { when: { lastUserTextContains: "Stay" }, reply: { text: ["I ", "stay"], hold: 1 } }
      ]
    })
    const leaving = new AbortController()
    const left = server.client.messages.create(question("Sleep"), { signal: leaving.signal }).catch(() => undefined)
    await server.mcpEvent(({ event }) => event === "call_start", "the call to begin")
    const stayed = server.client.messages.stream(question("Stay")).finalText()
    await waitFor(() => server.fxLlm.requests.some(({ isHeld }) => isHeld), { description: "the other to be held" })
    leaving.abort()
    await left
    await server.mcpEvent(({ event }) => event === "cancelled", "the call to be cancelled")
    server.fxLlm.release()
    assert.strictEqual(await stayed, "I stay")
  })
})
