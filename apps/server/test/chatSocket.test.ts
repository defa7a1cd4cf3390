import { assert, describe, it } from "@effect/vitest"
import { tempDirectory } from "@signalbox/testing"
import { messagesOf, startServer } from "./support.ts"
import { connect, textIn } from "./sockets.ts"
import { once } from "node:events"
import { createConnection } from "node:net"

const hello = { text: "hello" } as const

const twoKeys = {
  auth: {
    mode: "keys",
    keys: ["ada", "bob"].map((name) => ({ name, key: `env:KEY_OF_${name.toUpperCase()}` }))
  }
}
const environment = { KEY_OF_ADA: "key-of-ada-0123456789", KEY_OF_BOB: "key-of-bob-0123456789" }
const keyOf = (name: "ADA" | "BOB") => ({ "x-api-key": environment[`KEY_OF_${name}`] })

describe("a conversation over a socket", () => {
  it("says what happens in a turn, frame by frame", async () => {
    const turn = [{ toolCalls: [{ name: "echo", input: { text: "x" } }] }, { text: ["told ", "you"] }]
    await using server = await startServer({ script: [...turn, { text: ["once ", "more"] }] })
    await using socket = await connect(server.url)
    const frames = await socket.chat("r1", hello)
    assert.deepStrictEqual(
      frames.map(({ chunk, status }) => `${status} ${chunk?.type ?? ""}`.trim()),
      ["processing", "processing tool_execution", "processing tool_execution", "chunk text", "chunk text", "complete"]
    )
    assert.isTrue(frames.every(({ request_id: id, v }) => v === 1 && id === "r1"))
    assert.strictEqual(textIn(frames), "told you")
    assert.deepStrictEqual(frames[0]?.chunk?.metadata, { user_message: "hello" })
    const { metadata } = frames.at(-1) ?? {}
    assert.deepInclude(metadata, { finish_reason: "end_turn", cached: false })
    assert.match(metadata?.conversation_id ?? "", /^conv_/)
    const whole = await socket.chat("r2", { text: "again", streaming: false, metadata: { mine: 1 } })
    assert.deepStrictEqual(
      whole.map(({ status }) => status),
      ["processing", "chunk", "complete"]
    )
    assert.strictEqual(textIn(whole), "once more")
    assert.deepStrictEqual(whole.at(-1)?.metadata?.client, { mine: 1 })
  })

  it("goes on when its client comes back with its id, and answers a request once", async () => {
    await using server = await startServer({ mcp: false, script: [{ text: "first" }, { text: "second" }] })
    {
      await using socket = await connect(server.url, { conversation: "trip" })
      assert.deepStrictEqual(await socket.history("h0"), [])
      await socket.chat("r1", hello)
    }
    await using socket = await connect(server.url, { conversation: "trip" })
    assert.deepStrictEqual(
      (await socket.history("h1")).map(({ type }) => type),
      ["user_message", "assistant_message"]
    )
    const again = await socket.chat("r1", hello)
    assert.strictEqual(textIn(again), "first")
    assert.isTrue(again.at(-1)?.metadata?.cached)
    await socket.chat("r2", { text: "and now?" })
    assert.lengthOf(server.fxLlm.requests, 2)
    assert.deepStrictEqual(
      messagesOf(server.fxLlm.requests[1]?.body).map(({ role }) => role),
      ["user", "assistant", "user"]
    )
    assert.lengthOf(await socket.history("h2"), 4)
  })

  it("asks the model once for a request that comes ten times at once", async () => {
    await using server = await startServer({ mcp: false, script: [{ text: "the one", hold: 0 }, { text: "another" }] })
    const sockets = await Promise.all([1, 2].map(() => connect(server.url, { conversation: "c" })))
    for (const socket of sockets)
      for (let count = 0; count < 5; count++) socket.send({ action: "chat", request_id: "r", payload: hello })
    await server.fxLlm.waitForHeld(1)
    server.fxLlm.release()
    for (const socket of sockets) {
      const frames = await socket.ended("r", 5)
      assert.strictEqual(textIn(frames), "the one".repeat(5))
    }
    assert.lengthOf(server.fxLlm.requests, 1)
    for (const socket of sockets) await socket[Symbol.asyncDispose]()
  })

  it("is where the conversations of the configuration are kept, for the next program", async () => {
    await using directory = await tempDirectory()
    const historyIn = directory.file("kept")
    {
      await using server = await startServer({ mcp: false, historyIn, script: [{ text: "before" }] })
      await using socket = await connect(server.url, { conversation: "trip" })
      await socket.chat("r1", hello)
    }
    await using server = await startServer({ mcp: false, historyIn, script: [{ text: "after" }] })
    await using socket = await connect(server.url, { conversation: "trip" })
    assert.strictEqual(textIn(await socket.chat("r1", hello)), "before")
    assert.lengthOf(server.fxLlm.requests, 0)
    assert.strictEqual(textIn(await socket.chat("r2", hello)), "after")
    assert.lengthOf(await socket.history("h"), 4)
  })

  it("belongs to the client that began it", async () => {
    await using server = await startServer({
      mcp: false,
      server: twoKeys,
      environment,
      script: [{ text: "for ada" }, { text: "for bob" }]
    })
    await using ada = await connect(server.url, { conversation: "trip", headers: keyOf("ADA") })
    await ada.chat("r1", hello)
    await using bob = await connect(server.url, { conversation: "trip", headers: keyOf("BOB") })
    assert.deepStrictEqual(await bob.history("h"), [])
    assert.strictEqual(textIn(await bob.chat("r1", hello)), "for bob")
    const plain = (id: string, headers: Record<string, string>) =>
      fetch(`${server.url}/ws/chat?conversation_id=${encodeURIComponent(id)}`, { headers })
    assert.strictEqual((await plain("trip", {})).status, 401)
    assert.strictEqual((await plain("trip", keyOf("ADA"))).status, 400)
    for (const id of ["ada/trip", "../trip", ""]) {
      const refused = await connect(server.url, { conversation: id, headers: keyOf("BOB") }).then(
        () => "opened",
        () => "refused"
      )
      assert.strictEqual(refused, "refused", id)
    }
  })

  it("is none of those that somebody began at this machine", async () => {
    await using directory = await tempDirectory()
    const historyIn = directory.file("kept")
    await using server = await startServer({ mcp: false, historyIn, script: [{ text: "x" }] })
    const { writeFile, mkdir } = await import("node:fs/promises")
    await mkdir(historyIn)
    const said = { type: "user_message", role: "user", content: [{ type: "text", text: "secret" }] }
    const record = {
      schema_version: 2,
      id: "e",
      conversation_id: "local/mine",
      seq: 1,
      timestamp: "2026-01-01T00:00:00Z"
    }
    await writeFile(`${historyIn}/local%2fmine.jsonl`, `${JSON.stringify({ ...record, ...said })}\n`)
    const refused = await connect(server.url, { conversation: "mine" }).then(
      () => "opened",
      () => "refused"
    )
    assert.strictEqual(refused, "refused")
  })

  it("is stopped by its client, up to the provider, and goes on", async () => {
    await using server = await startServer({
      mcp: false,
      script: [{ text: ["one ", "two"], hold: 1 }, { text: "more" }]
    })
    await using socket = await connect(server.url)
    socket.send({ action: "chat", request_id: "r1", payload: hello })
    await socket.sees(({ status }) => status === "chunk", "the first piece")
    socket.send({ action: "ping", request_id: "p" })
    assert.strictEqual((await socket.ended("p")).at(-1)?.status, "complete")
    socket.send({ action: "cancel", request_id: "r1" })
    assert.strictEqual((await socket.ended("r1")).at(-1)?.status, "cancelled")
    await server.fxLlm.waitForClosed(1)
    assert.strictEqual(textIn(await socket.chat("r2", { text: "go on" })), "more")
    socket.send({ action: "cancel", request_id: "never" })
    assert.strictEqual((await socket.ended("never")).at(-1)?.status, "cancelled")
  })

  it("is stopped when its client leaves", async () => {
    await using server = await startServer({ mcp: false, script: [{ text: ["one ", "two"], hold: 1 }] })
    const socket = await connect(server.url)
    socket.send({ action: "chat", request_id: "r1", payload: hello })
    await socket.sees(({ status }) => status === "chunk", "the first piece")
    await socket[Symbol.asyncDispose]()
    await server.fxLlm.waitForClosed(1)
  })

  it("stays open after frames that are none, each of which is told what is wrong, until they are too many", async () => {
    await using server = await startServer({ mcp: false, script: [{ text: "fine" }] })
    await using socket = await connect(server.url)
    socket.send("{")
    assert.strictEqual((await socket.ended(null))[0]?.error?.code, "FRAME_INVALID")
    socket.send({ action: "chat", payload: hello })
    const [, second] = await socket.ended(null, 2)
    assert.include(second?.error?.message, "request_id")
    assert.deepInclude(second?.error?.data["validation_errors"], { field: "request_id", message: "Missing key" })
    assert.strictEqual(textIn(await socket.chat("r", hello)), "fine")
    for (let count = 0; count < 10; count++) socket.send("[]")
    assert.strictEqual(await socket.gone, 1008)
  })

  it("ends where a client gives no sign of life, and for nobody else", async () => {
    const websocket = { pingInterval: "20 millis", pingTimeout: "1 second" }
    await using server = await startServer({ mcp: false, server: { websocket }, script: [{ text: "fine" }] })
    await using socket = await connect(server.url)
    const { hostname, port } = new URL(server.url)
    const handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
    const mute = createConnection(Number(port), hostname).resume()
    mute.write(
      `GET /ws/chat HTTP/1.1\r\nHost: ${hostname}\r\n${handshake}\r\nSec-WebSocket-Key: ${"A".repeat(22)}==\r\n\r\n`
    )
    await once(mute, "close")
    assert.strictEqual(textIn(await socket.chat("r", hello)), "fine")
  })

  it("takes no frame that is larger than it may be, and no page of other origins", async () => {
    await using server = await startServer({ mcp: false, server: { websocket: { maxMessageBytes: 2000 } } })
    for (const size of [2001, 4001]) {
      await using socket = await connect(server.url)
      socket.send("x".repeat(size))
      assert.strictEqual(await socket.gone, 1009)
    }
    const refused = await connect(server.url, { headers: { origin: "https://evil.example" } }).then(
      () => "opened",
      () => "refused"
    )
    assert.strictEqual(refused, "refused")
  })

  it("says what a turn failed with, and goes on", async () => {
    await using server = await startServer({
      mcp: false,
      script: [{ fault: { kind: "status", status: 529 } }, { text: "fine" }]
    })
    await using socket = await connect(server.url)
    const failed = (await socket.chat("r1", hello)).at(-1)
    assert.strictEqual(failed?.status, "error")
    assert.isTrue(failed?.error?.retryable)
    assert.strictEqual(textIn(await socket.chat("r2", hello)), "fine")
  })
})
