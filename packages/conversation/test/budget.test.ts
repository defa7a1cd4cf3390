import { type Budget, makeLanguageModel, type ModelEvent, textMessage, textOf } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { collectTurn, runTurn } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { echo, ofType, optionsOf, unanswered } from "./support.ts"

const within = (budget: Budget, ...[model, tools]: Parameters<typeof optionsOf>) => {
  const options = optionsOf(model, tools)
  return runTurn({ ...options, limits: { ...options.limits, budget: { budget } } })
}
const start: ModelEvent = {
  type: "message_start",
  message: { id: "msg_1", model: "fx", usage: { input_tokens: 10, output_tokens: 0 } }
}
/** A model that says these things one by one, and would never come to an end. */
const endless = (...events: ReadonlyArray<ModelEvent>) =>
  makeLanguageModel({
    provider: "fx",
    defaultModel: "fx",
    stream: () => Stream.concat(Stream.rechunk(Stream.make(start, ...events), 1), Stream.never)
  })
const opened = (content_block: Extract<ModelEvent, { type: "content_block_start" }>["content_block"]): ModelEvent => ({
  type: "content_block_start",
  index: 0,
  content_block
})
const text = (piece: string): ModelEvent => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: piece }
})
const sixteen = "word ".repeat(16)

describe("a turn within a budget", () => {
  it.effect("ends with the text that had come when the budget is used up during an answer", () =>
    Effect.gen(function* () {
      const model = endless(opened({ type: "text", text: "" }), text(sixteen), text(sixteen), text(sixteen), text("no"))
      const events = yield* Stream.runCollect(within({ maxTokens: 60 }, model))
      const result = ofType(events, "turn_end")[0]?.result
      assert.strictEqual(result?.finishReason, "budget_exceeded")
      assert.strictEqual(result?.text, sixteen.repeat(3))
      assert.deepStrictEqual(result?.messages, [textMessage("assistant", sixteen.repeat(3))])
      assert.deepStrictEqual(result?.usage, { input_tokens: 10, output_tokens: 60 })
      assert.deepStrictEqual(
        ofType(events, "model")
          .slice(-3)
          .map(({ event }) => event.type),
        ["content_block_stop", "message_delta", "message_stop"]
      )
    })
  )

  it.effect("does not run a call whose arguments were cut off, and answers it", () =>
    Effect.gen(function* () {
      const model = endless(
        opened({ type: "tool_use", id: "call_1", name: "echo", input: {} }),
        {
          type: "content_block_delta",
          index: 0,
          delta: { type: "input_json_delta", partial_json: `{"text":"${sixteen.repeat(5)}` }
        },
        { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '"}' } }
      )
      const result = yield* collectTurn(within({ maxTokens: 80 }, model, [echo]))
      assert.strictEqual(result.finishReason, "budget_exceeded")
      assert.deepStrictEqual(
        result.steps[0]?.outcomes.map(({ status }) => status),
        ["not_run"]
      )
      assert.deepStrictEqual(unanswered(result.messages), [])
    })
  )

  it.effect("keeps the steps before a call that does not fit any more, and says why it ended", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ toolCalls: [{ name: "echo", input: { text: "a" } }] }, { text: "no" }])
      const events = yield* Stream.runCollect(within({ maxHops: 1 }, script.model, [echo]))
      const result = ofType(events, "turn_end")[0]?.result
      assert.isDefined(result)
      if (result === undefined) return
      assert.strictEqual(result.finishReason, "budget_exceeded")
      assert.lengthOf(result.steps, 1)
      assert.lengthOf(yield* script.requests, 1)
      const [notice] = ofType(events, "notice")
      assert.strictEqual(notice?.code, "BUDGET_EXCEEDED")
      const last = result.messages.at(-1)
      assert.strictEqual(last?.role, "assistant")
      assert.strictEqual(textOf(last?.content ?? []), notice?.text)
    })
  )

  it.effect("ends when its time is up, though the model says nothing", () =>
    Effect.gen(function* () {
      const silent = makeLanguageModel({ provider: "fx", defaultModel: "fx", stream: () => Stream.never })
      const turn = yield* Effect.forkChild(collectTurn(within({ maxSeconds: 5 }, silent)))
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* Fiber.join(turn)).finishReason, "budget_exceeded")
    })
  )

  it.effect("stops a tool that runs when its time is up, and asks no model any more", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ toolCalls: [{ name: "wait", input: { text: "a" } }] }, { text: "no" }])
      const started = yield* Deferred.make<void>()
      const stopped = yield* Deferred.make<void>()
      const run = () =>
        Effect.onInterrupt(Effect.andThen(Deferred.succeed(started, undefined), Effect.never), () =>
          Deferred.succeed(stopped, undefined)
        )
      const wait = { ...echo, name: "wait", run }
      const turn = yield* Effect.forkChild(collectTurn(within({ maxSeconds: 5 }, script.model, [wait])))
      yield* Deferred.await(started)
      yield* TestClock.adjust("6 seconds")
      const result = yield* Fiber.join(turn)
      assert.isTrue(yield* Deferred.isDone(stopped))
      assert.strictEqual(result.finishReason, "budget_exceeded")
      assert.deepStrictEqual(
        result.steps[0]?.outcomes.map(({ status }) => status),
        ["timeout"]
      )
      assert.lengthOf(yield* script.requests, 1)
      assert.deepStrictEqual(unanswered(result.messages), [])
    })
  )

  it.effect("has a budget of its own each time", () =>
    Effect.gen(function* () {
      const script = yield* scriptedModel([{ text: "one" }, { text: "two" }])
      for (const text of ["one", "two"]) {
        const result = yield* collectTurn(within({ maxHops: 1 }, script.model))
        assert.strictEqual(result.text, text)
      }
    })
  )
})
