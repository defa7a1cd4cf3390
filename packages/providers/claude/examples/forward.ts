import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { claudeDefaults, forward } from "@signalbox/provider-claude"
import { startFxLlm } from "@signalbox/testing"
import { Effect, Redacted, Stream } from "effect"
import { HttpClient } from "effect/http"

// A scripted upstream stands in for the API.
await using upstream = await startFxLlm({ script: { text: "The line is clear." } })

const program = Effect.gen(function* () {
  const answer = yield* forward({
    client: yield* HttpClient.HttpClient,
    options: {
      ...claudeDefaults,
      apiKey: Redacted.make("sk-ant-example"),
      baseUrl: upstream.url,
      defaultModel: "fx-model"
    },
    request: {
      method: "POST",
      path: "/v1/messages",
      headers: { "content-type": "application/json", "x-api-key": "the caller's, which stays here" },
      body: new TextEncoder().encode(
        '{ "model":"big", "max_tokens":9, "messages":[{"role":"user","content":"Clear?"}] }'
      ),
      model: "fx-model"
    }
  })
  console.log(answer.status, answer.headers["content-type"])
  const text = yield* Stream.mkString(Stream.decodeText(answer.body))
  console.log(text.includes("The line is clear."))
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
console.log(upstream.requests[0]?.rawBody)
// => 200 application/json
// => true
// => { "model":"fx-model", "max_tokens":9, "messages":[{"role":"user","content":"Clear?"}] }
