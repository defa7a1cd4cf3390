import { assert, describe, it } from "@effect/vitest"
import { decodeRequest, mcpToolWish, withoutMcpServers } from "@signalbox/provider-claude/serve"
import { Effect, Redacted } from "effect"

const read = (fields: object) =>
  decodeRequest({ model: "m", max_tokens: 1, messages: [{ role: "user", content: "hi" }], ...fields })

const on = { isEnabled: true, isDeferred: false }
const off = { isEnabled: false, isDeferred: false }

describe("the MCP servers of a request", () => {
  for (const [name, fields, wishes] of [
    ["a server alone", { mcp_servers: [{ type: "url", name: "s", url: "http://x" }] }, { a: on }],
    ["a server that the host knows", { mcp_servers: [{ name: "s" }] }, { a: on }],
    [
      "a list of tools",
      { mcp_servers: [{ name: "s", tool_configuration: { allowed_tools: ["a"] } }] },
      { a: on, b: off }
    ],
    [
      "a server that is off",
      { mcp_servers: [{ name: "s", tool_configuration: { enabled: false, allowed_tools: ["a"] } }] },
      { a: off, b: off }
    ],
    ["nothing said", { mcp_servers: [{ name: "s", tool_configuration: null }] }, { a: on }],
    ["a toolset alone", { tools: [{ type: "mcp_toolset", mcp_server_name: "s" }] }, { a: on }],
    [
      "a toolset of chosen tools",
      {
        mcp_servers: [{ name: "s", url: "http://x" }],
        tools: [
          {
            type: "mcp_toolset",
            mcp_server_name: "s",
            default_config: { enabled: false, defer_loading: true },
            configs: { a: { enabled: true }, b: { defer_loading: false } }
          }
        ]
      },
      { a: { isEnabled: true, isDeferred: true }, b: off, c: { isEnabled: false, isDeferred: true } }
    ]
  ] as const) {
    it.effect(`are read with ${name}`, () =>
      Effect.gen(function* () {
        const { mcpServers } = yield* read(fields)
        assert.deepStrictEqual(
          mcpServers.map((server) => server.name),
          ["s"]
        )
        for (const [tool, wish] of Object.entries(wishes)) {
          const [server] = mcpServers
          assert.deepStrictEqual(server && mcpToolWish(server, tool), wish, tool)
        }
      })
    )
  }

  it.effect("keep their address, and their token out of sight", () =>
    Effect.gen(function* () {
      const { mcpServers } = yield* read({
        mcp_servers: [{ name: "s", url: "http://x", authorization_token: "secret" }]
      })
      const [server] = mcpServers
      assert.strictEqual(server?.url, "http://x")
      assert.strictEqual(server?.authorizationToken && Redacted.value(server.authorizationToken), "secret")
      assert.notInclude(JSON.stringify(server), "secret")
    })
  )

  for (const [name, fields, path] of [
    ["a server without a name", { mcp_servers: [{ url: "http://x" }] }, "mcp_servers.0.name"],
    ["two servers of one name", { mcp_servers: [{ name: "s" }, { name: "s" }] }, "mcp_servers.1.name"],
    ["a toolset of no server", { tools: [{ type: "mcp_toolset" }] }, "tools.0.mcp_server_name"],
    [
      "two toolsets of one server",
      { tools: ["s", "s"].map((name_) => ({ type: "mcp_toolset", mcp_server_name: name_ })) },
      "tools.1.mcp_server_name"
    ],
    [
      "a setting that is none",
      { tools: [{ type: "mcp_toolset", mcp_server_name: "s", configs: { a: { enabled: "yes" } } }] },
      "tools.0.configs.a.enabled"
    ]
  ] as const) {
    it.effect(`are refused with ${name}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(read(fields))).path, path)
      })
    )
  }

  it.effect("do not go upstream once the host has given their tools", () =>
    Effect.gen(function* () {
      const typed = { type: "bash_20250124", name: "bash" }
      const { request } = yield* read({
        mcp_servers: [{ name: "s", authorization_token: "secret" }],
        tools: [typed, { type: "mcp_toolset", mcp_server_name: "s" }],
        thinking: { type: "adaptive" }
      })
      assert.deepStrictEqual(withoutMcpServers(request).vendor, {
        anthropic: { thinking: { type: "adaptive" }, tools: [typed] }
      })
    })
  )
})
