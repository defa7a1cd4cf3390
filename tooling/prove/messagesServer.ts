/**
 * The server as it is started for people, over servers of given names and an upstream of the Messages API that says
 * what it is given, byte for byte.
 */
import { loadConfig, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { SignalboxServer } from "@signalbox/server"
import { fxMcpCommand, tempDirectory } from "@signalbox/testing"
import { Effect, Layer } from "effect"
import { writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"

/** An answer of the API in its two forms. */
export interface Recorded {
  readonly whole: string
  readonly stream: string
}

/** Answers one after the other; the last one repeats. */
const startUpstream = async () => {
  const bodies: Array<unknown> = []
  let answers: ReadonlyArray<Recorded> = []
  const server = createServer(async (request, response) => {
    const body: unknown = await json(request)
    bodies.push(body)
    const [next, ...rest] = answers
    if (rest.length > 0) answers = rest
    const isStream = typeof body === "object" && body !== null && "stream" in body && body.stream === true
    response.setHeader("content-type", isStream ? "text/event-stream" : "application/json")
    response.end(isStream ? next?.stream : next?.whole)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo // It listens at a port.
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    use: (...next: ReadonlyArray<Recorded>) => {
      answers = next
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

const configuration = (upstream: string, servers: ReadonlyArray<string>) => ({
  extends: "preset:default@1",
  model: { provider: "claude", retry: { attempts: 1 }, breaker: { enabled: false } },
  providers: { claude: { apiKey: "env:FX_KEY", baseUrl: upstream } },
  server: { port: 0 },
  servers: Object.fromEntries(
    servers.map((name) => [name, { enabled: true, transport: "stdio", env: {}, ...fxMcpCommand({ tools: ["echo"] }) }])
  )
})

const disposed = <A extends AsyncDisposable>(make: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(make), (made) => Effect.promise(() => made[Symbol.asyncDispose]()))

/** Runs while the scope is open. */
export const startMessagesServer = Effect.fnUntraced(function* (servers: ReadonlyArray<string>) {
  const directory = yield* disposed(tempDirectory)
  const upstream = yield* disposed(startUpstream)
  // JSON is YAML.
  const text = JSON.stringify(configuration(upstream.url, servers))
  yield* Effect.promise(() => writeFile(`${directory.path}/signalbox.yaml`, text))
  const from = { file: undefined, directory: directory.path, environment: {}, flags: [], whenMissing: "fail" } as const
  const config = yield* Effect.provide(loadConfig(from), nodePlatform)
  const host = Host.layer({
    config,
    environment: { FX_KEY: "sk-upstream" },
    owner: undefined,
    cacheDirectory: undefined,
    cores: 2,
    startsAll: true
  })
  const layer = SignalboxServer.layer(config.options.server).pipe(Layer.provide(host), Layer.provide(nodePlatform))
  const context = yield* Effect.orDie(Layer.build(layer))
  const { url } = yield* Effect.provide(SignalboxServer, context)
  return { url, upstream }
}, Effect.orDie)

export type MessagesServer = Effect.Success<ReturnType<typeof startMessagesServer>>
