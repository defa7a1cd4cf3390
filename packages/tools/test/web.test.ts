import { assert, describe, it } from "@effect/vitest"
import { type SearchEngine, SearchProvider, searxng, brave, SearchFault, WebAccess } from "@signalbox/tools"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { createServer, type RequestListener, type Server } from "node:http"
import { type Changes, codeOf, makeBench, node } from "./support.ts"

/** A server on loopback, and its port. */
const serve = (listener: RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<Server>((resolve) => {
            const server = createServer(listener)
            server.listen(0, "127.0.0.1", () => resolve(server))
          })
      ),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    ),
    (server) => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    }
  )

/** What is allowed beyond the public web, for servers of the test. */
const reaching =
  (ports: ReadonlyArray<number>, addresses: ReadonlyArray<string> = ["127.0.0.1"]): Changes =>
  (options) => ({ ...options, urls: { ...options.urls, ports, allowAddresses: addresses, timeout: "20 seconds" } })

const page = `<!doctype html><html><head><title>T</title><style>p{}</style></head><body><script>alert(1)</script>
<h1>Head</h1><p>Some <b>bold</b> text &amp; <a href="/more">more</a>.</p></body></html>`

describe("WebFetch", () => {
  it.live("shows a page as Markdown, with complete links", () =>
    Effect.gen(function* () {
      const port = yield* serve((_, response) => {
        response.setHeader("content-type", "text/html; charset=utf-8").end(page)
      })
      const { text } = yield* makeBench(reaching([port]))
      const shown = yield* text("WebFetch", { url: `http://127.0.0.1:${port}/`, prompt: "what is it?" })
      assert.include(shown, "# Head")
      assert.include(shown, `Some **bold** text & [more](http://127.0.0.1:${port}/more).`)
      assert.notInclude(shown, "alert")
    })
  )

  it.live("goes on where it was cut", () =>
    Effect.gen(function* () {
      const port = yield* serve((_, response) => response.setHeader("content-type", "text/plain").end("0123456789"))
      const { text } = yield* makeBench(reaching([port]))
      const url = `http://127.0.0.1:${port}/`
      assert.strictEqual(
        yield* text("WebFetch", { url, max_length: 4 }),
        "0123\n[There is more. Continue with offset 4.]"
      )
      assert.strictEqual(yield* text("WebFetch", { url, offset: 8 }), "89")
    })
  )

  it.live("reads in the encoding that the page names", () =>
    Effect.gen(function* () {
      const port = yield* serve((_, response) =>
        response.setHeader("content-type", "text/plain; charset=iso-8859-1").end(Buffer.from([0xe4]))
      )
      const { text } = yield* makeBench(reaching([port]))
      assert.strictEqual(yield* text("WebFetch", { url: `http://127.0.0.1:${port}/` }), "ä")
    })
  )

  it.live("stops at the limit of size, and closes the connection", () =>
    Effect.gen(function* () {
      let sent = 0
      const closed = Promise.withResolvers<void>()
      const port = yield* serve((_, response) => {
        response.setHeader("content-type", "text/plain")
        const chunk = Buffer.alloc(64 * 1024, "x")
        const more = () => {
          while (sent < 200e6 && !response.destroyed) {
            sent += chunk.length
            if (!response.write(chunk)) return
          }
        }
        response.on("drain", more)
        response.on("close", () => closed.resolve())
        more()
      })
      const { text } = yield* makeBench(reaching([port]))
      const shown = yield* text("WebFetch", { url: `http://127.0.0.1:${port}/` })
      assert.include(shown, "[Only the first 5242880 bytes were read.]")
      yield* Effect.promise(() => closed.promise)
      assert.isBelow(sent, 100e6)
    })
  )

  it.live("refuses what is no text, packed, or failed", () =>
    Effect.gen(function* () {
      const port = yield* serve((request, response) => {
        if (request.url === "/png") response.setHeader("content-type", "image/png").end("x")
        else if (request.url === "/gzip")
          response.setHeader("content-encoding", "gzip").setHeader("content-type", "text/plain").end("x")
        else response.writeHead(500).end()
      })
      const { call } = yield* makeBench(reaching([port]))
      for (const path of ["png", "gzip", "500"])
        assert.strictEqual(codeOf(yield* call("WebFetch", { url: `http://127.0.0.1:${port}/${path}` })), "FETCH_FAILED")
    })
  )

  it.live("ends after so many redirects", () =>
    Effect.gen(function* () {
      const port = yield* serve((_, response) => response.writeHead(302, { location: "/again" }).end())
      const { text } = yield* makeBench(reaching([port]))
      assert.include(yield* text("WebFetch", { url: `http://127.0.0.1:${port}/` }), "redirected more than 5 times")
    })
  )

  it.live("gives up a page that does not come", () =>
    Effect.gen(function* () {
      const port = yield* serve((_, response) => response.writeHead(200, { "content-type": "text/plain" }).write("x"))
      const { text } = yield* makeBench((options) => {
        const changed = reaching([port])(options)
        return { ...changed, urls: { ...changed.urls, timeout: "300 millis" } }
      })
      assert.include(yield* text("WebFetch", { url: `http://127.0.0.1:${port}/` }), "did not answer within 300ms")
    })
  )
})

describe("a redirect", () => {
  it.live("is judged like any other address", () =>
    Effect.gen(function* () {
      let hits = 0
      const inner = yield* serve((_, response) => {
        hits++
        response.end("secret")
      })
      const targets = [
        `http://127.0.0.2:${inner}/`,
        `http://[::1]:${inner}/`,
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//10.0.0.1/",
        "http://user@127.0.0.1/"
      ]
      const outer = yield* serve((request, response) =>
        response.writeHead(302, { location: targets[Number(request.url?.slice(1))] ?? "" }).end()
      )
      const { call } = yield* makeBench(reaching([outer, inner, 80]))
      for (const index of targets.keys()) {
        const result = yield* call("WebFetch", { url: `http://127.0.0.1:${outer}/${index}` })
        assert.strictEqual(codeOf(result), "URL_REFUSED", targets[index])
      }
      assert.strictEqual(hits, 0)
    })
  )
})

describe("a name", () => {
  it.live("is connected to by the address that was judged, whatever it stands for a moment later", () =>
    Effect.gen(function* () {
      const hosts: Array<string | undefined> = []
      const good = yield* serve((request, response) => {
        hosts.push(request.headers.host)
        response.setHeader("content-type", "text/plain").end("public")
      })
      let asked = 0
      const answers = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], []]
      const real = yield* WebAccess
      const bench = yield* makeBench(reaching([good]), {
        ...real,
        resolve: () => Effect.sync(() => answers[asked++] ?? [])
      })
      const url = `http://rebinding.example:${good}/`
      assert.strictEqual(yield* bench.text("WebFetch", { url }), "public")
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(hosts, [`rebinding.example:${good}`])
      for (let time = 0; time < 3; time++)
        assert.strictEqual(codeOf(yield* bench.call("WebFetch", { url })), "URL_REFUSED")
      assert.lengthOf(hosts, 1)
    }).pipe(Effect.provide(node))
  )
})

const engine = (hits: ReadonlyArray<string>): SearchEngine => ({
  name: "test",
  search: (query) =>
    query === "broken"
      ? Effect.fail(new SearchFault({ reason: "down" }))
      : Effect.succeed(hits.map((url) => ({ title: "T", url, excerpt: "E" })))
})

describe("WebSearch", () => {
  it.live("says what to do where no engine is configured", () =>
    Effect.gen(function* () {
      const { text } = yield* makeBench()
      const shown = yield* text("WebSearch", { query: "trains" })
      assert.include(shown, "SEARCH_NOT_CONFIGURED")
      assert.include(shown, "tools.search")
    })
  )

  it.live("keeps to the domains that are wanted, by whole labels", () =>
    Effect.gen(function* () {
      const urls = [
        "https://example.com/a",
        "https://docs.example.com/b",
        "https://evil-example.com/c",
        "ftp://example.com/",
        "javascript:alert(1)",
        "https://example.com.evil.org/"
      ]
      const { call, text } = yield* Effect.provideService(makeBench(), SearchProvider, engine(urls))
      const only = yield* text("WebSearch", { query: "trains", allowed_domains: ["Example.com"] })
      assert.strictEqual(only.match(/https?:\S+/g)?.join(" "), "https://example.com/a https://docs.example.com/b")
      const without = yield* text("WebSearch", { query: "trains", blocked_domains: ["example.com"] })
      assert.strictEqual(
        without.match(/https?:\S+/g)?.join(" "),
        "https://evil-example.com/c https://example.com.evil.org/"
      )
      assert.strictEqual(codeOf(yield* call("WebSearch", { query: "broken" })), "SEARCH_FAILED")
    })
  )

  it.live("asks SearXNG and Brave as they want to be asked", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const port = yield* serve((request, response) => {
        seen.push(`${request.url} ${String(request.headers["x-subscription-token"] ?? "")}`)
        response.setHeader("content-type", "application/json")
        const hit = { title: "T", url: "https://a.example/", content: "C", description: "D", more: 1 }
        response.end(
          JSON.stringify(request.url?.startsWith("/search") === true ? { results: [hit] } : { web: { results: [hit] } })
        )
      })
      const base = `http://127.0.0.1:${port}`
      const first = yield* searxng(base)
      const second = yield* brave(Redacted.make("key"), `${base}/brave`)
      assert.deepStrictEqual(yield* first.search("a b"), [{ title: "T", url: "https://a.example/", excerpt: "C" }])
      assert.deepStrictEqual(yield* second.search("a b"), [{ title: "T", url: "https://a.example/", excerpt: "D" }])
      assert.deepStrictEqual(seen, ["/search?q=a+b&format=json ", "/brave?q=a+b&count=20 key"])
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})
