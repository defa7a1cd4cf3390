import { assert, describe, it } from "@effect/vitest"
import { toJson, withCorrelationId } from "@signalbox/errors"
import { readFxMcpLog, waitFor } from "@signalbox/testing"
import { Effect, Fiber } from "effect"
import { startControl } from "./controlSupport.ts"

const call = "/v1/mcp/tools/call"

describe("the tools of the control API", () => {
  it("are listed once servers have come, and called by their name or by server and name", async () => {
    await using host = await startControl({ servers: { fx: { tools: "echo,add" }, other: { tools: "echo" } } })
    const run = host.runtime.runPromise
    const tools = await run(host.ask((client) => client.tools.list({ query: {} })))
    assert.deepStrictEqual(
      tools.map(({ name, original_name, server }) => [name, server, original_name]),
      [
        ["fx__echo", "fx", "echo"],
        ["add", "fx", "add"],
        ["other__echo", "other", "echo"]
      ]
    )
    const own = await host.raw("GET", "/v1/mcp/tools?server=other")
    assert.lengthOf(JSON.parse(own.text), 1)
    for (const wanted of [{ name: "echo", server: "other" }, { name: "other__echo" }]) {
      const answer = await host.raw("POST", call, JSON.stringify({ ...wanted, input: { text: "hi" } }))
      assert.deepInclude(JSON.parse(answer.text), { content: [{ type: "text", text: "hi" }], is_error: false })
    }
    const refused = await run(
      Effect.flip(host.ask((client) => client.tools.call({ payload: { name: "add", input: { a: 1 } } })))
    )
    const { details, error_code: code } = toJson(refused)
    assert.deepStrictEqual([code, refused.status.exit], ["INVALID_PARAMS", 2])
    const errors = [{ field: "b", type: "missing", message: "a value is required" }]
    assert.deepStrictEqual(details, { tool_name: "add", validation_errors: errors })
    const { servers } = await run(host.ask((client) => client.watching.metrics()))
    assert.strictEqual(servers["other"]?.calls, 2)
  })

  it("refuse what cannot be called with the code of the reason, and start nothing for it", async () => {
    await using host = await startControl({ servers: { fx: {} }, startsAll: false })
    const codes = []
    for (const body of [
      { name: "echo", server: "fx" },
      { name: "echo", server: "fy" },
      { name: "no_such_tool" },
      { name: 1 }
    ]) {
      const answer = await host.raw("POST", call, JSON.stringify(body))
      codes.push([answer.status, JSON.parse(answer.text).error_code])
    }
    assert.deepStrictEqual(codes, [
      [409, "SERVER_NOT_RUNNING"],
      [404, "SERVER_NOT_FOUND"],
      [404, "TOOL_NOT_FOUND"],
      [400, "INVALID_CONTROL_REQUEST"]
    ])
    const unknown = await host.raw("GET", "/v1/mcp/tools?server=fy")
    assert.strictEqual(unknown.status, 404)
    const [server] = await host.runtime.runPromise(host.ask((client) => client.servers.list()))
    assert.strictEqual(server?.state, "stopped")
  })

  it("have a call cancelled at its server when the client leaves", async () => {
    await using log = await startControl({ servers: {}, startsAll: false })
    const file = log.directory.file("fx.log")
    await using host = await startControl({ servers: { fx: { callDelay: 60_000, log: file } } })
    const asked = host.ask((client) =>
      client.tools.call({ payload: { name: "echo", server: "fx", input: { text: "x" } } })
    )
    const fiber = host.runtime.runFork(withCorrelationId("left-by-its-caller")(asked))
    const event = (name: string) =>
      waitFor(() => readFxMcpLog(file).find(({ event }) => event === name), { description: name })
    await event("call_start")
    await Effect.runPromise(Fiber.interrupt(fiber))
    await event("cancelled")
  })
})
