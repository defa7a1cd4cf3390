import { assert, describe, it } from "@effect/vitest"
import type { CallProgress } from "@signalbox/mcp"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import { onNode, stdioServer, using } from "./fixture.ts"

const program = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"))
const everything = stdioServer({ command: process.execPath, args: [program, "stdio"] })

describe("the reference server", () => {
  it.live("is listed, called, heard in between, and closed", () =>
    onNode(
      using(everything, (client) =>
        Effect.gen(function* () {
          assert.strictEqual(client.identity.era, "legacy")
          yield* client.ping
          const { problems, tools } = yield* client.listTools
          assert.deepStrictEqual(problems, [])
          assert.includeMembers(
            tools.map(({ name }) => name),
            ["echo", "get-sum", "trigger-long-running-operation"]
          )
          const sum = yield* client.callTool({ name: "get-sum", input: { a: 2, b: 3 } })
          assert.include(JSON.stringify(sum.content), "5")
          const structured = yield* client.callTool({ name: "get-structured-content", input: { location: "New York" } })
          assert.isDefined(structured.structuredContent)
          assert.deepStrictEqual(structured.warnings, [])
          const seen: Array<CallProgress> = []
          yield* client.callTool({
            name: "trigger-long-running-operation",
            input: { duration: 0.5, steps: 5 },
            onProgress: (progress) => Effect.sync(() => void seen.push(progress))
          })
          assert.deepStrictEqual(
            seen.map(({ progress }) => progress),
            [1, 2, 3, 4, 5]
          )
        })
      )
    )
  )
})
