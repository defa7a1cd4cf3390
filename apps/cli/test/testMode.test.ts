import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog } from "@signalbox/testing"
import { afterAll, beforeAll } from "vitest"
import { makePlace, type Place } from "./support.ts"

let place: Place

beforeAll(async () => {
  place = await makePlace()
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

const starts = (file: string) => readFxMcpLog(place.file(file)).filter(({ event }) => event === "start").length

describe("the variables for tests", () => {
  it("put stand-ins in the place of servers, which need neither programs nor credentials", async () => {
    const gone = { enabled: true, transport: "stdio", command: "no-such-command", args: [] }
    place.configure({
      servers: {
        files: { ...gone, env: { TOKEN: "env:NO_SUCH_TOKEN" } },
        web: { enabled: true, transport: "http", url: "https://mcp.example.invalid/mcp", headers: {} }
      }
    })
    const env = { MCP_ENABLE_MOCKS: "true" }
    const listed = await place.run(["tools", "list", "--json"], { env })
    assert.strictEqual(listed.code, 0, listed.stderr)
    assert.sameMembers(
      listed.json().data.map(({ name }: { readonly name: string }) => name),
      ["files", "web"].flatMap((server) =>
        ["get_server_status", "fetch_mock_data", "execute_mock_action"].map((tool) => `${server}__${tool}`)
      )
    )
    const called = await place.run(["tools", "call", "files", "fetch_mock_data", "data_id=a", "--json"], { env })
    assert.deepStrictEqual(called.json().data, { id: "a", content: "Mock data for a" })
  })

  it("give every server one connection, whatever the configuration says", async () => {
    const sessions = { affinity: "call", max: 4 }
    place.configure({ servers: { fx: { ...place.server({ log: place.file("single.log") }), sessions } } })
    const env = { MCP_SINGLE_CONNECTION: "true" }
    const called = await place.run(["tools", "call", "fx", "echo", "text=hello"], { env })
    assert.strictEqual(called.code, 0, called.stderr)
    assert.strictEqual(starts("single.log"), 1)
  })
})

describe("a server that lacks a variable", () => {
  it("is told of with the place that asks for it, and the others work", async () => {
    place.configure({
      servers: { good: place.server(), lacking: { ...place.server(), env: { KEY: "env:NO_SUCH_KEY" } } }
    })
    const [listed, good, lacking] = await Promise.all([
      place.run(["tools", "list", "--json"]),
      place.run(["tools", "call", "good", "echo", "text=hello"]),
      place.run(["tools", "call", "lacking", "echo", "text=hello"])
    ])
    assert.strictEqual(listed.code, 3, listed.stderr)
    assert.isNotEmpty(listed.json().data)
    assert.deepStrictEqual([good.code, good.stdout], [0, "hello\n"])
    assert.strictEqual(lacking.code, 78)
    assert.match(lacking.stderr, /\[SERVER_INCOMPLETE\] .*:\d+ servers\.lacking\.env\.KEY: .* NO_SUCH_KEY is not set/)
  })
})

describe("a call on a connection of its own", () => {
  it("starts the server once more for it, each time", async () => {
    place.configure({ servers: { fx: place.server({ log: place.file("direct.log") }) } })
    for (const expected of [2, 4]) {
      const called = await place.run(["tools", "call", "--direct", "fx", "echo", "text=hello"])
      assert.strictEqual(called.code, 0, called.stderr)
      assert.strictEqual(called.stdout, "hello\n")
      assert.strictEqual(starts("direct.log"), expected)
    }
  })
})
