import { assert, describe, it } from "@effect/vitest"
import { fxMcpCommand } from "@signalbox/testing"
import { apis, post } from "./requests.ts"
import { callerTool, question, startServer } from "./support.ts"

const entry = (tools: "echo,add" | "sleep") => ({
  enabled: true,
  transport: "stdio",
  env: {},
  ...fxMcpCommand({ tools })
})
const two = { servers: { a: entry("echo,add"), b: entry("sleep"), off: { ...entry("sleep"), enabled: false } } }
const own = callerTool("read_file")

interface Sent {
  readonly tools?: ReadonlyArray<{ readonly name: string }>
}

const start = (config: Readonly<Record<string, unknown>> = {}) =>
  startServer({ mcp: false, script: { text: "Yes." }, config: { ...two, ...config } })

/** The names of the tools that the model was offered last. */
const offered = (server: Awaited<ReturnType<typeof start>>): ReadonlyArray<string> =>
  // A request of the Messages API, as fx-llm has seen it.
  ((server.fxLlm.requests.at(-1)?.body as Sent | undefined)?.tools ?? []).map(({ name }) => name).toSorted()

const connector = (name: string, more: object = {}) => ({ type: "url", name, url: "https://ours.invalid/mcp", ...more })

const toolset = (name: string, more: object = {}) => ({ type: "mcp_toolset", mcp_server_name: name, ...more })

describe("a request", () => {
  it("gets the tools of all servers beside its own, or none with x-tool-execution: passthrough", async () => {
    await using server = await start()
    const body = { ...question("Hi"), tools: [own] }
    await post(server, "/v1/messages", body)
    assert.deepStrictEqual(offered(server), ["add", "echo", "read_file", "sleep"])
    await post(server, "/v1/messages", body, { "x-tool-execution": "server" })
    assert.deepStrictEqual(offered(server), ["add", "echo", "read_file", "sleep"])
    await post(server, "/v1/messages", body, { "x-tool-execution": "Passthrough" })
    assert.deepStrictEqual(offered(server), ["read_file"])
    await post(server, "/v1/chat/completions", apis[1].ask("any"), { "x-tool-execution": "passthrough" })
    assert.deepStrictEqual(offered(server), [])
    // A misspelt wish for no tools runs none.
    const before = server.fxLlm.requests.length
    const misspelt = await post(server, "/v1/messages", body, { "x-tool-execution": "passthru" })
    assert.strictEqual(misspelt.status, 400)
    assert.strictEqual(server.fxLlm.requests.length, before)
  })

  it("that names servers in mcp_servers gets theirs alone, and of these what it wants", async () => {
    await using server = await start()
    const ask = (more: object) =>
      post(server, "/v1/messages", { ...question("Hi"), ...more }, { "anthropic-beta": "mcp-client-2025-11-20" })
    const named = await ask({ mcp_servers: [connector("b")], tools: [toolset("b")] })
    assert.strictEqual(named.status, 200)
    assert.deepStrictEqual(offered(server), ["sleep"])
    const some = { default_config: { enabled: false }, configs: { echo: { enabled: true } } }
    await ask({ mcp_servers: [connector("a")], tools: [toolset("a", some)] })
    assert.deepStrictEqual(offered(server), ["echo"])
    // Our servers are ours: the API is not asked to connect to them, too.
    assert.notProperty(server.fxLlm.requests.at(-1)?.body, "mcp_servers")
  })

  it("that names a server that there is not is refused, with those that there are", async () => {
    await using server = await start()
    for (const name of ["c", "off"]) {
      const { body, status } = await post(server, "/v1/messages", {
        ...question("Hi"),
        mcp_servers: [connector(name)],
        tools: [{ type: "mcp_toolset", mcp_server_name: name }]
      })
      assert.strictEqual(status, 400)
      assert.strictEqual(body.error.type, "invalid_request_error")
      assert.include(body.error.message, `there is no server "${name}" for this key. Available: a, b.`)
    }
    assert.lengthOf(server.fxLlm.requests, 0)
  })

  it("gets no more than the server gives to all", async () => {
    await using some = await start({ "server.tools": ["b"] })
    await post(some, "/v1/messages", question("Hi"))
    assert.deepStrictEqual(offered(some), ["sleep"])
    await using none = await start({ "server.tools": "none" })
    await post(none, "/v1/messages", question("Hi"))
    assert.deepStrictEqual(offered(none), [])
  })
})
