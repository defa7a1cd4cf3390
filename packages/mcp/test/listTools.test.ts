import { assert, describe, it } from "@effect/vitest"
import type { ToolList } from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Deferred, Effect, Stream } from "effect"
import { eventually, fx, fxHttp, httpServer, onNode, temporaryFolder, using } from "./fixture.ts"

const list = (flags: FxMcpFlags, check: (list: ToolList) => void) =>
  onNode(
    Effect.gen(function* () {
      const { url } = yield* fxHttp({ era: "2026", ...flags })
      for (const server of [fx({ era: "2025", ...flags }), httpServer(url)]) {
        yield* using(server, (client) => Effect.map(client.listTools, check))
      }
    })
  )

describe("a list of tools", () => {
  it.live("has titles, schemas and annotations as the server gave them", () =>
    list({ tools: "echo,add,write" }, ({ problems, tools }) => {
      assert.deepStrictEqual(problems, [])
      assert.deepStrictEqual(
        tools.map(({ name }) => name),
        ["echo", "add", "write"]
      )
      assert.isTrue(tools[0]?.annotations?.readOnlyHint)
      assert.isTrue(tools[2]?.annotations?.destructiveHint)
      assert.isDefined(tools[1]?.outputSchema)
    })
  )
  for (const pageSize of [100, 20]) {
    it.live(`in pages of ${pageSize} is read to its end`, () =>
      list({ tools: 250, pageSize }, ({ problems, tools }) => {
        assert.deepStrictEqual(problems, [])
        assert.strictEqual(tools.length, 250)
      })
    )
  }
  it.live("takes any object for a tool without input schema", () =>
    list({ tools: "echo", noInputSchema: true }, ({ problems, tools }) => {
      assert.deepStrictEqual(problems, [])
      assert.deepStrictEqual(tools.find(({ name }) => name === "no_input_schema")?.inputSchema, { type: "object" })
      assert.strictEqual(tools.length, 2)
    })
  )
  it.live("keeps the first of two tools with one name", () =>
    list({ tools: "echo,add", duplicateTools: true }, ({ problems, tools }) => {
      assert.strictEqual(tools.length, 2)
      assert.strictEqual(problems.length, 1)
      assert.include(problems[0]?.reason, "twice")
    })
  )
  it.live("keeps a tool with a broken output schema", () =>
    list({ tools: "echo", brokenOutputSchema: true }, ({ problems, tools }) => {
      assert.strictEqual(tools.length, 2)
      assert.deepStrictEqual(problems, [])
    })
  )
  it.live("with one cursor for ever ends", () =>
    list({ tools: 30, pageSize: 10, sameCursor: true }, ({ problems, tools }) => {
      assert.isAbove(tools.length, 9)
      assert.isAbove(problems.length, 0)
    })
  )
  it.live("with new cursors for ever ends", () =>
    list({ tools: 30, pageSize: 10, endlessCursors: true }, ({ problems, tools }) => {
      assert.isAbove(tools.length, 9)
      assert.isAbove(problems.length, 0)
    })
  )
})

describe("a change of the tools", () => {
  for (const era of ["2025", "2026"] as const) {
    const check = (server: Parameters<typeof using>[0], log: string) =>
      using(server, (client) =>
        Effect.gen(function* () {
          const changed = yield* Deferred.make<void>()
          yield* client.toolsChanged.pipe(
            Stream.runForEach(() => Deferred.succeed(changed, undefined)),
            Effect.forkScoped
          )
          if (era === "2026") {
            yield* eventually("a subscription", () =>
              readFxMcpLog(log).some(({ method }) => method === "subscriptions/listen")
            )
          }
          yield* client.callTool({ name: "add_tool", input: {} })
          yield* Deferred.await(changed)
          assert.include(
            (yield* client.listTools).tools.map(({ name }) => name),
            "added"
          )
        })
      )
    it.live(`is announced over stdio in ${era}`, () =>
      onNode(
        Effect.gen(function* () {
          const log = (yield* temporaryFolder).file("fx.log")
          yield* check(fx({ era, log }), log)
        })
      )
    )
    it.live(`is announced over HTTP in ${era}`, () =>
      onNode(
        Effect.gen(function* () {
          const log = (yield* temporaryFolder).file("fx.log")
          yield* check(httpServer((yield* fxHttp({ era, log })).url), log)
        })
      )
    )
  }
  it.live("ends to be announced with the connection", () =>
    onNode(
      using(fx({ crashAfter: 1 }), (client) =>
        Effect.gen(function* () {
          yield* Effect.ignore(client.callTool({ name: "echo", input: { text: "" } }))
          yield* Stream.runDrain(client.toolsChanged)
          assert.strictEqual((yield* client.closed)._tag, "ServerExited")
        })
      )
    )
  )
})
