import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema"
import { assert, describe, it } from "@effect/vitest"
import { question, startServer } from "./support.ts"

describe("the official tool runner", () => {
  for (const isStreamed of [false, true]) {
    it(`runs its own tools and leaves ours to the server, ${isStreamed ? "streamed" : "whole"}`, async () => {
      await using server = await startServer({
        script: [
          {
            text: "Both.",
            toolCalls: [
              { name: "add", input: { a: 1, b: 2 } },
              { name: "read_file", input: { path: "a.txt" } }
            ]
          },
          { toolCalls: [{ name: "echo", input: { text: "{{lastToolResult}}" } }] },
          { toolCalls: [{ name: "read_file", input: { path: "b.txt" } }] },
          { text: "Read: {{lastToolResult}}" }
        ]
      })
      const read: Array<string> = []
      const readFile = betaTool({
        name: "read_file",
        description: "Reads a file.",
        inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
        run: ({ path }) => {
          read.push(path)
          return `the text of ${path}`
        }
      })
      // By default it tries to keep the conversation at the server, and goes on without when told to.
      const request = { ...question("Go"), tools: [readFile] }
      const runner = isStreamed
        ? server.client.beta.messages.toolRunner({ ...request, stream: true })
        : server.client.beta.messages.toolRunner(request)
      const last = await runner.runUntilDone()
      assert.deepStrictEqual(read, ["a.txt", "b.txt"])
      assert.deepInclude(last.content.at(-1), { type: "text", text: "Read: the text of b.txt" })
      assert.strictEqual(last.stop_reason, "end_turn")
      assert.deepStrictEqual(
        server.mcpLog().flatMap(({ event, tool }) => (event === "call_start" ? [tool] : [])),
        ["add", "echo"]
      )
      assert.strictEqual(server.fxLlm.requests.length, 4)
    })
  }
})
