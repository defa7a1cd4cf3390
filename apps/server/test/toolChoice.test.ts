import { assert, describe, it } from "@effect/vitest"
import { callerTool, question, startServer } from "./support.ts"

describe("a request that demands a tool call", () => {
  const asked = { ...question("Go"), tool_choice: { type: "any" as const } }

  it("is offered the caller's tools only, where it brings some: it gets a call that it can answer", async () => {
    await using server = await startServer({ script: { toolCalls: [{ name: "read_file", input: { path: "a" } }] } })
    const message = await server.client.messages.create({ ...asked, tools: [callerTool("read_file")] })
    assert.deepStrictEqual(server.fxLlm.requests[0]?.offeredTools, ["read_file"])
    assert.deepInclude(server.fxLlm.requests[0]?.body, { tool_choice: { type: "any" } })
    assert.deepInclude(message.content[0], { type: "tool_use", name: "read_file" })
    assert.strictEqual(message.stop_reason, "tool_use")
  })

  it("without tools of its own is answered with one of the host, and then in words", async () => {
    const echo = { name: "echo", input: { text: "hi" } }
    await using server = await startServer({ script: [{ toolCalls: [echo] }, { text: "Echoed." }] })
    const message = await server.client.messages.create(asked)
    const [first, second] = server.fxLlm.requests
    assert.deepInclude(first?.body, { tool_choice: { type: "any" } })
    assert.deepInclude(second?.body, { tool_choice: { type: "auto" } })
    assert.deepInclude(message.content.at(-1), { type: "text", text: "Echoed." })
  })
})
