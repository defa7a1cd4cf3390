/**
 * The server as it is started for people, over servers of given names and an upstream of the Messages API that says
 * what it is given, byte for byte.
 */
import { fxMcpCommand } from "@signalbox/testing"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"
import { disposed, startHostServer } from "./hostServer.ts"

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
  model: { provider: "claude", retry: { attempts: 1 }, breaker: { enabled: false } },
  providers: { claude: { apiKey: "env:FX_KEY", baseUrl: upstream } },
  servers: Object.fromEntries(
    servers.map((name) => [name, { enabled: true, transport: "stdio", env: {}, ...fxMcpCommand({ tools: ["echo"] }) }])
  )
})

/** Runs while the scope is open. */
export const startMessagesServer = Effect.fnUntraced(function* (servers: ReadonlyArray<string>) {
  const upstream = yield* disposed(startUpstream)
  const { url } = yield* startHostServer(configuration(upstream.url, servers))
  return { url, upstream }
})

export type MessagesServer = Effect.Success<ReturnType<typeof startMessagesServer>>
