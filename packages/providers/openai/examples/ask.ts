import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { textMessage } from "@signalbox/model"
import { makeOpenAi, ollamaDefaults } from "@signalbox/provider-openai"
import { startFxLlm } from "@signalbox/testing"
import { Effect } from "effect"

// A scripted upstream stands in for the server. To ask Ollama leave `baseUrl` out, and name a model that it has.
await using upstream = await startFxLlm({ script: { toolCalls: [{ name: "read_signal", input: { track: 4 } }] } })

const program = Effect.gen(function* () {
  const model = yield* makeOpenAi({ ...ollamaDefaults, baseUrl: `${upstream.url}/v1`, defaultModel: "fx-model" })
  const reply = yield* model.generate({
    model: "", // the default one
    system: [],
    messages: [textMessage("user", "May the train pass?")],
    tools: [
      {
        name: "read_signal",
        originalName: "read_signal",
        description: "Reads the signal of a track.",
        inputSchema: { type: "object", properties: { track: { type: "integer" } }, required: ["track"] },
        annotations: { readOnlyHint: true },
        runBy: { _tag: "Host", source: "signals" },
        isTrusted: true
      }
    ],
    maxTokens: 100
  })
  for (const block of reply.content) if (block.type === "tool_use") console.log(block.name, block.input)
  console.log(reply.stop_reason)
})

await Effect.runPromise(program.pipe(Effect.provide(NodeHttpClient.layerUndici)))
// => read_signal { track: 4 }
// => tool_use
