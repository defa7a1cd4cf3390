import * as NodeServices from "@effect/platform-node/NodeServices"
import { collectTurn, ConversationClient, presetLimits } from "@signalbox/conversation"
import {
  describeDifference,
  makePlayer,
  makeRecorder,
  playedTools,
  playTurn,
  readCassette,
  recordConversations,
  recordedConversation,
  recordedTools,
  turnsOf
} from "@signalbox/conversation/replay"
import { LanguageModel, textResult, Toolbox } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { Duration, Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "signalbox-replay-"))
const file = join(folder, "weather.cassette")

/** A tool that gives another answer each day, and needs a key for it. */
const weather: Toolbox["Service"] = {
  list: Effect.succeed([
    {
      name: "weather",
      originalName: "weather",
      description: "The weather of today",
      inputSchema: { type: "object" },
      annotations: {},
      runBy: { _tag: "Host", source: "program" },
      isTrusted: true
    }
  ]),
  call: () => Effect.succeed(textResult(`Snow, by the key ${process.env["WEATHER_KEY"] ?? "s3cret-weather"}`))
}

/** Conversations with a model that asks for the weather, then says something. */
const clientOver = (toolbox: Toolbox["Service"], answer: string) =>
  Effect.gen(function* () {
    const call = { name: "weather", input: {} }
    const { model } = yield* scriptedModel([{ toolCalls: [call] }, { text: answer }])
    const layer = ConversationClient.layer({
      request: { system: [], maxTokens: 1000 },
      limits: presetLimits,
      maxSessions: 10,
      idleTimeout: Duration.minutes(30)
    }).pipe(Layer.provide([LanguageModel.layer(model), Layer.succeed(Toolbox, toolbox)]))
    return yield* Effect.provide(ConversationClient, layer)
  })

const record = Effect.gen(function* () {
  const secrets = [process.env["WEATHER_KEY"] ?? "s3cret-weather"]
  const recorder = yield* makeRecorder({ file, program: "weather 1.0", subject: {}, secrets })
  const client = recordConversations(recorder, yield* clientOver(recordedTools(recorder)(weather), "Take a coat."))
  console.log((yield* client.ask("How is it in Bern?")).text)
}).pipe(Effect.scoped)

/** By another version, whose model may say something else; the tool is not called. */
const replay = (answer: string) =>
  Effect.gen(function* () {
    const cassette = yield* readCassette(file)
    const player = makePlayer(cassette, { mode: "lenient" })
    const client = yield* clientOver(playedTools(player)(weather), answer)
    for (const turn of turnsOf(cassette)) {
      const session = yield* client.start(recordedConversation(cassette, turn.conversation))
      const { steps } = yield* collectTurn(playTurn(player, session, turn))
      console.log(JSON.stringify(steps[0]?.outcomes[0]?.result.content))
    }
    for (const difference of player.differences()) console.log(describeDifference(difference))
  }).pipe(Effect.scoped)

const program = Effect.gen(function* () {
  yield* record
  yield* replay("Take a coat.")
  yield* replay("Take an umbrella.")
})

await Effect.runPromise(program.pipe(Effect.provide(NodeServices.layer)))
// => Take a coat.
// => [{"type":"text","text":"Snow, by the key <redacted>"}]
// => [{"type":"text","text":"Snow, by the key <redacted>"}]
// => turn 1: the event step_end differs: text: recorded "Take a coat.", now "Take an umbrella."
rmSync(folder, { recursive: true })
