import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { textMessage } from "@signalbox/model"
import { claudeDefaults, makeClaude } from "@signalbox/provider-claude"
import { startFxLlm } from "@signalbox/testing"
import { Effect, Redacted, Stream } from "effect"

// A scripted upstream stands in for the API. To ask Anthropic leave `baseUrl` out, and name one of its models.
await using upstream = await startFxLlm({ script: { text: ["The line", " is clear."] } })

const program = Effect.gen(function* () {
  const claude = yield* makeClaude({
    ...claudeDefaults,
    apiKey: Redacted.make("sk-ant-example"),
    baseUrl: upstream.url,
    defaultModel: "fx-model"
  })
  const request = {
    model: "", // the default one
    system: [{ type: "text" as const, text: "Answer in one sentence." }],
    messages: [textMessage("user", "May the train pass?")],
    tools: [],
    maxTokens: 100
  }
  yield* claude.stream(request).pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") console.log(event.delta.text)
        if (event.type === "message_delta") console.log(event.delta.stop_reason)
      })
    )
  )
})

await Effect.runPromise(program.pipe(Effect.provide(NodeHttpClient.layerUndici)))
// => The line
// =>  is clear.
// => end_turn
