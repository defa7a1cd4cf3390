import { assert, describe, it } from "@effect/vitest"
import type { ToolDefinition } from "@signalbox/model"
import { decodeResponsesRequest } from "@signalbox/provider-openai/serve"
import { Effect, Redacted } from "effect"

const tool = (originalName: string, readOnlyHint?: boolean): ToolDefinition => ({
  name: originalName,
  originalName,
  description: "",
  inputSchema: { type: "object" },
  annotations: readOnlyHint === undefined ? {} : { readOnlyHint },
  runBy: { _tag: "Host", source: "docs" },
  isTrusted: false
})

const tools = [tool("read", true), tool("find"), tool("write", false)]

const decode = (entry: object) =>
  Effect.map(
    decodeResponsesRequest({ model: "m", input: "go", tools: [{ type: "mcp", server_label: "docs", ...entry }] }),
    (request) => {
      const [server] = request.servers ?? []
      assert.isDefined(server)
      return { server, echo: request.answer.echo }
    }
  )

describe("an MCP server that a Responses request names", () => {
  it.effect("is one of the host, or brought by its URL with what lets the client in", () =>
    Effect.gen(function* () {
      const { server: known } = yield* decode({})
      assert.deepInclude(known, { name: "docs", headers: {} })
      assert.notProperty(known, "url")
      const secrets = { authorization: "token-1", headers: { "X-Key": "key-1", odd: 5 } }
      const { echo, server } = yield* decode({ server_url: "https://x.test/mcp", ...secrets })
      assert.strictEqual(server.url, "https://x.test/mcp")
      assert.deepStrictEqual(
        Object.entries(server.headers).map(([name, value]) => [name, Redacted.value(value)]),
        [
          ["x-key", "key-1"],
          ["authorization", "Bearer token-1"]
        ]
      )
      assert.notMatch(JSON.stringify([server, echo]), /token-1|key-1/)
      assert.deepStrictEqual(echo["tools"], [
        {
          type: "mcp",
          server_label: "docs",
          server_url: "https://x.test/mcp",
          headers: { "X-Key": "<redacted>", odd: "<redacted>" }
        }
      ])
    })
  )

  const all = ["read", "find", "write"]
  for (const [allowed, wanted] of [
    [undefined, all],
    [null, all],
    [["find"], ["find"]],
    [[], []],
    [{ tool_names: ["find", "write"] }, ["find", "write"]],
    [{ read_only: true }, ["read"]],
    [{ read_only: false, tool_names: ["read", "find"] }, ["find"]]
  ] as const) {
    it.effect(`has the tools that it wants: ${JSON.stringify(allowed)}`, () =>
      Effect.gen(function* () {
        const { server } = yield* decode({ allowed_tools: allowed })
        assert.deepStrictEqual(
          tools.filter(server.wants).map(({ name }) => name),
          [...wanted]
        )
      })
    )
  }

  const [always, never, unsaid] = ["always", "never", undefined]
  for (const [given, said] of [
    [undefined, [unsaid, unsaid, unsaid]],
    [null, [unsaid, unsaid, unsaid]],
    ["always", [always, always, always]],
    ["never", [never, never, never]],
    [{ always: { tool_names: ["write"] } }, [unsaid, unsaid, always]],
    [{ never: { tool_names: ["read"] } }, [never, always, always]],
    [{ never: { read_only: true } }, [never, always, always]],
    [{ always: { tool_names: ["read"] }, never: { tool_names: ["read", "find"] } }, [always, never, unsaid]]
  ] as const) {
    it.effect(`says which calls its client approves itself: ${JSON.stringify(given)}`, () =>
      Effect.gen(function* () {
        const { server } = yield* decode({ require_approval: given })
        assert.deepStrictEqual(tools.map(server.approval), [...said])
      })
    )
  }
})
