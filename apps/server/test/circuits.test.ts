import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { Effect } from "effect"
import { question, startServer } from "./support.ts"

const add = { toolCalls: [{ name: "add", input: { a: 1, b: 2 } }] }

describe("a tool whose server is not called for now", () => {
  for (const isStreamed of [true, false]) {
    it(`is not offered, and a call of it says why, ${isStreamed ? "streamed" : "whole"}`, async () => {
      await using server = await startServer({ mcp: { tools: "add" }, script: [add, { text: "No luck." }] })
      const onHost = <A, E>(use: (host: Host["Service"]) => Effect.Effect<A, E>) =>
        server.runtime.runPromise(Effect.flatMap(Host, use))
      await onHost(({ orchestrator }) => Effect.andThen(orchestrator.settled, orchestrator.breaker.open("fx")))
      const { content } = await (isStreamed
        ? server.client.messages.stream(question("1 + 2?")).finalMessage()
        : server.client.messages.create(question("1 + 2?")))
      const [called, result] = content as unknown as ReadonlyArray<Record<string, unknown>>
      assert.deepInclude(called, { type: "mcp_tool_use", name: "add", server_name: "fx" })
      assert.deepInclude(result, { type: "mcp_tool_result", is_error: true })
      const why =
        'SERVER_CIRCUIT_OPEN: \\"add\\" was not called: the circuit of server \\"fx\\" is open: it was opened by hand.'
      assert.include(JSON.stringify(result), why)
      const [asked, told] = server.fxLlm.requests.map(({ body }) => body)
      assert.notProperty(asked, "tools")
      assert.include(JSON.stringify(told), why)
      assert.strictEqual((await onHost(({ orchestrator }) => orchestrator.breaker.stats))[0]?.rejected, 1)
      assert.deepStrictEqual(
        server.mcpLog().filter(({ event }) => event === "call_start"),
        []
      )
    })
  }
})
