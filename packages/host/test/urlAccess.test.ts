import { assert, layer } from "@effect/vitest"
import { UrlAccess } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const rules = {
  ports: "standard" as const,
  allowHosts: [],
  denyHosts: ["denied.test"],
  allowAddresses: ["10.1.0.0/16"]
}

/** Answers with the host that was asked for; below /away with a redirect. */
const startPage = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer((request, response) => {
      if (request.url === "/away") response.writeHead(307, { location: "http://10.0.0.1/" }).end()
      else response.end(request.headers.host)
    })
    server.listen(0, "127.0.0.1", () => {
      // It has an address from now on, and no pipe.
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ port, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

layer(nodePlatform)("the way to addresses that others choose", (it) => {
  it.effect("is open to those that the rules allow", () =>
    Effect.gen(function* () {
      const { check } = yield* UrlAccess
      assert.strictEqual((yield* check("http://10.1.2.3/mcp", rules)).address, "10.1.2.3")
      const reasons = yield* Effect.forEach(
        ["http://10.2.0.1/", "http://denied.test/", "http://10.1.2.3:81/", "ftp://10.1.2.3/"],
        (url) => Effect.map(Effect.flip(check(url, rules)), ({ reason }) => reason)
      )
      assert.deepStrictEqual(reasons, [
        "10.2.0.1 is an address of this machine or of a private network",
        "denied.test is not allowed",
        "port 81 is not allowed",
        "only http and https are fetched"
      ])
    })
  )

  it.effect("leads to the address that was checked, whatever the name stands for, and nowhere else", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { fetchTo } = yield* UrlAccess
        const { port } = yield* startPage
        const url = new URL(`http://nowhere.invalid:${port}/mcp`)
        const fetch = yield* fetchTo({ url, address: "127.0.0.1" })
        const page = yield* Effect.promise(() => fetch(url).then((response) => response.text()))
        assert.strictEqual(page, `nowhere.invalid:${port}`)
        const away = yield* Effect.promise(() => fetch(new URL("/away", url), { redirect: "follow" }))
        assert.deepStrictEqual([away.status, away.headers.get("location")], [307, "http://10.0.0.1/"])
        yield* Effect.promise(() => away.arrayBuffer())
        const other = yield* Effect.flip(Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/mcp`)))
        assert.include(String(other.cause), "another address than the one that was checked")
      })
    )
  )
})
