// The least that a proxy can do: `node floorProxy.mjs URL` hands every request on and pipes the answer back. Prints its own URL.
import { Agent, createServer, request } from "node:http"

const upstream = new URL(process.argv[2])
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

const server = createServer((incoming, outgoing) => {
  const { host: _host, connection: _connection, "content-length": _length, ...headers } = incoming.headers
  const parts = []
  incoming.on("data", (part) => parts.push(part))
  incoming.on("end", () => {
    const body = Buffer.concat(parts)
    const asked = request(
      {
        agent,
        host: upstream.hostname,
        port: upstream.port,
        method: incoming.method,
        path: incoming.url,
        headers: { ...headers, "content-length": body.length }
      },
      (answer) => {
        const { connection: _hop, "keep-alive": _alive, ...kept } = answer.headers
        outgoing.writeHead(answer.statusCode, kept)
        answer.pipe(outgoing)
      }
    )
    asked.on("error", () => {
      if (outgoing.headersSent) return outgoing.destroy()
      outgoing.writeHead(502).end()
    })
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) asked.destroy()
    })
    asked.end(body)
  })
})
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`)
})
