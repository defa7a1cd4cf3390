import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  OverloadedError,
  PermissionDeniedError,
  RateLimitError
} from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { request } from "node:http"
import { once } from "node:events"
import { aliased, question, readEvents, startServer } from "./support.ts"

/** What a promise rejects with. */
const failureOf = async (promise: PromiseLike<unknown>): Promise<InstanceType<typeof APIError>> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof APIError) return error
    throw error
  }
  return assert.fail("expected a failure")
}

interface Envelope {
  readonly type: string
  readonly error: { readonly type: string; readonly message: string; readonly details?: object }
  readonly request_id: string
}

const envelopeOf = async (response: Response): Promise<Envelope> => {
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/)
  // Checked below.
  const body = (await response.json()) as Envelope
  assert.strictEqual(body.type, "error")
  assert.match(body.request_id, /^req_/)
  assert.strictEqual(body.request_id, response.headers.get("request-id"))
  return body
}

describe("a request that is none", () => {
  it("is refused with 413 when it is too large", async () => {
    await using server = await startServer({ mcp: false, config: { "server.maxRequestBytes": 1000 } })
    const response = await server.post(JSON.stringify(question("x".repeat(1_000_000))))
    assert.strictEqual(response.status, 413)
    const { error } = await envelopeOf(response)
    assert.strictEqual(error.type, "request_too_large")
    assert.include(error.message, "1000 bytes")
    const failure = await failureOf(server.client.messages.create(question("x".repeat(5000))))
    assert.strictEqual(failure.status, 413)
    assert.strictEqual((await server.post(JSON.stringify(question("x")))).status, 200)
  })

  it("gets the code on which official clients send the whole conversation instead of a thread", async () => {
    await using server = await startServer({ mcp: false })
    const response = await server.post(JSON.stringify({ ...question("Hi"), thread: { type: "create" } }))
    assert.strictEqual(response.status, 400)
    assert.deepStrictEqual((await envelopeOf(response)).error.details, { error_code: "thread_unsupported_request" })
  })
})

describe("an unknown route", () => {
  it("is answered in the envelope, with the ids that every answer has", async () => {
    await using server = await startServer({ mcp: false })
    for (const [method, path] of [
      ["GET", "/v1/messages"],
      ["POST", "/v1/complete"],
      ["GET", "/v2"],
      ["DELETE", "/v1/%zz/a?b=c"]
    ] as const) {
      const response = await fetch(`${server.url}${path}`, { method })
      assert.strictEqual(response.status, 404, path)
      const { error } = await envelopeOf(response)
      assert.strictEqual(error.type, "not_found_error")
      assert.include(error.message, `${method} ${path.split("?")[0]}`)
      assert.strictEqual(response.headers.get("x-should-retry"), "false")
      assert.isNotNull(response.headers.get("x-correlation-id"))
    }
    const alive = await fetch(`${server.url}/api/hello`, { method: "HEAD" })
    assert.strictEqual(alive.status, 200)
  })
})

describe("a refusal of the upstream", () => {
  const cases = [
    [400, BadRequestError, "invalid_request_error"],
    [401, AuthenticationError, "authentication_error"],
    [403, PermissionDeniedError, "permission_error"],
    [404, NotFoundError, "not_found_error"],
    [429, RateLimitError, "rate_limit_error"],
    [500, InternalServerError, "api_error"],
    [529, OverloadedError, "overloaded_error"]
  ] as const

  for (const provider of ["claude", "openai"] as const) {
    it(`has the same class for the client as it has for us, of ${provider}`, async () => {
      // One after the other, so that the upstream is not left alone after some.
      await using server = await startServer({ mcp: false, provider, config: { "model.breaker.enabled": false } })
      for (const [status, errorClass, type] of cases) {
        server.fxLlm.use({ fault: { kind: "status", status, message: `no: ${status}` } })
        for (const asked of [
          server.client.messages.create(question("Hi")),
          server.client.messages.stream(question("Hi")).finalMessage()
        ]) {
          const failure = await failureOf(asked)
          assert.strictEqual(failure.status, status)
          assert.strictEqual<unknown>(failure.constructor, errorClass)
          assert.strictEqual(failure.type, type)
          assert.include(failure.message, `no: ${status}`)
          assert.match(failure.requestID ?? "", /^req_/)
        }
      }
    })
  }

  it("says how long to wait where the upstream does", async () => {
    const fault = { kind: "status", status: 429, message: "slowly", retryAfter: 7 } as const
    await using server = await startServer({ mcp: false, script: { fault } })
    const failure = await failureOf(server.client.messages.create(question("Hi")))
    assert.strictEqual(failure.headers?.get("retry-after"), "7")
  })

  it("keeps the code for which the client has a class", async () => {
    const fault = { kind: "status", status: 400, code: "tool_name_conflict", message: "twice" } as const
    await using server = await startServer({ mcp: false, script: { fault } })
    const failure = await failureOf(server.client.messages.create(question("Hi")))
    assert.instanceOf(failure, Anthropic.ToolNameConflictError)
  })

  it("is told without the key that was used", async () => {
    await using server = await startServer({
      mcp: false,
      script: { fault: { kind: "status", status: 401, message: "invalid x-api-key" } }
    })
    const response = await server.post(JSON.stringify(question("Hi")))
    assert.notInclude(await response.text(), "fx-secret")
  })

  it("before its answer began is made good by asking it again", async () => {
    const overloaded = { fault: { kind: "status", status: 503 } } as const
    await using server = await startServer({
      script: [overloaded, overloaded, { text: "Here." }, overloaded, { text: "And here." }],
      config: { "model.retry.attempts": 3, "model.retry.firstDelay": "1 millis" }
    })
    const message = await server.client.messages.create(question("Hi"), { maxRetries: 0 })
    assert.deepInclude(message.content[0], { type: "text", text: "Here." })
    assert.strictEqual(server.fxLlm.requests.length, 3)
    const streamed = await server.client.messages.stream(question("Hi again"), { maxRetries: 0 }).finalText()
    assert.strictEqual(streamed, "And here.")
    assert.strictEqual(server.fxLlm.requests.length, 5)
  })

  it("after a tool has acted is not repeated by official clients, for the tool would act again", async () => {
    const write = { name: "write", input: { key: "k", value: "v" } }
    await using server = await startServer({
      script: [{ toolCalls: [write] }, { fault: { kind: "status", status: 529 } }, { text: "Done twice." }]
    })
    const failure = await failureOf(server.client.messages.create(question("Write"), { maxRetries: 2 }))
    assert.strictEqual(failure.status, 529)
    assert.strictEqual(server.fxLlm.requests.length, 2)
    assert.strictEqual(server.mcpLog().filter(({ event }) => event === "call_start").length, 1)
  })
})

describe("an answer that breaks off", () => {
  for (const fault of [
    { kind: "reset", afterPieces: 1 },
    { kind: "early_end", afterPieces: 1 },
    { kind: "malformed", afterPieces: 1 },
    { kind: "error_event", afterPieces: 1, errorType: "overloaded_error", message: "too much" }
  ] as const) {
    it(`ends the stream with an error event (${fault.kind})`, async () => {
      await using server = await startServer({ mcp: false, script: { text: ["One ", "two"], fault } })
      const response = await server.post(JSON.stringify({ ...aliased("Hi"), stream: true }))
      assert.strictEqual(response.status, 200)
      const events = readEvents(await response.text())
      const last = events.at(-1)
      assert.strictEqual(last?.event, "error")
      assert.strictEqual(last?.data["request_id"], response.headers.get("request-id"))
      // The envelope of an error.
      const error = last?.data["error"] as { readonly type: string } | undefined
      assert.strictEqual(error?.type, fault.kind === "error_event" ? "overloaded_error" : "api_error")
      assert.notInclude(
        events.map(({ event }) => event),
        "message_stop"
      )
      await failureOf(server.client.messages.stream(aliased("Hi")).finalMessage())
    })
  }

  it("is an error with a status where nothing was sent yet", async () => {
    await using server = await startServer({ mcp: false, script: { fault: { kind: "reset" } } })
    const failure = await failureOf(server.client.messages.stream(question("Hi")).finalMessage())
    assert.strictEqual(failure.status, 502)
  })
})

/** Posts as a page would. */
const post = async (url: string, origin: string) => {
  // `fetch` does not let programs name an origin.
  const asked = request(`${url}/v1/messages`, { method: "POST", headers: { origin, "content-type": "text/plain" } })
  asked.end(JSON.stringify(question("Hi")))
  const [response] = await once(asked, "response")
  response.resume()
  return response.statusCode as number
}

describe("a page in a browser", () => {
  it("from elsewhere is refused, one of this machine is not", async () => {
    await using server = await startServer({ mcp: false })
    for (const origin of [
      "https://evil.example",
      "http://127.0.0.1.evil.example",
      "http://localhost.evil.example:80",
      "null"
    ]) {
      assert.strictEqual(await post(server.url, origin), 403, origin)
    }
    assert.strictEqual(server.fxLlm.requests.length, 0)
    for (const origin of ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443"]) {
      assert.strictEqual(await post(server.url, origin), 200, origin)
    }
  })
})
