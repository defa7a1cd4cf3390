import { assert, describe, it } from "@effect/vitest"
import { question, startServer } from "./support.ts"

const add = (input: unknown) => ({ toolCalls: [{ name: "add", input }] })

describe("arguments that are no object, or do not fit", () => {
  for (const provider of ["claude", "openai"] as const) {
    it(`never reach the server; the model is told, and corrects itself (${provider})`, async () => {
      await using server = await startServer({
        provider,
        script: [add("[]"), add('{"a": 1, "b"'), add({ a: 1 }), add({ a: 19, b: 23 }), { text: "{{lastToolResult}}" }]
      })
      const message = await server.client.messages.create(question("Add"))
      const blocks = message.content as unknown as ReadonlyArray<Record<string, unknown>> // The type knows no blocks of ours.
      const results = blocks.filter(({ type }) => type === "mcp_tool_result")
      assert.deepStrictEqual(
        results.map((result) => result["is_error"]),
        [true, true, true, false]
      )
      for (const result of results.slice(0, 3)) assert.include(JSON.stringify(result), "INVALID_PARAMS")
      assert.deepInclude(message.content.at(-1), { type: "text", text: "42" })
      assert.strictEqual(message.stop_reason, "end_turn")
      const reached = server.mcpLog().filter(({ event }) => event === "call_start")
      assert.deepStrictEqual(
        reached.map((call) => call.arguments),
        [{ a: 19, b: 23 }]
      )
      assert.strictEqual(server.fxLlm.requests.length, 5)
    })
  }
})
