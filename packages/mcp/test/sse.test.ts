import { assert, describe, it } from "@effect/vitest"
import { connect, type McpClient, type ServerOptions } from "@signalbox/mcp"
import { readFxMcpLog } from "@signalbox/testing"
import { Deferred, Effect, Redacted, Stream } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { echo, eventually, fxHttp, httpServer, onNode, sseServer, temporaryFolder, using, verdict } from "./fixture.ts"

/** A server of a few lines, for what fx-mcp does not do. */
const serve = (listener: RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer(listener).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    // A listening TCP server has an address with a port.
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

const works = (client: McpClient) =>
  Effect.gen(function* () {
    assert.strictEqual(client.identity.era, "legacy")
    yield* client.ping
    assert.isAbove((yield* client.listTools).tools.length, 5)
    assert.deepStrictEqual((yield* client.callTool(echo)).content, [{ type: "text", text: "hello" }])
  })

describe("the transport before Streamable HTTP", () => {
  const ways: ReadonlyArray<readonly [string, (url: string) => ServerOptions]> = [
    ["is spoken where it is asked for", (url) => sseServer(url)],
    ["is fallen back to by auto", (url) => httpServer(url)],
    ["is fallen back to by legacy", (url) => httpServer(url, { protocol: "legacy" })]
  ]
  for (const [title, make] of ways) {
    it.live(title, () =>
      onNode(
        Effect.gen(function* () {
          const { url } = yield* fxHttp({ legacySse: true, protocolVersion: "2024-11-05" })
          yield* using(make(url), works)
        })
      )
    )
  }

  it.live("is not fallen back to where the newest revision is asked for", () =>
    onNode(
      Effect.gen(function* () {
        const log = (yield* temporaryFolder).file("fx.log")
        const { url } = yield* fxHttp({ legacySse: true, log })
        const code = yield* verdict(using(httpServer(url, { protocol: "2026-07-28" }), () => Effect.void))
        assert.notStrictEqual(code, "ok")
        assert.isFalse(readFxMcpLog(log).some(({ event }) => event === "session"))
      })
    )
  )

  it.live("is tried once, and the first refusal is what is reported", () =>
    onNode(
      Effect.gen(function* () {
        const methods: Array<string> = []
        const url = yield* serve((incoming, response) => {
          methods.push(incoming.method ?? "")
          response.writeHead(incoming.method === "GET" ? 403 : 405).end(incoming.method)
        })
        const error = yield* connect(httpServer(url)).pipe(Effect.scoped, Effect.flip)
        assert.strictEqual(error._tag === "ServerHttpStatus" && error.httpStatus, 405)
        assert.strictEqual(methods.filter((method) => method === "GET").length, 1)
      })
    )
  )

  it.live("carries the headers of its configuration with each request", () =>
    onNode(
      Effect.gen(function* () {
        const log = (yield* temporaryFolder).file("fx.log")
        const { url } = yield* fxHttp({ legacySse: true, log })
        const headers = { authorization: Redacted.make("Bearer secret") }
        yield* using(sseServer(url, { endpoint: { transport: "sse", url, headers } }), works)
        const requests = readFxMcpLog(log).filter(({ event }) => event === "request")
        assert.isAbove(requests.length, 3)
        for (const request of requests) assert.strictEqual(request.headers?.["authorization"], "Bearer secret")
      })
    )
  )

  it.live("sends nothing to another origin that the stream names", () =>
    onNode(
      Effect.gen(function* () {
        const seen: Array<string> = []
        const elsewhere = yield* serve((incoming, response) => {
          seen.push(incoming.url ?? "")
          response.end()
        })
        const url = yield* serve((_, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.write(`event: endpoint\ndata: ${elsewhere}/messages\n\n`)
        })
        const code = yield* verdict(using(sseServer(url), () => Effect.void))
        assert.strictEqual(code, "SERVER_REDIRECT_REFUSED")
        assert.deepStrictEqual(seen, [])
      })
    )
  )

  it.live("follows redirects within the origin", () =>
    onNode(
      Effect.gen(function* () {
        const url = yield* serve((incoming, response) => {
          if (incoming.url === "/sse") return void response.writeHead(307, { location: "/sse/" }).end()
          response.writeHead(418).end()
        })
        const error = yield* connect(sseServer(`${url}/sse`)).pipe(Effect.scoped, Effect.flip)
        assert.strictEqual(error._tag === "ServerHttpStatus" && error.httpStatus, 418)
      })
    )
  )

  const streams: ReadonlyArray<readonly [string, RequestListener, string]> = [
    ["a web page", (_, response) => void response.end("<p>Sign in</p>"), "SERVER_BAD_GATEWAY"],
    [
      "a stream that ends before it names an address",
      (_, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(": nothing\n\n"),
      "SERVER_BAD_GATEWAY"
    ],
    [
      "a stream with an address that is none",
      (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" })
        response.write("event: endpoint\ndata: http://[\n\n")
      },
      "SERVER_BAD_GATEWAY"
    ]
  ]
  for (const [title, listener, expected] of streams) {
    it.live(`meets ${title}: ${expected}`, () =>
      onNode(
        Effect.gen(function* () {
          const url = yield* serve(listener)
          assert.strictEqual(yield* verdict(using(sseServer(url), () => Effect.void)), expected)
        })
      )
    )
  }

  it.live("ends its stream with the scope", () =>
    onNode(
      Effect.gen(function* () {
        const log = (yield* temporaryFolder).file("fx.log")
        const { url } = yield* fxHttp({ legacySse: true, log })
        yield* using(sseServer(url), works)
        yield* eventually("the end of the stream", () =>
          readFxMcpLog(log).some(({ event }) => event === "disconnected")
        )
      })
    )
  )

  it.live("loses the connection with its stream, and says so", () =>
    onNode(
      Effect.gen(function* () {
        const { url } = yield* fxHttp({ legacySse: true, fault: ["sse-breaks@call:1"] })
        yield* using(sseServer(url), (client) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(client.callTool(echo))
            assert.strictEqual(error._tag, "ToolOutcomeUnknown")
            assert.strictEqual((yield* client.closed)._tag, "StreamLost")
          })
        )
      })
    )
  )

  it.live("hears of changes of the tools", () =>
    onNode(
      Effect.gen(function* () {
        const { url } = yield* fxHttp({ legacySse: true })
        yield* using(sseServer(url), (client) =>
          Effect.gen(function* () {
            const changed = yield* Deferred.make<void>()
            yield* client.toolsChanged.pipe(
              Stream.runForEach(() => Deferred.succeed(changed, undefined)),
              Effect.forkScoped
            )
            yield* client.callTool({ name: "add_tool", input: {} })
            yield* Deferred.await(changed)
          })
        )
      })
    )
  )
})
