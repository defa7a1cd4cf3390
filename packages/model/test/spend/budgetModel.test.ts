import {
  type Budget,
  budgetModel,
  BudgetExceeded,
  makeBudgetMeter,
  makeLanguageModel,
  type ModelError,
  type ModelEvent,
  textMessage
} from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { requestWith } from "../requests.ts"

const prices = () => ({ input: 3, output: 15 })
const usage = { input_tokens: 1000, output_tokens: 500 }
const within = Effect.fnUntraced(function* (budget: Budget, answers = 5) {
  const script = yield* scriptedModel(Array.from({ length: answers }, () => ({ text: "hi", usage })))
  const meter = yield* makeBudgetMeter({ budget, prices })
  return { meter, model: budgetModel(meter)(script.model), requests: script.requests }
})
const start: ModelEvent = {
  type: "message_start",
  message: { id: "msg_1", model: "fx", usage: { input_tokens: 10, output_tokens: 0 } }
}
const text = (piece: string): ModelEvent => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text: piece }
})
const streaming = (stream: Stream.Stream<ModelEvent, ModelError>) =>
  makeLanguageModel({ provider: "fx", defaultModel: "fx", stream: () => stream })
const exceeded = (error: ModelError): BudgetExceeded => {
  assert.instanceOf(error, BudgetExceeded)
  return error
}

describe("a budget", () => {
  it.effect("counts what calls have used", () =>
    Effect.gen(function* () {
      const { meter, model } = yield* within({})
      yield* model.generate(requestWith())
      yield* Stream.runDrain(model.stream(requestWith()))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* meter.spent, { costUsd: 0.021, tokens: 3000, seconds: 2, hops: 2 })
    })
  )

  it.effect.each([
    { budget: { maxHops: 1 }, spent: 2 },
    { budget: { maxTokens: 1500 }, spent: 1502 },
    { budget: { maxCostUsd: 0.0105 }, spent: 0.010506 }
  ])("refuses a call that cannot fit: $budget", ({ budget, spent }) =>
    Effect.gen(function* () {
      const { model, requests } = yield* within(budget)
      yield* model.generate(requestWith())
      const error = exceeded(yield* Effect.flip(Stream.runDrain(model.stream(requestWith()))))
      assert.strictEqual(error.limitName, Object.keys(budget)[0])
      assert.isFalse(error.duringCall)
      assert.closeTo(error.spent, spent, 1e-9)
      assert.strictEqual(error.code, "BUDGET_EXCEEDED")
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("refuses a request that is too large for it from the beginning", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* within({ maxTokens: 100 })
      const large = requestWith({ messages: [textMessage("user", "word ".repeat(1000))] })
      assert.strictEqual(exceeded(yield* Effect.flip(model.generate(large))).limitName, "maxTokens")
      assert.lengthOf(yield* requests, 0)
    })
  )

  it.effect("refuses a call after its time", () =>
    Effect.gen(function* () {
      const { model } = yield* within({ maxSeconds: 5 })
      yield* TestClock.adjust("6 seconds")
      assert.deepInclude(
        { ...exceeded(yield* Effect.flip(model.generate(requestWith()))) },
        { limitName: "maxSeconds" }
      )
    })
  )

  it.effect("does not limit what it does not name", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* within({}, 5)
      yield* Effect.replicateEffect(model.generate(requestWith()), 5)
      assert.lengthOf(yield* requests, 5)
    })
  )
})

describe("a stream within a budget", () => {
  it.effect("is ended where its text passes the limit, after what had come", () =>
    Effect.gen(function* () {
      const meter = yield* makeBudgetMeter({ budget: { maxTokens: 60 } })
      const endless = Stream.concat(
        Stream.make(start),
        Stream.fromIterable(Array.from({ length: 9 }, () => text("word ".repeat(16))))
      )
      const model = budgetModel(meter)(streaming(endless.pipe(Stream.rechunk(1))))
      const seen: Array<ModelEvent> = []
      const reading = Stream.runForEach(model.stream(requestWith()), (event) =>
        Effect.sync(() => void seen.push(event))
      )
      const error = exceeded(yield* Effect.flip(reading))
      // 10 of input and 20 for each piece: the third one is too much.
      assert.lengthOf(seen, 4)
      assert.deepInclude({ ...error }, { limitName: "maxTokens", limit: 60, spent: 70, duringCall: true })
      assert.strictEqual((yield* meter.spent).tokens, 70)
    })
  )

  it.effect("is ended when its time is up, though nothing comes", () =>
    Effect.gen(function* () {
      const meter = yield* makeBudgetMeter({ budget: { maxSeconds: 3 } })
      const model = budgetModel(meter)(streaming(Stream.concat(Stream.make(start), Stream.never)))
      const reading = yield* Effect.forkChild(Effect.flip(Stream.runDrain(model.stream(requestWith()))))
      yield* TestClock.adjust("4 seconds")
      assert.deepInclude({ ...exceeded(yield* Fiber.join(reading)) }, { limitName: "maxSeconds", duringCall: true })
    })
  )

  it.effect("is whole when it has reported its end, and the next call is refused", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* within({ maxTokens: 1100 })
      yield* Stream.runDrain(model.stream(requestWith()))
      exceeded(yield* Effect.flip(model.generate(requestWith())))
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("shares the budget with others at the same time", () =>
    Effect.gen(function* () {
      const meter = yield* makeBudgetMeter({ budget: { maxTokens: 1005 } })
      const script = yield* scriptedModel([{ text: "hi", usage }])
      const waiting = budgetModel(meter)(
        streaming(
          Stream.concat(
            Stream.make({
              ...start,
              message: { id: "m", model: "fx", usage: { input_tokens: 1004, output_tokens: 0 } }
            }),
            Stream.never
          )
        )
      )
      yield* Effect.forkChild(Stream.runDrain(waiting.stream(requestWith())))
      yield* TestClock.adjust("1 second")
      exceeded(yield* Effect.flip(budgetModel(meter)(script.model).generate(requestWith())))
    })
  )
})

it.effect("A whole answer is ended when its time is up", () =>
  Effect.gen(function* () {
    const meter = yield* makeBudgetMeter({ budget: { maxSeconds: 3 } })
    const model = budgetModel(meter)(streaming(Stream.never))
    const asking = yield* Effect.forkChild(Effect.flip(model.generate(requestWith())))
    yield* TestClock.adjust("4 seconds")
    exceeded(yield* Fiber.join(asking))
  })
)
