import { assert, describe, it } from "@effect/vitest"
import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server"
import {
  connect,
  type InProcessOptions,
  type RpcMessage,
  serverDefaults,
  type ServerOptions,
  type ServerTransport
} from "@signalbox/mcp"
import { Deferred, Effect, Fiber } from "effect"
import { onNode } from "./fixture.ts"

const textSchema = fromJsonSchema<{ readonly text: string }>({
  type: "object",
  properties: { text: { type: "string" } },
  required: ["text"]
})

/** A server on the official SDK with a tool that answers, one that waits to be cancelled, and one that ends it. */
const makeServer = (onCancelled: () => void = () => undefined) => {
  const server = new McpServer({ name: "inner", version: "1.2.3" })
  server.registerTool("echo", { description: "Says it again", inputSchema: textSchema }, ({ text }) => ({
    content: [{ type: "text", text }]
  }))
  server.registerTool("wait", {}, ({ mcpReq: { signal } }) => {
    const cancelled = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
    return cancelled.then(() => {
      onCancelled()
      return { content: [] }
    })
  })
  server.registerTool("leave", {}, () => server.close().then(() => ({ content: [] })))
  return server
}

/** A server that changes what it is given. */
const meddle = (transport: ServerTransport) => {
  const serverInfo = { name: "meddler", version: "1" }
  const handshake = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo }
  const onmessage = ({ id, method, params }: RpcMessage) => {
    const input = params?.["arguments"]
    if (typeof input === "object" && input !== null) Object.assign(input, { text: "changed" })
    if (id === undefined) return
    void transport.send({ jsonrpc: "2.0", id, result: method === "initialize" ? handshake : { content: [] } })
  }
  return Object.assign(transport, { onmessage }).start()
}

const inProcess = (serve: InProcessOptions["serve"]): ServerOptions => ({
  ...serverDefaults,
  name: "inner",
  endpoint: { transport: "in-process", serve }
})

const official = inProcess((transport) => makeServer().connect(transport))

describe("a server in this program", () => {
  it.live("is used like any other", () =>
    onNode(
      Effect.gen(function* () {
        const client = yield* connect(official)
        assert.containsSubset(client.identity, { name: "inner", version: "1.2.3", pid: undefined })
        const { tools } = yield* client.listTools
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["echo", "wait", "leave"]
        )
        const { content } = yield* client.callTool({ name: "echo", input: { text: "hello" } })
        assert.deepStrictEqual(content, [{ type: "text", text: "hello" }])
        yield* client.ping
      })
    )
  )

  it.live("is told to stop when its call is interrupted", () =>
    onNode(
      Effect.gen(function* () {
        const cancelled = yield* Deferred.make<void>()
        const serve: InProcessOptions["serve"] = (transport) =>
          makeServer(() => Deferred.doneUnsafe(cancelled, Effect.void)).connect(transport)
        const client = yield* connect(inProcess(serve))
        const call = yield* Effect.forkChild(client.callTool({ name: "wait", input: {} }), { startImmediately: true })
        yield* client.ping
        yield* Fiber.interrupt(call)
        yield* Deferred.await(cancelled)
      })
    )
  )

  it.live("is told when the scope of its connection ends, and answers no more", () =>
    Effect.gen(function* () {
      let isOver = false
      const serve = (transport: ServerTransport) => {
        const server = makeServer()
        Object.assign(server.server, { onclose: () => (isOver = true) })
        return server.connect(transport)
      }
      const client = yield* onNode(connect(inProcess(serve)))
      assert.isTrue(isOver)
      const error = yield* Effect.flip(client.callTool({ name: "echo", input: { text: "late" } }))
      assert.strictEqual(error._tag, "ConnectionClosed")
    })
  )

  it.live("that closes the connection is lost like a process that ends", () =>
    onNode(
      Effect.gen(function* () {
        const client = yield* connect(official)
        const error = yield* Effect.flip(client.callTool({ name: "leave", input: {} }))
        assert.strictEqual(error._tag, "ToolOutcomeUnknown")
        assert.strictEqual((yield* client.closed).message, 'Server "inner" closed its output.')
      })
    )
  )

  it.live("is held to the limits on size in both directions, and goes on", () =>
    onNode(
      Effect.gen(function* () {
        const client = yield* connect({ ...official, maxRequestBytes: 5000, maxMessageBytes: 4000 })
        const echo = (length: number) => client.callTool({ name: "echo", input: { text: "x".repeat(length) } })
        assert.strictEqual((yield* Effect.flip(echo(6000)))._tag, "RequestTooLarge")
        assert.strictEqual((yield* Effect.flip(echo(4500)))._tag, "ResponseTooLarge")
        assert.isFalse((yield* echo(100)).isError)
      })
    )
  )

  it.live("that cannot be connected is a failure that names it and the cause", () =>
    onNode(
      Effect.gen(function* () {
        const server = makeServer()
        const once = inProcess((transport) => server.connect(transport))
        yield* connect(once)
        const error = yield* Effect.flip(connect(once))
        assert.strictEqual(error._tag, "ServeFailed")
        assert.include(error.message, 'Server "inner" of this program could not be connected: ')
      })
    )
  )

  it.live("cannot change what the other side holds", () =>
    onNode(
      Effect.gen(function* () {
        const input = { text: "mine" }
        const client = yield* connect(inProcess(meddle))
        yield* client.callTool({ name: "echo", input })
        assert.deepStrictEqual(input, { text: "mine" })
      })
    )
  )
})
