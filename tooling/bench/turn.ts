/**
 * What the loop itself costs: a streamed turn of two model calls and one tool call, over the same streams drained
 * and the same tool called without a loop. Model and tool are in memory, so that nothing else is measured.
 */
import { Journal, noHooks, presetLimits, runTurn } from "@signalbox/conversation"
import {
  localCall,
  makeLanguageModel,
  type Message,
  type ModelEvent,
  textMessage,
  textResult,
  type Toolbox,
  type ToolDefinition
} from "@signalbox/model"
import { Effect, Stream } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, cpuMillisOf, medians } from "./measure.ts"
import { silent } from "./silent.ts"
import { difference } from "./statistics.ts"

/** Pieces of text in each answer; each comes by itself, as from a provider that sends token by token. */
const pieces = 20

const usage = { input_tokens: 100, output_tokens: 20 }

const textEvents: ReadonlyArray<ModelEvent> = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ...Array.from({ length: pieces }, (): ModelEvent => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: "some words " }
  })),
  { type: "content_block_stop", index: 0 }
]

const callEvents: ReadonlyArray<ModelEvent> = [
  {
    type: "content_block_start",
    index: 1,
    content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} }
  },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"city":' } },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '"Bern"}' } },
  { type: "content_block_stop", index: 1 }
]

const answer = (events: ReadonlyArray<ModelEvent>, stopReason: string): Stream.Stream<ModelEvent> =>
  Stream.fromIterable<ModelEvent>([
    { type: "message_start", message: { id: "msg_1", model: "bench", usage } },
    ...events,
    { type: "message_delta", delta: { stop_reason: stopReason, stop_sequence: null }, usage },
    { type: "message_stop" }
  ]).pipe(Stream.rechunk(1))

const withCall = answer([...textEvents, ...callEvents], "tool_use")
const withoutCall = answer(textEvents, "end_turn")

const isAnswered = (messages: ReadonlyArray<Message>): boolean => messages.length > 1

const model = makeLanguageModel({
  provider: "bench",
  defaultModel: "bench",
  stream: ({ messages }) => (isAnswered(messages) ? withoutCall : withCall)
})

const weather: ToolDefinition = {
  name: "weather",
  originalName: "weather",
  description: "The weather in a city",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  annotations: { readOnlyHint: true },
  runBy: { _tag: "Host", source: "bench" },
  isTrusted: true
}

const tools = [weather]
const result = textResult("sunny")
const toolbox: Toolbox["Service"] = { list: Effect.succeed(tools), call: () => Effect.succeed(result) }

const { toolCallId: _, ...call } = localCall()

const turn = Stream.runDrain(
  runTurn({
    messages: [textMessage("user", "How is the weather in Bern?")],
    toolbox,
    model,
    limits: presetLimits,
    journal: Journal.none,
    hooks: noHooks,
    request: { system: [], maxTokens: 1000 },
    call
  })
)

const withoutLoop = Effect.gen(function* () {
  yield* Stream.runDrain(withCall)
  yield* toolbox.call("weather", { city: "Bern" }, localCall())
  yield* Stream.runDrain(withoutCall)
})

const turnsInSample = 200

const perTurn =
  <E>(work: Effect.Effect<unknown, E>) =>
  async (): Promise<number> => {
    const repeated = Effect.repeat(work, { times: turnsInSample - 1 }).pipe(Effect.provide(silent))
    return (await cpuMillisOf(() => Effect.runPromise(repeated))) / turnsInSample
  }

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const rounds = await alternate({
    rounds: 40,
    warmUp: 5,
    baseline: perTurn(withoutLoop),
    candidate: perTurn(turn)
  })
  return [
    {
      name: `a streamed turn with one tool call and 2 × ${pieces} pieces of text, CPU beyond model and tool`,
      unit: "ms",
      measured: difference(rounds),
      budget: 0.6,
      rounds: rounds.length,
      detail: medians("model and tool ms", "turn ms", rounds)
    }
  ]
}

export const turnBench: Bench = { description: "one turn of a streamed tool loop, over model and tool alone", run }
