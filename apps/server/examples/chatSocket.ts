// A conversation over a WebSocket: it is left, and goes on.
//
// A client sends  {action: "chat", request_id, payload: {text, model?, streaming?, metadata?}},
//                 {action: "cancel" | "ping" | "history", request_id}
// The server sends {v: 1, request_id, status, chunk?, error?, metadata?}, with these as `status`:
//   processing  the turn begins, or a tool does or ends (`chunk.type` "tool_execution"), or there is a notice
//   chunk       a piece of the answer; all of it where `streaming` is false
//   complete    with usage, finish_reason, conversation_id and whether the answer was given before (`cached`)
//   error       {code, message, retryable, data}; the socket stays open
//   cancelled   after `cancel`, when everything has stopped
import { Host, loadConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { SignalboxServer } from "@signalbox/server"
import { startFxLlm, tempDirectory } from "@signalbox/testing"
import { Effect, Layer, Logger } from "effect"
import { writeFile } from "node:fs/promises"

// In place of a real model: one that follows a script, so that this runs offline.
await using fxLlm = await startFxLlm({ script: [{ text: "Hello, Ada." }, { text: "You are Ada." }] })
await using directory = await tempDirectory()
await writeFile(
  directory.file("signalbox.yaml"),
  // YAML may be written as JSON.
  JSON.stringify({
    extends: "preset:default@1",
    model: { provider: "claude" },
    providers: { claude: { apiKey: "any", baseUrl: fxLlm.url } },
    server: { port: 0 },
    servers: {}
  })
)

const ask = (url: string, requestId: string, text: string) =>
  new Promise<void>((resolve) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws/chat?conversation_id=greeting`)
    let answer = ""
    socket.addEventListener("open", () =>
      socket.send(JSON.stringify({ action: "chat", request_id: requestId, payload: { text } }))
    )
    socket.addEventListener("message", ({ data }) => {
      const { chunk, metadata, status } = JSON.parse(String(data))
      if (status === "chunk") answer += chunk.data
      if (status !== "complete") return
      console.log(metadata.cached ? `${answer} (as before)` : answer)
      socket.close()
    })
    socket.addEventListener("close", () => resolve())
  })

const program = Effect.gen(function* () {
  const { url } = yield* SignalboxServer
  yield* Effect.promise(async () => {
    await ask(url, "1", "I am Ada.")
    await ask(url, "2", "Who am I?")
    await ask(url, "1", "I am Ada.")
  })
})

const config = await Effect.runPromise(
  loadConfig({
    file: undefined,
    directory: directory.path,
    environment: {},
    flags: [],
    whenMissing: "fail"
  }).pipe(Effect.provide(nodePlatform))
)
const host = Host.layer({
  config,
  environment: {},
  owner: undefined,
  cacheDirectory: undefined,
  cores: 2,
  startsAll: false
})
const server = SignalboxServer.layer(config.options.server).pipe(
  Layer.provide(host),
  Layer.provide(nodePlatform),
  Layer.provide(Logger.layer([]))
)
await Effect.runPromise(program.pipe(Effect.provide(server)))

// => Hello, Ada.
// => You are Ada.
// => Hello, Ada. (as before)
