import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { deflateSync, gzipSync } from "node:zlib"
import { question, startServer } from "./support.ts"

const asked = JSON.stringify(question("Packed?"))

/** What the official client makes of a body that is sent under this encoding. */
const failureOf = (server: Awaited<ReturnType<typeof startServer>>, encoding: string): Promise<unknown> =>
  server.client.messages.create(question("Hi"), { headers: { "content-encoding": encoding } }).then(
    () => assert.fail("expected a failure"),
    (error: unknown) => error
  )

describe("a packed body", () => {
  it("is unpacked", async () => {
    await using server = await startServer({ mcp: false, script: { text: "{{lastUserText}}" } })
    for (const [encoding, body] of [
      ["gzip", gzipSync(asked)],
      ["deflate", deflateSync(asked)],
      ["deflate, GZIP", gzipSync(deflateSync(asked))],
      ["identity", Buffer.from(asked)]
    ] as const) {
      const response = await server.post(body, { "content-encoding": encoding })
      assert.strictEqual(response.status, 200, encoding)
      assert.include(await response.text(), "Packed?", encoding)
    }
  })

  it("is too large when it is so unpacked, however small it came", async () => {
    await using server = await startServer({ mcp: false, config: { "server.maxRequestBytes": 100_000 } })
    const body = gzipSync(JSON.stringify(question("x".repeat(50_000_000))))
    assert.isBelow(body.length, 100_000)
    const response = await server.post(body, { "content-encoding": "gzip" })
    assert.strictEqual(response.status, 413)
    const { error } = (await response.json()) as { readonly error: object }
    assert.deepStrictEqual(error, {
      type: "request_too_large",
      message: "The request body is larger than 100000 bytes when it is unpacked.",
      details: { error_code: "request_body_too_large_after_decoding" }
    })
  })

  it("in another encoding, or in none that it claims, is refused by the class that the official client has for it", async () => {
    await using server = await startServer({ mcp: false })
    const unknown = await failureOf(server, "br")
    assert.instanceOf(unknown, Anthropic.RequestBodyEncodingUnsupportedError)
    assert.deepInclude(unknown, { status: 400, type: "invalid_request_error" })
    assert.match(unknown.message, /content-encoding .*br/)
    assert.instanceOf(await failureOf(server, "gzip"), Anthropic.RequestBodyEncodingInvalidError)
    const cut = gzipSync(asked)
    const response = await server.post(cut.subarray(0, -9), { "content-encoding": "gzip" })
    assert.strictEqual(response.status, 400)
    assert.include(await response.text(), "request_body_encoding_invalid")
    const noJson = await server.post(gzipSync("{"), { "content-encoding": "gzip" })
    assert.include(await noJson.text(), "not valid JSON")
    assert.strictEqual(server.fxLlm.requests.length, 0)
  })
})
