/**
 * The world outside, as agents see it: a proxy that lets nothing through and writes down who was wanted. Loopback is
 * reached without it.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** A running proxy. */
export interface Outside extends AsyncDisposable {
  /** Live list of the places that were asked for. */
  readonly wanted: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string>>
}

/** Starts the proxy. */
export const startOutside = async (): Promise<Outside> => {
  const wanted: Array<string> = []
  const server = createServer((request, response) => {
    wanted.push(`${request.method} ${request.url}`)
    response.writeHead(403).end()
  })
  server.on("connect", (request, socket) => {
    wanted.push(request.url ?? "")
    socket.on("error", () => {})
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  // A listening TCP server has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const names = { HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, NO_PROXY: "127.0.0.1,localhost,::1" }
  return {
    wanted,
    // Some programs read one spelling, some the other.
    environment: Object.fromEntries(
      Object.entries(names).flatMap(([name, value]) => [
        [name, value],
        [name.toLowerCase(), value]
      ])
    ),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
