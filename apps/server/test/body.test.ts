import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { type IncomingMessage, request } from "node:http"
import { connect } from "node:net"
import { text as textOf } from "node:stream/consumers"
import { deflateSync, gzipSync } from "node:zlib"
import { question, startServer } from "./support.ts"

const asked = JSON.stringify(question("Packed?"))

/** What the official client makes of a body that is sent under this encoding. */
const failureOf = (server: Awaited<ReturnType<typeof startServer>>, encoding: string): Promise<unknown> =>
  server.client.messages.create(question("Hi"), { headers: { "content-encoding": encoding } }).then(
    () => assert.fail("expected a failure"),
    (error: unknown) => error
  )

interface Said {
  readonly head: Readonly<Record<string, string>>
  readonly body: ReadonlyArray<Buffer>
}

const pieces = (body: Buffer): ReadonlyArray<Buffer> =>
  Array.from({ length: Math.ceil(body.length / 7) }, (_, index) => body.subarray(index * 7, index * 7 + 7))

/** Sends bodies piece by piece, one request after the other. */
const speak = async (url: string, all: ReadonlyArray<Said>) => {
  const answers: Array<{ readonly status: number | undefined; readonly text: string }> = []
  for (const { body, head } of all) {
    const asking = request(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", ...head }
    })
    const answered = once(asking, "response")
    // oxlint-disable-next-line no-await-in-loop -- the server has to say so first
    if (head["expect"] !== undefined) await once(asking, "continue")
    for (const piece of body) asking.write(piece)
    asking.end()
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [response] = (await answered) as [IncomingMessage]
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    answers.push({ status: response.statusCode, text: await textOf(response) })
  }
  return answers
}

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

describe("a body that comes as it is", () => {
  it("is read to its end, in however many pieces, and by who waits to be told to go on", async () => {
    await using server = await startServer({ mcp: false, script: { text: "{{lastUserText}}" } })
    const length = Buffer.byteLength(asked)
    const said = await speak(server.url, [
      // In pieces, the first of which ends within a character of several bytes.
      { head: { "transfer-encoding": "chunked" }, body: pieces(Buffer.from(JSON.stringify(question("Größe?")))) },
      { head: { "content-length": `${length}`, expect: "100-continue" }, body: [Buffer.from(asked)] }
    ])
    assert.deepStrictEqual(
      said.map(({ status }) => status),
      [200, 200]
    )
    assert.include(said[0]?.text, "Größe?")
    assert.include(said[1]?.text, "Packed?")
  })

  it("is refused once it is too large, whether it says its length or not", async () => {
    await using server = await startServer({ mcp: false, config: { "server.maxRequestBytes": 1000 } })
    const large = Buffer.from(JSON.stringify(question("x".repeat(5000))))
    const said = await speak(server.url, [
      { head: { "content-length": `${large.length}` }, body: [large] },
      { head: { "transfer-encoding": "chunked" }, body: pieces(large) }
    ])
    for (const { status, text } of said) {
      assert.strictEqual(status, 413)
      assert.include(text, "larger than 1000 bytes")
    }
    assert.strictEqual((await server.post(Buffer.from(asked))).status, 200)
  })

  it("that is cut off is nobody's: the server goes on", async () => {
    await using server = await startServer({ mcp: false })
    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    await once(socket, "ready")
    socket.destroy()
    await once(socket, "close")
    assert.strictEqual((await server.post(Buffer.from(asked))).status, 200)
    assert.strictEqual(server.fxLlm.requests.length, 1)
  })
})
