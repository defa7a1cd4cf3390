import { ConversationClient, presetLimits } from "@signalbox/conversation"
import { LanguageModel, textResult, Toolbox } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { Duration, Effect, Layer, Stream } from "effect"

// Any model and any tools will do: here a model with a script, and one tool of our own.
const { model } = await Effect.runPromise(
  scriptedModel([
    { text: "Let me look.", toolCalls: [{ name: "weather", input: { city: "Bern" } }] },
    { text: "It is sunny in Bern." }
  ])
)
const toolbox: Toolbox["Service"] = {
  list: Effect.succeed([
    {
      name: "weather",
      originalName: "weather",
      description: "The weather in a city",
      inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      annotations: { readOnlyHint: true },
      runBy: { _tag: "Host", source: "example" },
      isTrusted: true
    }
  ]),
  call: (_, input) => Effect.succeed(textResult(`${String(input["city"])}: sunny`))
}

const program = Effect.gen(function* () {
  const client = yield* ConversationClient
  const session = yield* client.start({ system: "You know the weather." })
  yield* session.send("How is the weather in Bern?").pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        if (event.type === "tool_start") console.log("runs", event.call.name, JSON.stringify(event.call.input))
        if (event.type === "tool_end") console.log("got", event.outcome.status)
        if (event.type === "turn_end") console.log(event.result.text, `(${event.result.finishReason})`)
      })
    )
  )
  const { messages, steps, usage } = yield* session.summary
  console.log(messages, "messages", steps, "steps", usage.output_tokens, "tokens")
})

const conversations = ConversationClient.layer({
  request: { system: [], maxTokens: 1000 },
  limits: presetLimits,
  maxSessions: 10,
  idleTimeout: Duration.minutes(30)
})
const parts = Layer.merge(LanguageModel.layer(model), Layer.succeed(Toolbox, toolbox))
await Effect.runPromise(program.pipe(Effect.provide(Layer.provide(conversations, parts))))
// => runs weather {"city":"Bern"}
// => got ok
// => It is sunny in Bern. (end_turn)
// => 4 messages 2 steps 10 tokens
