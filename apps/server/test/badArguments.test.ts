import { assert, describe, it } from "@effect/vitest"
import Anthropic from "@anthropic-ai/sdk"
import { aliased, callerTool, question, startServer, toolUse } from "./support.ts"

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

describe("arguments for a tool of the caller's that are no object", () => {
  for (const provider of ["claude", "openai"] as const) {
    it(`are handed over as they are, and none are made up for them (${provider})`, async () => {
      const reading = (input: unknown) => ({ toolCalls: [{ name: "read_file", input }] })
      await using server = await startServer({
        mcp: false,
        provider,
        // Each is asked for once whole and once streamed.
        script: ['{"path": "/tmp/a', "[1]"].flatMap((text) => [reading(text), reading(text)])
      })
      // A name that the upstream does not have is answered here, and not only handed on.
      const body = { ...aliased("Read"), model: `${provider}/any`, tools: [callerTool("read_file")] }
      const whole = () => server.client.messages.create(body)
      const streamed = () => server.client.messages.stream(body).finalMessage()
      assert.deepStrictEqual(toolUse(await whole()).input, { INVALID_JSON: '{"path": "/tmp/a' })
      const failed: unknown = await streamed().catch((error: unknown) => error)
      assert.instanceOf(failed, Anthropic.APIError)
      assert.include(failed.message, 'its arguments for the tool \\"read_file\\" are no JSON object')
      assert.deepStrictEqual(toolUse(await whole()).input, { INVALID_JSON: "[1]" })
      assert.deepStrictEqual(toolUse(await streamed()).input, { INVALID_JSON: "[1]" })
    })
  }
})
