// The official Anthropic client, a tool that the server runs and a tool of our own, in one answer.
import Anthropic from "@anthropic-ai/sdk"
import { Host, loadConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { SignalboxServer } from "@signalbox/server"
import { fxMcpCommand, startFxLlm, tempDirectory } from "@signalbox/testing"
import { Effect, Layer, Logger } from "effect"
import { writeFile } from "node:fs/promises"

// In place of a real model: one that follows a script, so that this runs offline.
await using fxLlm = await startFxLlm({
  script: [
    {
      text: "I add them and look into the file.",
      toolCalls: [
        { name: "add", input: { a: 19, b: 23 } },
        { name: "read_file", input: { path: "a.txt" } }
      ]
    },
    { text: "The sum is 42, and a.txt says hello." }
  ]
})

await using directory = await tempDirectory()
await writeFile(
  directory.file("signalbox.yaml"),
  // YAML may be written as JSON.
  JSON.stringify({
    extends: "preset:default@1",
    model: { provider: "claude" },
    providers: { claude: { apiKey: "any", baseUrl: fxLlm.url } },
    server: { port: 0 },
    servers: { calculator: { enabled: true, transport: "stdio", env: {}, ...fxMcpCommand({ tools: "add" }) } }
  })
)

const converse = async (baseURL: string) => {
  const client = new Anthropic({ baseURL, apiKey: "any" })
  const messages: Array<Anthropic.MessageParam> = [{ role: "user", content: "What is 19 + 23, and what is in a.txt?" }]
  const ask = () =>
    client.messages
      .stream({
        model: "fx-model",
        max_tokens: 1000,
        messages,
        tools: [{ name: "read_file", input_schema: { type: "object", properties: { path: { type: "string" } } } }]
      })
      .finalMessage()

  const first = await ask()
  console.log(first.content.map(({ type }) => type).join(", "))
  // => text, mcp_tool_use, tool_use, mcp_tool_result
  console.log(first.stop_reason)
  // => tool_use

  const call = first.content.find((block) => block.type === "tool_use")
  messages.push(
    { role: "assistant", content: first.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "hello" }] }
  )
  for (const block of (await ask()).content) if (block.type === "text") console.log(block.text)
  // => The sum is 42, and a.txt says hello.
}

const program = Effect.gen(function* () {
  const config = yield* loadConfig({
    file: undefined,
    directory: directory.path,
    environment: {},
    flags: [],
    whenMissing: "fail"
  })
  const host = Host.layer({
    config,
    environment: {},
    owner: undefined,
    cacheDirectory: undefined,
    cores: 2,
    startsAll: true
  })
  const server = SignalboxServer.layer(config.options.server).pipe(Layer.provide(host))
  yield* Effect.provide(
    Effect.flatMap(SignalboxServer, ({ url }) => Effect.promise(() => converse(url))),
    server
  )
})

await Effect.runPromise(program.pipe(Effect.provide([nodePlatform, Logger.layer([])])))
