import { assert, describe, it } from "@effect/vitest"
import { type McpClient, RequestRejected } from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Effect, Fiber, Stream } from "effect"
import { eventually, onNode, reached, temporaryFolder, using, verdict, type Way, ways } from "./fixture.ts"

const through = (
  way: Way,
  use: (client: McpClient, log: string) => Effect.Effect<void, unknown>,
  flags: FxMcpFlags = {}
) =>
  onNode(
    Effect.gen(function* () {
      const log = (yield* temporaryFolder).file("fx.log")
      yield* using(yield* reached(way, { ...flags, log }), (client) => use(client, log))
    })
  )

const requests = (log: string, method: string) =>
  readFxMcpLog(log).filter((event) => event.event === "request" && event.method === method).length

for (const way of ways) {
  const isModern = way.endsWith("2026")

  describe.concurrent(`beside tools, over ${way}`, () => {
    it.live("prompts are listed and filled in", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* client.prompts.list, {
            items: [
              {
                name: "greet",
                description: "Greets someone.",
                arguments: [{ name: "name", isRequired: true }]
              }
            ],
            problems: []
          })
          const { messages } = yield* client.prompts.get({ name: "greet", arguments: { name: "Ada" } })
          assert.deepStrictEqual(messages, [{ role: "user", content: { type: "text", text: "Say hello to Ada." } }])
          const error = yield* Effect.flip(client.prompts.get({ name: "insult" }))
          assert.instanceOf(error, RequestRejected)
          assert.strictEqual(error.rpcCode, -32602)
        })
      )
    )
    it.live("resources and their templates are listed and read", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const resources = yield* client.resources.list
          assert.deepStrictEqual(resources.items, [{ uri: "fx://status", name: "status", mimeType: "text/plain" }])
          const templates = yield* client.resources.templates
          assert.deepStrictEqual(templates.items, [
            { uriTemplate: "fx://item/{id}", name: "item", mimeType: "text/plain" }
          ])
          assert.deepStrictEqual(yield* client.resources.read({ uri: "fx://item/7" }), [
            { uri: "fx://item/7", mimeType: "text/plain", text: "item 7" }
          ])
          assert.strictEqual(yield* verdict(client.resources.read({ uri: "fx://none" })), "SERVER_REQUEST_REJECTED")
        })
      )
    )
    it.live("every list is read to its end, page by page, and no further than 64 of them", () =>
      through(
        way,
        (client) =>
          Effect.gen(function* () {
            for (const list of [client.prompts.list, client.resources.list, client.resources.templates]) {
              const { items, problems } = yield* list
              assert.strictEqual(items.length, 250)
              assert.deepStrictEqual(problems, [])
            }
          }),
        { items: 250, pageSize: 100 }
      ).pipe(
        Effect.andThen(
          through(
            way,
            (client, log) =>
              Effect.gen(function* () {
                const { items, problems } = yield* client.prompts.list
                assert.strictEqual(items.length, 3)
                assert.strictEqual(problems.length, 1)
                assert.strictEqual(requests(log, "prompts/list"), 64)
              }),
            { items: 3, pageSize: 2, endlessCursors: true }
          )
        )
      )
    )
    it.live("a server with tools alone has empty lists, and is not asked", () =>
      through(
        way,
        (client, log) =>
          Effect.gen(function* () {
            for (const list of [client.prompts.list, client.resources.list, client.resources.templates]) {
              assert.deepStrictEqual(yield* list, { items: [], problems: [] })
            }
            assert.strictEqual(requests(log, "prompts/list"), 0)
            assert.strictEqual(yield* verdict(client.prompts.get({ name: "greet" })), "SERVER_REQUEST_REJECTED")
          }),
        { onlyTools: true }
      )
    )
    it.live("arguments are completed", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const expected = { values: ["one", "two"], total: 2, hasMore: false }
          const argument = { argument: "name", value: "o" }
          assert.deepStrictEqual(yield* client.complete({ of: { prompt: "greet" }, ...argument }), expected)
          const of = { uriTemplate: "fx://item/{id}" }
          assert.deepStrictEqual(yield* client.complete({ of, ...argument, settled: { id: "1" } }), expected)
        })
      )
    )
    it.live("a change of the prompts and of the resources is announced", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const changes = yield* Effect.forkChild(
            Effect.all([Stream.runHead(client.prompts.changed), Stream.runHead(client.resources.changed)], {
              concurrency: "unbounded"
            })
          )
          if (isModern) yield* eventually("a subscription", () => requests(log, "subscriptions/listen") > 0)
          yield* client.callTool({ name: "touch", input: {} })
          yield* Fiber.join(changes)
        })
      )
    )
    it.live("a resource is subscribed to while somebody listens, and no longer", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const uri = "fx://item"
          const listening = yield* Effect.forkChild(
            Effect.all(
              [1, 2].map(() => Stream.runCollect(Stream.take(client.resources.updates(uri), 1))),
              { concurrency: "unbounded" }
            )
          )
          const method = isModern ? "subscriptions/listen" : "resources/subscribe"
          // In the newest era one more subscription is for the lists.
          yield* eventually("the subscription", () => requests(log, method) >= (isModern ? 3 : 1))
          yield* client.callTool({ name: "touch", input: { uri: "fx://items" } })
          yield* client.callTool({ name: "touch", input: { uri } })
          assert.deepStrictEqual(yield* Fiber.join(listening), [[uri], [uri]])
          if (isModern) return
          yield* eventually("the end of the subscription", () => requests(log, "resources/unsubscribe") === 1)
          assert.strictEqual(requests(log, "resources/subscribe"), 1)
        })
      )
    )
    it.live("log messages are as many as were asked for", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          yield* client.setLogLevel("debug")
          const first = yield* Effect.forkChild(Stream.runHead(client.logMessages), { startImmediately: true })
          yield* client.callTool({ name: "log", input: { text: "hello" } })
          assert.strictEqual((yield* Fiber.join(first))._tag, "Some")
        })
      )
    )
  })
}

describe("a list that may be kept", () => {
  for (const way of ["stdio 2026", "HTTP 2026"] as const) {
    it.live(`is read again over ${way} when it has changed, and not before`, () =>
      through(
        way,
        (client, log) =>
          Effect.gen(function* () {
            yield* eventually("a subscription", () => requests(log, "subscriptions/listen") > 0)
            for (let index = 0; index < 3; index++) {
              yield* client.listTools
              yield* client.prompts.list
              yield* client.resources.list
            }
            for (const method of ["tools/list", "prompts/list", "resources/list"]) {
              assert.strictEqual(requests(log, method), 1)
            }
            const changed = yield* Effect.forkChild(Stream.runHead(client.toolsChanged))
            yield* client.callTool({ name: "add_tool", input: {} })
            yield* Fiber.join(changed)
            const { tools } = yield* client.listTools
            assert.include(
              tools.map(({ name }) => name),
              "added"
            )
            yield* client.prompts.list
            assert.strictEqual(requests(log, "tools/list"), 2)
            assert.strictEqual(requests(log, "prompts/list"), 1)
          }),
        { ttl: 600_000 }
      )
    )
    it.live(`for no time at all is read each time over ${way}`, () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          yield* client.listTools
          yield* client.listTools
          assert.strictEqual(requests(log, "tools/list"), 2)
        })
      )
    )
  }
})
