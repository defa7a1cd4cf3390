import { assert, describe, it } from "@effect/vitest"
import { nodePlatform } from "@signalbox/host/node"
import { askFor } from "@signalbox/model/testing"
import { makeOpenAi, openAiDefaults } from "@signalbox/provider-openai"
import { startFxLlm } from "@signalbox/testing"
import { Effect, Redacted, Stream } from "effect"
import { createServer, request as forward } from "node:http"
import { type AddressInfo, connect } from "node:net"

const variables = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"]

/** The variables of this process that a program would start with; those of the machine are put back. */
const withVariables = (given: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = variables.map((name) => [name, process.env[name]] as const)
      for (const name of variables) delete process.env[name]
      Object.assign(process.env, given)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

/** A proxy on loopback, and what it was asked for. Tunnels to names that end in `.test` are refused. */
const startProxy = Effect.acquireRelease(
  Effect.promise(async () => {
    const asked: Array<string> = []
    const server = createServer((incoming, response) => {
      asked.push(`${incoming.method} ${incoming.url}`)
      const { headers, method } = incoming
      const onward = forward(incoming.url ?? "", { headers, method: method ?? "GET" }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      incoming.pipe(onward)
    })
    server.on("connect", (incoming, socket) => {
      asked.push(`CONNECT ${incoming.url}`)
      const [host = "", port = ""] = (incoming.url ?? "").split(":")
      if (host.endsWith(".test")) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n")
      const target = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
        target.pipe(socket)
        socket.pipe(target)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo
    return { asked, server, url: `http://127.0.0.1:${port}` }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
)

const startUpstream = Effect.acquireRelease(
  Effect.promise(() => startFxLlm({ script: { text: "hi" } })),
  (upstream) => Effect.promise(() => upstream.close())
)

const modelAt = (baseUrl: string) =>
  makeOpenAi({ ...openAiDefaults, baseUrl, apiKey: Redacted.make("sk-test"), defaultModel: "m" })

describe("The HTTP client of a host", () => {
  it.live("uses one or two connections for a hundred requests to a provider, streamed and whole", () =>
    Effect.gen(function* () {
      yield* withVariables({})
      const upstream = yield* startUpstream
      yield* Effect.gen(function* () {
        const model = yield* modelAt(`${upstream.url}/v1`)
        for (let round = 0; round < 50; round++) {
          yield* model.generate(askFor())
          yield* Stream.runDrain(model.stream(askFor()))
        }
      }).pipe(Effect.provide(nodePlatform))
      assert.strictEqual(upstream.requests.length, 100)
      assert.isAtMost(upstream.connections, 2)
    })
  )

  it.live("asks the proxy of HTTPS_PROXY for a tunnel, and says so when it gets none", () =>
    Effect.gen(function* () {
      const proxy = yield* startProxy
      yield* withVariables({ HTTPS_PROXY: proxy.url })
      const error = yield* Effect.gen(function* () {
        const model = yield* modelAt("https://provider.test/v1")
        return yield* Effect.flip(model.generate(askFor()))
      }).pipe(Effect.provide(nodePlatform))
      assert.strictEqual(error._tag, "ProviderUnreachable")
      assert.deepStrictEqual(proxy.asked, ["CONNECT provider.test:443"])
    })
  )

  it.live("reaches providers through the proxy of HTTP_PROXY, streamed and whole", () =>
    Effect.gen(function* () {
      const proxy = yield* startProxy
      const upstream = yield* startUpstream
      yield* withVariables({ HTTP_PROXY: proxy.url })
      yield* Effect.gen(function* () {
        const model = yield* modelAt(`${upstream.url}/v1`)
        yield* model.generate(askFor())
        yield* Stream.runDrain(model.stream(askFor()))
      }).pipe(Effect.provide(nodePlatform))
      assert.strictEqual(upstream.requests.length, 2)
      assert.isAtLeast(proxy.asked.length, 1)
      for (const asked of proxy.asked) assert.include(asked, new URL(upstream.url).host)
    })
  )

  it.live("goes past the proxy to hosts that NO_PROXY names", () =>
    Effect.gen(function* () {
      const proxy = yield* startProxy
      const upstream = yield* startUpstream
      yield* withVariables({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: "example.com, 127.0.0.1" })
      yield* Effect.gen(function* () {
        yield* (yield* modelAt(`${upstream.url}/v1`)).generate(askFor())
      }).pipe(Effect.provide(nodePlatform))
      assert.strictEqual(upstream.requests.length, 1)
      assert.deepStrictEqual(proxy.asked, [])
    })
  )
})
