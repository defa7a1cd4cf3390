import { collectReply, eventsOf, LanguageModel, makeLanguageModel, type ModelReply } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const reply: ModelReply = {
  id: "msg_1",
  model: "m",
  content: [{ type: "text", text: "hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 }
}
const request = { model: "", system: [], messages: [], tools: [], maxTokens: 10 }

describe("a language model", () => {
  it.effect("made from a stream answers as a whole with the fold of it", () =>
    Effect.gen(function* () {
      const model = makeLanguageModel({
        provider: "p",
        defaultModel: "m",
        stream: () => Stream.fromIterable(eventsOf(reply))
      })
      assert.deepStrictEqual(yield* model.generate(request), reply)
    })
  )

  it.effect("may bring its own way to answer as a whole", () =>
    Effect.gen(function* () {
      const model = makeLanguageModel({
        provider: "p",
        defaultModel: "m",
        stream: () => Stream.empty,
        generate: () => Effect.succeed(reply)
      })
      const answer = yield* Effect.gen(function* () {
        return yield* (yield* LanguageModel).generate(request)
      }).pipe(Effect.provide(LanguageModel.layer(model)))
      assert.deepStrictEqual(answer, reply)
    })
  )

  it.effect("whose stream stops without an end has failed", () =>
    Effect.gen(function* () {
      const broken = Stream.fromIterable(eventsOf(reply).slice(0, -1))
      const error = yield* Effect.flip(collectReply("p", broken))
      assert.strictEqual(error.code, "STREAM_INTERRUPTED")
      assert.isTrue(error.retryable)
    })
  )
})
