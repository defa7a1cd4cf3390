import { assert, describe, it } from "@effect/vitest"
import { withCorrelationId } from "@signalbox/errors"
import { nodePlatform } from "@signalbox/host/node"
import type { ModelError } from "@signalbox/model"
import { DirectHttp } from "@signalbox/model/http"
import {
  claudeDefaults,
  type ClaudeOptions,
  type ForwardedHead,
  relay,
  type RelayInput
} from "@signalbox/provider-claude"
import { type Fault, type Script, startFxLlm } from "@signalbox/testing"
import { Deferred, Duration, Effect, Fiber, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { once } from "node:events"
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

const ways = ["the platform's own way", "the client of HTTP"] as const
type Way = (typeof ways)[number]

const body = (stream: boolean) =>
  new TextEncoder().encode(
    `{ "model":"claude-fx", "max_tokens":1e3,"stream":${stream},\n "messages":[{"role":"user","content":"h\\u0069"}] }`
  )

type Begin = RelayInput["begin"]

const relayTo = (
  way: Way,
  url: string,
  begin: Begin,
  { options = {}, request = {} }: { readonly options?: Partial<ClaudeOptions>; readonly request?: object } = {}
) =>
  Effect.gen(function* () {
    const send = yield* (yield* DirectHttp) ?? Effect.die("Node sends directly")
    return yield* relay({
      client: yield* HttpClient.HttpClient,
      direct: way === "the client of HTTP" ? undefined : send,
      options: {
        ...claudeDefaults,
        apiKey: Redacted.make("sk-own"),
        baseUrl: url,
        defaultModel: "claude-fx",
        ...options
      },
      request: { method: "POST", path: "/v1/messages", headers: {}, body: body(true), ...request },
      begin
    })
  })

/** A sink that always wants more, and what it got. */
const collector = () => {
  const heads: Array<ForwardedHead> = []
  let text = ""
  const begin: Begin = (head) => {
    heads.push(head)
    return {
      write: (bytes) => {
        text += Buffer.from(bytes).toString("latin1")
        return true
      },
      onceDrained: () => {}
    }
  }
  return { begin, heads, text: () => text }
}

const withUpstream = <A, E>(
  script: Script,
  use: (upstream: Awaited<ReturnType<typeof startFxLlm>>) => Effect.Effect<A, E, HttpClient.HttpClient>
) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxLlm({ script })),
    (upstream) => Effect.promise(() => upstream.close())
  ).pipe(Effect.flatMap(use), Effect.scoped, Effect.provide(nodePlatform))

const withServer = <A, E>(
  listener: RequestListener,
  use: (url: string) => Effect.Effect<A, E, HttpClient.HttpClient>
) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(listener).listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      })
  ).pipe(
    // A listening TCP server has an address of this form.
    Effect.flatMap((server) => use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    Effect.scoped,
    Effect.provide(nodePlatform)
  )

const refusals: ReadonlyArray<readonly [Fault, ModelError["_tag"]]> = [
  [{ kind: "status", status: 401 }, "ProviderAuthFailed"],
  [{ kind: "status", status: 404 }, "ModelNotFound"],
  [{ kind: "status", status: 429, retryAfter: 2 }, "ProviderRateLimited"],
  [{ kind: "status", status: 529 }, "ProviderOverloaded"],
  [{ kind: "reset" }, "ProviderUnreachable"],
  [{ kind: "stall" }, "ProviderTimeout"]
]

for (const way of ways) {
  describe(`a relayed request over ${way}`, () => {
    it.live("arrives with its bytes and the key of the options, and its answer comes back with its own", () => {
      let seen: IncomingMessage | undefined
      let got = ""
      return withServer(
        (request, response) => {
          seen = request
          request.on("data", (part: Buffer) => (got += part.toString()))
          request.on("end", () => {
            response.writeHead(200, { "content-type": "text/plain", "request-id": "req_1", "set-cookie": "a=b" })
            response.write("späte ")
            response.end("Züge")
          })
        },
        (url) =>
          Effect.gen(function* () {
            const { begin, heads, text } = collector()
            const request = { query: "beta=true", headers: { "x-api-key": "callers", "x-app": "cli" } }
            yield* relayTo(way, url, begin, { request }).pipe(withCorrelationId("c-1"))
            assert.strictEqual(got, new TextDecoder().decode(body(true)))
            assert.strictEqual(seen?.url, "/v1/messages?beta=true")
            assert.deepInclude(seen?.headers, {
              "x-api-key": "sk-own",
              "x-app": "cli",
              "content-type": "application/json",
              "x-correlation-id": "c-1"
            })
            assert.isUndefined(seen?.headers["traceparent"])
            assert.deepStrictEqual(
              heads.map(({ headers, status }) => ({ status, headers: { ...headers } })),
              [{ status: 200, headers: { "content-type": "text/plain", "request-id": "req_1" } }]
            )
            assert.strictEqual(Buffer.from(text(), "latin1").toString(), "späte Züge")
          })
      )
    })

    it.live("may ask another model", () =>
      withUpstream({ text: "hi" }, (upstream) =>
        Effect.gen(function* () {
          yield* relayTo(way, upstream.url, collector().begin, { request: { model: "other" } })
          assert.deepInclude(upstream.requests[0]?.body, { model: "other" })
        })
      )
    )

    for (const [fault, tag] of refusals) {
      it.live(`fails with ${tag} before it begins: ${fault.kind === "status" ? fault.status : fault.kind}`, () =>
        withUpstream({ fault }, (upstream) =>
          Effect.gen(function* () {
            const { begin, heads } = collector()
            const options = fault.kind === "stall" ? { requestTimeout: Duration.seconds(1) } : {}
            const error = yield* Effect.flip(relayTo(way, upstream.url, begin, { options }))
            assert.strictEqual(error._tag, tag)
            if (error._tag === "ModelNotFound") assert.strictEqual(error.model, "claude-fx")
            if (error._tag === "ProviderRateLimited") assert.deepStrictEqual(error.retryAfter, Duration.seconds(2))
            assert.deepStrictEqual(heads, [])
          })
        )
      )
    }

    it.live("is worth another attempt where nobody listens, and not where it can never be sent", () =>
      withUpstream({ text: "hi" }, (upstream) =>
        Effect.gen(function* () {
          const { begin } = collector()
          const request = { headers: { "x-app": "a\nb" } }
          const malformed = yield* Effect.flip(relayTo(way, upstream.url, begin, { request }))
          assert.deepInclude(malformed, { _tag: "ProviderUnreachable", retryable: false })
          yield* Effect.promise(() => upstream.close())
          const gone = yield* Effect.flip(relayTo(way, upstream.url, begin))
          assert.deepInclude(gone, { _tag: "ProviderUnreachable", retryable: true })
        })
      )
    )

    it.live("says in the upstream's words what is wrong with the request itself", () =>
      withUpstream({ fault: { kind: "status", status: 413 } }, (upstream) =>
        Effect.gen(function* () {
          const { begin, heads, text } = collector()
          yield* relayTo(way, upstream.url, begin)
          assert.strictEqual(heads[0]?.status, 413)
          assert.include(text(), '"type":"error"')
        })
      )
    )

    for (const [name, fault, tag] of [
      ["cut off", { kind: "reset", afterPieces: 2 }, "StreamInterrupted"],
      ["silent", { kind: "stall", afterPieces: 2 }, "ProviderTimeout"]
    ] as const) {
      it.live(`fails with ${tag} after what came: ${name}`, () =>
        withUpstream({ text: "abcdef", chunks: 1, fault }, (upstream) =>
          Effect.gen(function* () {
            const { begin, heads, text } = collector()
            const options = fault.kind === "stall" ? { idleTimeout: Duration.seconds(2) } : {}
            const error = yield* Effect.flip(relayTo(way, upstream.url, begin, { options }))
            assert.deepStrictEqual([heads[0]?.status, error._tag], [200, tag])
            assert.include(text(), '"text":"a"')
            const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(1))
            assert.notStrictEqual(outcome, "complete")
          })
        )
      )
    }

    for (const [name, hold] of [
      ["before the answer", "start"],
      ["in the middle of it", 2]
    ] as const) {
      it.live(`closes the connection to the upstream when it is left ${name}`, () =>
        withUpstream({ text: "abcdef", chunks: 1, hold }, (upstream) =>
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(relayTo(way, upstream.url, collector().begin))
            yield* Effect.promise(() => upstream.waitForHeld(1))
            yield* Fiber.interrupt(fiber)
            const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(1))
            assert.strictEqual(outcome, "closed_by_client")
          })
        )
      )
    }

    it.live("makes the upstream wait for a sink that is full, for as long as that takes", () => {
      const piece = Buffer.alloc(64 * 1024, "x")
      const pieces = 1024
      let written = 0
      const pour = async (response: ServerResponse) => {
        for (; written < pieces; written++) {
          if (!response.write(piece)) await once(response, "drain")
        }
        response.end()
      }
      return withServer(
        (request, response) => {
          if (request.url === "/v1/models") response.end("{}")
          else pour(response).catch(() => response.destroy())
        },
        (url) =>
          Effect.gen(function* () {
            const full = yield* Deferred.make<void>()
            let length = 0
            let resume: (() => void) | undefined
            let isOpen = false
            const begin: Begin = () => ({
              write: (bytes) => {
                length += bytes.length
                if (!isOpen) Deferred.doneUnsafe(full, Effect.void)
                return isOpen
              },
              onceDrained: (again) => (resume = again)
            })
            // Longer than it may be silent: while nothing is wanted, nothing need come.
            const options = { idleTimeout: Duration.seconds(1) }
            const relayed = yield* Effect.forkChild(relayTo(way, url, begin, { options }))
            yield* Deferred.await(full)
            const request = { method: "GET", path: "/v1/models", body: undefined }
            for (let round = 0; round < 50; round++) yield* relayTo(way, url, collector().begin, { request })
            yield* Effect.sleep("1500 millis")
            assert.isBelow(written, pieces / 2)
            isOpen = true
            resume?.()
            yield* Fiber.join(relayed)
            assert.strictEqual(length, pieces * piece.length)
          })
      )
    })
  })
}
