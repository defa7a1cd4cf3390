import { assert, describe, it } from "@effect/vitest"
import { statusOf } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { SignalboxServer } from "@signalbox/server"
import { startFxLlm, tempDirectory, waitFor } from "@signalbox/testing"
import { Context, Duration, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { createServer } from "node:net"
import { once } from "node:events"
import { setTimeout } from "node:timers/promises"
import { aliased, question, readEvents, serverLayer, type Setup, startServer, writeConfig } from "./support.ts"

/** A configuration over an fx-llm that echoes, in a scope. */
const settingWith = (mcp: NonNullable<Setup["mcp"]>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const directory = await tempDirectory()
      const fxLlm = await startFxLlm()
      const config = await writeConfig(directory.path, { mcp, llmUrl: fxLlm.url, log: directory.file("log") })
      return { directory, fxLlm, config }
    }),
    ({ directory, fxLlm }) =>
      Effect.promise(async () => {
        await fxLlm.close()
        await directory[Symbol.asyncDispose]()
      })
  )

/** The same without servers. */
const setting = settingWith(false)

/** Lets time pass step by step, and what is real in between, until something is so. */
const passTime = (step: Duration.Input, isSo: () => boolean) =>
  Effect.gen(function* () {
    while (!isSo()) {
      yield* TestClock.adjust(step)
      yield* Effect.promise(() => setTimeout(50))
    }
  })

type Config = Effect.Success<typeof setting>["config"]

const listeningOn = (config: Config, server: { readonly host: string; readonly port: number }) =>
  serverLayer({ ...config, options: { ...config.options, server: { ...config.options.server, ...server } } })

describe("the address", () => {
  it.live("may only be one of this machine; others end the program with 78", () =>
    Effect.gen(function* () {
      const { config } = yield* setting
      for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com", "127.0.0.1.example.com", ""]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(listeningOn(config, { host, port: 0 }))))
        assert.strictEqual(error._tag, "UnsafeBind", host)
        assert.strictEqual(statusOf(error).exit, 78)
      }
      for (const host of ["127.0.0.1", "localhost", "::1"]) {
        const { url } = yield* SignalboxServer.pipe(
          Effect.provide(listeningOn(config, { host, port: 0 })),
          // Not every machine has this one.
          Effect.catchTag("PortInUse", () => Effect.succeed({ url: "http://[::1]:1" }))
        )
        assert.match(url, /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost):\d+$/)
      }
    }).pipe(Effect.scoped)
  )

  it.live("that is taken is named", () =>
    Effect.gen(function* () {
      const { config } = yield* setting
      const taken = createServer().listen(0, "127.0.0.1")
      yield* Effect.promise(() => once(taken, "listening"))
      yield* Effect.addFinalizer(() => Effect.sync(() => taken.close()))
      // It listens on a port.
      const { port } = taken.address() as { readonly port: number }
      const error = yield* Effect.flip(Effect.scoped(Layer.build(listeningOn(config, { host: "127.0.0.1", port }))))
      assert.strictEqual(statusOf(error).exit, 69)
      assert.include(error.message, `127.0.0.1:${port}`)
    }).pipe(Effect.scoped)
  )
})

describe("silence of the model", () => {
  it.effect("is filled with pings in a message that has begun, and the rest follows", () =>
    Effect.gen(function* () {
      const { config, fxLlm } = yield* setting
      const context = yield* Layer.build(serverLayer(config))
      const { url } = Context.get(context, SignalboxServer)
      fxLlm.use({ text: "At last.", hold: "start", usage: { inputTokens: 9, outputTokens: 2 } })
      const body = JSON.stringify({ ...aliased("Think"), stream: true })
      const asked = fetch(`${url}/v1/messages`, { method: "POST", body })
      yield* Effect.promise(() => fxLlm.waitForHeld(1))
      yield* TestClock.adjust("5 seconds")
      const response = yield* Effect.promise(() => asked)
      assert.strictEqual(response.status, 200)
      let text = ""
      const reading = (async () => {
        const decoder = new TextDecoder()
        for await (const piece of response.body ?? []) text += decoder.decode(piece, { stream: true })
      })()
      const seen = (words: string) =>
        Effect.promise(() => waitFor(() => text.includes(words), { description: words, state: () => text }))
      yield* seen("message_start")
      yield* TestClock.adjust("10 seconds")
      yield* seen("event: ping")
      yield* TestClock.adjust("10 seconds")
      fxLlm.release()
      yield* Effect.promise(() => reading)
      const events = readEvents(text)
      const names = events.map(({ event }) => event)
      assert.deepStrictEqual(
        names.filter((name) => name !== "ping"),
        [
          "message_start",
          "content_block_start",
          "content_block_delta",
          "content_block_stop",
          "message_delta",
          "message_stop"
        ]
      )
      assert.strictEqual(names.filter((name) => name === "ping").length, 2)
      assert.deepInclude(events.at(-2)?.data["usage"], { input_tokens: 9, output_tokens: 2 })
    }).pipe(Effect.scoped)
  )
})

describe("a server that hangs", () => {
  it.effect("does not keep the client waiting without a byte", () =>
    Effect.gen(function* () {
      const { config, fxLlm } = yield* settingWith({ hangInit: true })
      const { runtime } = config.options
      const slow = { connectTimeout: Duration.hours(1), shutdownTimeout: Duration.millis(100) }
      const context = yield* Layer.build(
        serverLayer({ ...config, options: { ...config.options, runtime: { ...runtime, ...slow } } })
      )
      const { url } = Context.get(context, SignalboxServer)
      fxLlm.use({ text: "Without tools." })
      let response: Response | undefined
      const asked = fetch(`${url}/v1/messages`, {
        method: "POST",
        body: JSON.stringify({ ...question("Hi"), stream: true })
      }).then((answer) => (response = answer))
      // The server has an hour, which are 720 steps: more than the answer takes on any machine.
      yield* passTime("5 seconds", () => response !== undefined)
      assert.strictEqual((yield* Effect.promise(() => asked)).status, 200)
      assert.strictEqual(fxLlm.requests.length, 0)
      let text: string | undefined
      const reading = response?.text().then((whole) => (text = whole))
      yield* passTime("1 hour", () => text !== undefined)
      yield* Effect.promise(async () => reading)
      assert.strictEqual(readEvents(text ?? "").at(-1)?.event, "message_stop")
    }).pipe(Effect.scoped)
  )
})

describe("a defect", () => {
  it.live("is told in general words, under the id that the log has", () =>
    Effect.gen(function* () {
      const { config } = yield* setting
      const lines: Array<string> = []
      const logger = Logger.map(Logger.formatJson, (line) => lines.push(line))
      const broken = Layer.effect(
        Host,
        Effect.map(Host, (host) => ({ ...host, usable: Effect.die(new Error("the secret of the house")) }))
      ).pipe(
        Layer.provide(
          Host.layer({
            config,
            environment: { FX_KEY: "sk-canary-0123456789" },
            owner: undefined,
            cacheDirectory: undefined,
            cores: 1,
            startsAll: true
          })
        ),
        Layer.provide(nodePlatform)
      )
      const server = SignalboxServer.layer(config.options.server).pipe(
        Layer.provide(broken),
        Layer.provideMerge(Logger.layer([logger]))
      )
      yield* Effect.gen(function* () {
        const { url } = yield* SignalboxServer
        for (const stream of [true, false]) {
          const response = yield* Effect.promise(() =>
            fetch(`${url}/v1/messages`, { method: "POST", body: JSON.stringify({ ...aliased("Hi"), stream }) })
          )
          assert.strictEqual(response.status, 500)
          const text = yield* Effect.promise(() => response.text())
          assert.notInclude(text, "secret")
          const requestId = response.headers.get("request-id") ?? "none"
          assert.include(text, requestId)
          assert.isTrue(lines.some((line) => line.includes(requestId) && line.includes("the secret of the house")))
        }
      }).pipe(Effect.provide(server))
    }).pipe(Effect.scoped)
  )
})

describe("a server that is closed", () => {
  it("ends what is running, its MCP calls included", async () => {
    const call = { name: "sleep", input: { milliseconds: 300_000 } }
    const server = await startServer({ script: { toolCalls: [call] } })
    try {
      const asked = server.client.messages.stream(question("Sleep")).finalMessage()
      const outcome = asked.then(
        () => "answered",
        () => "cut"
      )
      await server.mcpEvent(({ event }) => event === "call_start", "the call to begin")
      await server.runtime.dispose()
      assert.strictEqual(await outcome, "cut")
      await server.mcpEvent(({ event }) => event === "cancelled" || event === "stdin_end", "the call to be stopped")
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })
})
