import { assert, describe, it } from "@effect/vitest"
import { withCorrelationId } from "@signalbox/errors"
import type { ModelError } from "@signalbox/model"
import { type ClaudeOptions, forward, type ForwardInput, type ForwardRequest } from "@signalbox/provider-claude"
import type { Fault } from "@signalbox/testing"
import { Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { HttpClient } from "effect/http"
import { once } from "node:events"
import type { IncomingHttpHeaders, ServerResponse } from "node:http"
import { key, optionsFor, withServer, withUpstream } from "./support.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

/** What a client may write: with spaces, numbers and fields that a parser would not give back as they were. */
const odd =
  '{ "model":"claude-fx", "max_tokens":1e3,\n "messages":[{"role":"user","content":"h\\u0069"}],"of_tomorrow":1.0 }'

const post = (body: string, fields: Partial<ForwardRequest> = {}): ForwardRequest => ({
  method: "POST",
  path: "/v1/messages",
  headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
  body: bytes(body),
  ...fields
})

const send = <E>(
  url: string,
  request: ForwardRequest<E>,
  more: Partial<Omit<ForwardInput, "options" | "request">> & { readonly options?: Partial<ClaudeOptions> } = {}
) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    return yield* forward({ client, ...more, options: optionsFor(url, more.options), request })
  })

/** The whole answer as text. */
const read = <E>(...given: Parameters<typeof send<E>>) =>
  Effect.gen(function* () {
    const { body, headers, status } = yield* send(...given)
    return { status, headers, text: yield* Stream.mkString(Stream.decodeText(body)) }
  }).pipe(Effect.scoped)

/** The answer that a client gets which asks the upstream itself. */
const directly = (url: string, body: string) =>
  Effect.promise(async () => {
    const headers = { "content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01" }
    return (await fetch(`${url}/v1/messages`, { method: "POST", headers, body })).text()
  })

/** Without the numbers that the upstream gives to what it makes. */
const anonymous = (text: string) => text.replaceAll(/(msg_|fx-signature-)\w+/g, "$1")

describe("a request that is handed on", () => {
  for (const [name, body] of [
    ["whole", odd],
    ["streamed", odd.replace("{", '{"stream":true,')]
  ] as const) {
    it.live(`arrives with its bytes, and its answer comes back with its own: ${name}`, () =>
      withUpstream({ text: "späte Züge 🚃", chunks: 3, thinking: "hm" }, (_model, upstream) =>
        Effect.gen(function* () {
          const answer = yield* read(upstream.url, post(body, { query: "beta=true" }))
          const [seen] = upstream.requests
          assert.deepStrictEqual([seen?.rawBody, seen?.path], [body, "/v1/messages?beta=true"])
          const direct = yield* directly(upstream.url, body)
          assert.strictEqual(anonymous(answer.text), anonymous(direct))
          assert.strictEqual(answer.status, 200)
          assert.match(
            answer.headers["content-type"] ?? "",
            name === "whole" ? /^application\/json/ : /^text\/event-stream/
          )
          assert.match(answer.headers["request-id"] ?? "", /^req_/)
        })
      )
    )
  }

  it.live("may ask another model, with all other bytes as they were", () =>
    withUpstream({ text: "hi" }, (_model, upstream) =>
      Effect.gen(function* () {
        const body = Stream.fromIterable([bytes(odd.slice(0, 5)), bytes(odd.slice(5))])
        yield* read(upstream.url, post(odd, { model: "other" }))
        yield* read(upstream.url, post("", { model: "other", body }))
        yield* read(upstream.url, post("", { body }))
        const other = odd.replace('"claude-fx"', '"other"')
        assert.deepStrictEqual(
          upstream.requests.map(({ rawBody }) => rawBody),
          [other, other, odd]
        )
      })
    )
  )

  it.live("may count tokens, list models and ask for one", () =>
    withUpstream({ text: "hi" }, (_model, upstream) =>
      Effect.gen(function* () {
        const count = yield* read(upstream.url, post(odd, { path: "/v1/messages/count_tokens" }))
        assert.deepStrictEqual(Object.keys(JSON.parse(count.text)), ["input_tokens"])
        const get = (path: string) => read(upstream.url, { method: "GET", path, headers: {} })
        assert.include((yield* get("/v1/models")).text, '"has_more":false')
        assert.include((yield* get("/v1/models/claude-x")).text, '"id":"claude-x"')
        assert.deepStrictEqual(
          upstream.otherRequests.map(({ method, path }) => `${method} ${path}`),
          ["POST /v1/messages/count_tokens", "GET /v1/models", "GET /v1/models/claude-x"]
        )
      })
    )
  )

  it.live("fails with what its body fails with", () =>
    withUpstream({ text: "hi" }, (_model, upstream) =>
      Effect.gen(function* () {
        const body = Stream.fail("the caller left")
        const error = yield* Effect.flip(read<string>(upstream.url, { ...post(""), body, model: "m" }))
        assert.strictEqual(error, "the caller left")
        assert.lengthOf(upstream.requests, 0)
      })
    )
  )
})

const callers = {
  host: "localhost:8080",
  connection: "keep-alive, x-mine",
  "x-mine": "1",
  "keep-alive": "timeout=5",
  "transfer-encoding": "chunked",
  "content-length": "9999",
  "content-encoding": "gzip",
  "accept-encoding": "gzip, br",
  te: "trailers",
  cookie: "session=1",
  origin: "http://localhost",
  "x-forwarded-for": "10.0.0.1",
  "x-api-key": "callers-key",
  authorization: "Bearer callers-token",
  "anthropic-version": "2026-10-21",
  "anthropic-beta": "b-2, c-3",
  "content-type": "application/json",
  accept: "application/json",
  "user-agent": "claude-cli/2 (external, cli)",
  "x-app": "cli",
  "x-claude-code-session-id": "s",
  "x-stainless-lang": "js"
}

/** What an upstream sees of these headers. */
const seenWith = (more: Parameters<typeof send>[2]) => {
  let seen: IncomingHttpHeaders = {}
  return withServer(
    ({ headers }, response) => {
      seen = headers
      response.end("{}")
    },
    (url) =>
      Effect.map(read(url, post("{}", { headers: callers }), more).pipe(withCorrelationId("c-1")), () => {
        // Those of the connection, and of the trace that the client of HTTP is in.
        const { b3: _b3, connection: _connection, host, traceparent: _trace, ...rest } = seen
        assert.strictEqual(`http://${host}`, url)
        return rest
      })
  )
}

describe("the headers of a request that is handed on", () => {
  const kept = {
    accept: "application/json",
    "accept-encoding": "identity",
    "anthropic-beta": "a-1,b-2,c-3",
    "anthropic-version": "2026-10-21",
    "content-length": "2",
    "content-type": "application/json",
    "user-agent": "claude-cli/2 (external, cli)",
    "x-app": "cli",
    "x-claude-code-session-id": "s",
    "x-correlation-id": "c-1",
    "x-stainless-lang": "js"
  }
  const options = { headers: { "anthropic-beta": "a-1,b-2" } }

  it.live("are those that concern the API, with the key of the options", () =>
    Effect.map(seenWith({ options }), (seen) => assert.deepStrictEqual(seen, { ...kept, "x-api-key": key }))
  )

  it.live("carry the key as a bearer token where that is wanted", () =>
    Effect.map(seenWith({ options: { ...options, auth: "bearer" } }), (seen) =>
      assert.deepStrictEqual(seen, { ...kept, authorization: `Bearer ${key}` })
    )
  )

  it.live("carry the caller's own keys, and ours not, when those are to be handed on", () =>
    Effect.map(seenWith({ options, keyMode: "forward" }), (seen) =>
      assert.deepStrictEqual(seen, { ...kept, "x-api-key": "callers-key", authorization: "Bearer callers-token" })
    )
  )
})

describe("the headers of an answer that is handed back", () => {
  const given = {
    "content-type": "application/json",
    "content-length": "2",
    "cache-control": "no-cache",
    "request-id": "req_1",
    "retry-after": "3",
    "x-should-retry": "true",
    "anthropic-organization-id": "org",
    "anthropic-ratelimit-requests-remaining": "5",
    "anthropic-ratelimit-unified-status": "allowed",
    "anthropic-of-tomorrow": "1",
    "set-cookie": "a=b",
    server: "cloudflare",
    via: "1.1 x",
    "x-robots-tag": "none",
    "keep-alive": "timeout=5"
  }
  const { "anthropic-organization-id": org, ...said } = {
    "content-type": "application/json",
    "content-length": "2",
    "cache-control": "no-cache",
    "request-id": "req_1",
    "retry-after": "3",
    "x-should-retry": "true",
    "anthropic-organization-id": "org",
    "anthropic-of-tomorrow": "1"
  }

  for (const [keyMode, expected] of [
    ["own", said],
    ["forward", { ...said, "anthropic-organization-id": org }]
  ] as const) {
    it.live(`are those of the API, without limits and account of whose key it was not: ${keyMode}`, () =>
      withServer(
        (_request, response) => response.writeHead(200, given).end("{}"),
        (url) =>
          Effect.map(read(url, post("{}"), { keyMode }), ({ headers }) =>
            assert.deepStrictEqual<object>({ ...headers }, expected)
          )
      )
    )
  }
})

const failures: ReadonlyArray<readonly [Fault, ModelError["_tag"]]> = [
  [{ kind: "status", status: 401 }, "ProviderAuthFailed"],
  [{ kind: "status", status: 402 }, "ProviderQuotaExceeded"],
  [{ kind: "status", status: 403 }, "ProviderAuthFailed"],
  [{ kind: "status", status: 404 }, "ModelNotFound"],
  [{ kind: "status", status: 429, retryAfter: 2 }, "ProviderRateLimited"],
  [{ kind: "status", status: 500 }, "ProviderOverloaded"],
  [{ kind: "status", status: 529 }, "ProviderOverloaded"],
  [{ kind: "status", status: 504 }, "ProviderTimeout"],
  [{ kind: "reset" }, "ProviderUnreachable"],
  [{ kind: "stall" }, "ProviderTimeout"]
]

describe("an upstream that fails", () => {
  for (const [fault, tag] of failures) {
    const name = fault.kind === "status" ? `a ${fault.status}` : `a ${fault.kind}`

    it.live(`before the first byte is ${tag}: ${name}`, () =>
      withUpstream({ fault }, (_model, upstream) =>
        Effect.gen(function* () {
          const provider = { provider: "second" }
          const options = fault.kind === "stall" ? { ...provider, requestTimeout: Duration.seconds(1) } : provider
          const error = yield* Effect.flip(read(upstream.url, post(odd), { options }))
          assert.deepStrictEqual([error._tag, error.provider], [tag, "second"])
          if (error._tag === "ModelNotFound") assert.strictEqual(error.model, "claude-fx")
          if (error._tag === "ProviderRateLimited") assert.deepStrictEqual(error.retryAfter, Duration.seconds(2))
        })
      )
    )
  }

  it.live("before the first byte is ProviderUnreachable: nobody listens", () =>
    withUpstream({ text: "hi" }, (_model, upstream) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => upstream.close())
        assert.strictEqual((yield* Effect.flip(read(upstream.url, post(odd))))._tag, "ProviderUnreachable")
      })
    )
  )

  for (const status of [400, 413]) {
    it.live(`says in its own words what is wrong with the request itself: ${status}`, () =>
      withUpstream({ fault: { kind: "status", status } }, (_model, upstream) =>
        Effect.gen(function* () {
          const answer = yield* read(upstream.url, post(odd))
          assert.strictEqual(answer.status, status)
          assert.strictEqual(JSON.parse(answer.text).type, "error")
        })
      )
    )
  }

  for (const [name, fault, tag] of [
    ["cut off", { kind: "reset", afterPieces: 2 }, "StreamInterrupted"],
    ["silent", { kind: "stall", afterPieces: 2 }, "ProviderTimeout"]
  ] as const) {
    it.live(`after the first byte fails the body, with what came by then handed on: ${name}`, () =>
      withUpstream({ text: "abcdef", chunks: 1, fault }, (_model, upstream) =>
        Effect.gen(function* () {
          const options = fault.kind === "stall" ? { idleTimeout: Duration.seconds(2) } : {}
          const { body, status } = yield* send(upstream.url, post(odd.replace("{", '{"stream":true,')), { options })
          let text = ""
          const error = yield* Effect.flip(
            Stream.runForEach(Stream.decodeText(body), (piece) => Effect.sync(() => (text += piece)))
          )
          assert.deepStrictEqual([status, error._tag], [200, tag])
          assert.include(text, '"text":"a"')
        }).pipe(Effect.scoped)
      )
    )
  }
})

describe("a client that leaves", () => {
  const streamed = post(odd.replace("{", '{"stream":true,'))

  for (const [name, hold] of [
    ["before the answer", "start"],
    ["in the middle of it", 2]
  ] as const) {
    it.live(`closes the connection to the upstream: ${name}`, () =>
      withUpstream({ text: "abcdef", chunks: 1, hold }, (_model, upstream) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(read(upstream.url, streamed))
          yield* Effect.promise(() => upstream.waitForHeld(1))
          yield* Fiber.interrupt(fiber)
          const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(1))
          assert.strictEqual(outcome, "closed_by_client")
        })
      )
    )
  }

  it.live("closes it with the scope, when nobody reads the body", () =>
    withUpstream({ text: "abcdef", chunks: 1, hold: 2 }, (_model, upstream) =>
      Effect.gen(function* () {
        yield* Effect.scoped(send(upstream.url, streamed))
        const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(1))
        assert.strictEqual(outcome, "closed_by_client")
      })
    )
  )
})

describe("a client that reads slowly", () => {
  const piece = Buffer.alloc(64 * 1024, "x")
  const pieces = 1024

  it.live("makes the upstream wait, and gets everything in the end", () => {
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
          const { body } = yield* send(url, post("{}"))
          const begun = yield* Deferred.make<void>()
          const go = yield* Deferred.make<void>()
          let length = 0
          const reader = yield* Effect.forkChild(
            Stream.runForEach(body, (chunk) => {
              length += chunk.length
              return Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(go))
            })
          )
          yield* Deferred.await(begun)
          // Meanwhile others are served: time enough to send everything, if nobody held it back.
          for (let round = 0; round < 50; round++) {
            yield* read(url, { method: "GET", path: "/v1/models", headers: {} })
          }
          assert.isBelow(written, pieces / 2)
          yield* Deferred.succeed(go, undefined)
          yield* Fiber.join(reader)
          assert.strictEqual(length, pieces * piece.length)
        }).pipe(Effect.scoped)
    )
  })
})
