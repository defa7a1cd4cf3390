import { assert, describe, it } from "@effect/vitest"
import type { McpClient, ServerOptions } from "@signalbox/mcp"
import { type FxMcpFlags, fxMcpCommand } from "@signalbox/testing"
import { Duration, Effect, Fiber } from "effect"
import { FetchHttpClient } from "effect/http"
import { callFaults, handshakeFaults, listFaults, type Row, type Way, ways } from "./faultTable.ts"
import { echo, fx, fxHttp, httpServer, onNode, sseServer, stdioServer, using, verdict } from "./fixture.ts"

const flagsOf: Readonly<Record<Way, FxMcpFlags>> = {
  "stdio 2025": { era: "2025" },
  "stdio 2026": { era: "2026" },
  "http 2025": { era: "2025" },
  "http 2026": { era: "2026" },
  "http json": { era: "2025", answers: "json" },
  sse: { era: "2025", legacySse: true }
}

const serverOf = (way: Way, flags: FxMcpFlags, limits: Partial<ServerOptions>) => {
  const all = { ...flagsOf[way], ...flags }
  const protocol = way === "stdio 2026" ? ({ ...limits, protocol: "2026-07-28" } as const) : limits
  if (way.startsWith("stdio")) return Effect.succeed(fx(all, protocol))
  return Effect.map(fxHttp(all), ({ url }) => (way === "sse" ? sseServer : httpServer)(url, limits))
}

/** Where something hangs, the limit is short. Closing is not part of the question. */
const limitsFor = (row: Row): Partial<ServerOptions> => ({
  shutdownTimeout: Duration.seconds(1),
  ...(row.first === "TOOL_CALL_TIMEOUT" ? { callTimeout: Duration.seconds(2) } : {}),
  ...(row.first === "SERVER_HANDSHAKE_TIMEOUT" ? { connectTimeout: Duration.millis(1500) } : {}),
  ...(row.first === "SERVER_REQUEST_TIMEOUT" ? { connectTimeout: Duration.seconds(3) } : {})
})

const table = (
  rows: ReadonlyArray<Row>,
  check: (row: Row, server: ServerOptions) => ReturnType<typeof using<void, unknown>>,
  mayHappen: (row: Row, way: Way) => boolean = () => true
) => {
  for (const way of ways) {
    // Most of the time is waiting, for processes and for time-outs.
    describe.concurrent(`over ${way}`, () => {
      for (const row of rows) {
        if (!(row.over ?? ways).includes(way) || !mayHappen(row, way)) continue
        it.live(`${row.fault}: ${row.first}, then ${row.next}`, () =>
          onNode(Effect.flatMap(serverOf(way, row.flags, limitsFor(row)), (server) => check(row, server)))
        )
      }
    })
  }
}

const expectNext = (client: McpClient, { next }: Row) =>
  Effect.map(verdict(client.callTool(echo)), (given) => assert.strictEqual(given, next))

describe("a fault of a call", () => {
  table(callFaults, (row, server) =>
    using(server, (client) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* verdict(client.callTool(echo)), row.first)
        yield* expectNext(client, row)
      })
    )
  )
})

const checkHandshake = (row: Row, server: ServerOptions) =>
  Effect.map(verdict(using(server, (client) => expectNext(client, row))), (given) =>
    assert.strictEqual(given, row.first)
  )

describe("a fault of the handshake", () => {
  // The version of the stateless revision is not chosen by the server.
  table(
    handshakeFaults,
    checkHandshake,
    ({ flags }, way) => flags.protocolVersion === undefined || !way.endsWith("2026")
  )
})

describe("a fault of the list", () => {
  table(listFaults, (row, server) =>
    using(server, (client) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* verdict(client.listTools), row.first)
        yield* expectNext(client, row)
      })
    )
  )
})

describe("a fault that needs more than one row", () => {
  for (const way of ways) {
    it.live(`over ${way}: structured content that breaks its schema is a warning`, () =>
      onNode(
        Effect.flatMap(serverOf(way, { fault: ["bad-structured@call:1"] }, {}), (server) =>
          using(server, (client) =>
            Effect.gen(function* () {
              yield* client.listTools
              const result = yield* client.callTool({ name: "add", input: { a: 1, b: 2 } })
              assert.strictEqual(result.warnings.length, 1)
            })
          )
        )
      )
    )
    it.live(`over ${way}: an unknown tool is rejected`, () =>
      onNode(
        Effect.flatMap(serverOf(way, {}, {}), (server) =>
          using(server, (client) =>
            Effect.gen(function* () {
              assert.strictEqual(yield* verdict(client.callTool({ name: "nothing", input: {} })), "TOOL_CALL_REJECTED")
            })
          )
        )
      )
    )
    it.live(`over ${way}: a call without an answer does not disturb another`, () =>
      onNode(
        Effect.flatMap(serverOf(way, { fault: ["never@call:sleep"] }, {}), (server) =>
          using(server, (client) =>
            Effect.gen(function* () {
              const hanging = yield* Effect.forkChild(client.callTool({ name: "sleep", input: { milliseconds: 1 } }))
              assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
              yield* Fiber.interrupt(hanging)
            })
          )
        )
      )
    )
    it.live(`over ${way}: a busy server is not a dead one`, () =>
      onNode(
        Effect.flatMap(serverOf(way, {}, {}), (server) =>
          using(server, (client) =>
            Effect.gen(function* () {
              const busy = yield* Effect.forkChild(client.callTool({ name: "busy", input: { milliseconds: 300 } }), {
                startImmediately: true
              })
              assert.strictEqual(yield* verdict(client.ping), "ok")
              yield* Fiber.join(busy)
            })
          )
        )
      )
    )
  }

  it.live("a shell that ignores the end of input takes its server along", () => {
    const { args, command } = fxMcpCommand({ ignoreEof: true })
    const line = [command, ...args].map((word) => `'${word}'`).join(" ")
    return onNode(
      using(stdioServer({ command: "sh", args: ["-c", `${line}; true`] }), (client) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
        })
      )
    )
  })

  const restarted: ReadonlyArray<readonly [Way, next: string]> = [
    ["http 2025", "SERVER_SESSION_EXPIRED"],
    ["http 2026", "ok"]
  ]
  for (const [way, next] of restarted) {
    it.live(`over ${way}: a server that was restarted on its port gives ${next}`, () =>
      onNode(
        Effect.gen(function* () {
          const first = yield* fxHttp(flagsOf[way])
          yield* using(httpServer(first.url), (client) =>
            Effect.gen(function* () {
              assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
              yield* Effect.promise(() => first.close())
              assert.strictEqual(yield* verdict(client.callTool(echo)), "SERVER_UNREACHABLE")
              yield* fxHttp({ ...flagsOf[way], http: Number(new URL(first.url).port) })
              assert.strictEqual(yield* verdict(client.callTool(echo)), next)
            })
          )
        })
      )
    )
  }

  for (const [code, expected] of [
    ["ENOTFOUND", "SERVER_UNREACHABLE"],
    ["EAI_AGAIN", "SERVER_UNREACHABLE"],
    ["ECONNRESET", "SERVER_BAD_GATEWAY"]
  ] as const) {
    it.live(`a connection that fails with ${code}: ${expected}`, () =>
      onNode(
        Effect.gen(function* () {
          const cause = Object.assign(new Error(`${code} nowhere.invalid`), { code })
          const failing = () => Promise.reject(new TypeError("fetch failed", { cause }))
          for (const make of [httpServer, sseServer]) {
            const connected = using(make("http://nowhere.invalid/mcp"), () => Effect.void)
            assert.strictEqual(
              yield* verdict(Effect.provideService(connected, FetchHttpClient.Fetch, failing)),
              expected
            )
          }
        })
      )
    )
  }
})
