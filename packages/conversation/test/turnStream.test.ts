import { makeLanguageModel, type ModelEvent } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { runTurn, type TurnEvent } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { echo, ofType, optionsOf } from "./support.ts"

const calls = (...names: ReadonlyArray<string>) => ({
  toolCalls: names.map((name) => ({ name, input: { text: name } }))
})

describe("the stream of a turn", () => {
  it.effect("gives each piece of the answer on before the model has ended", () =>
    Effect.gen(function* () {
      const isRead = yield* Deferred.make<void>()
      const start: ReadonlyArray<ModelEvent> = [
        { type: "message_start", message: { id: "m", model: "m", usage: { input_tokens: 3, output_tokens: 0 } } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        ...["a", "b", "c"].map((text): ModelEvent => ({
          type: "content_block_delta",
          index: 0,
          delta: { type: "text_delta", text }
        }))
      ]
      const end: ReadonlyArray<ModelEvent> = [
        { type: "content_block_stop", index: 0 },
        {
          type: "message_delta",
          delta: { stop_reason: "end_turn", stop_sequence: null },
          usage: { output_tokens: 7 }
        },
        { type: "message_stop" }
      ]
      const model = makeLanguageModel({
        provider: "p",
        defaultModel: "m",
        stream: () =>
          Stream.concat(
            Stream.fromIterable(start),
            Stream.unwrap(Effect.as(Deferred.await(isRead), Stream.fromIterable(end)))
          )
      })
      const pieces: Array<string> = []
      const events = yield* runTurn(optionsOf(model)).pipe(
        Stream.tap((event) => {
          if (event.type !== "model" || event.event.type !== "content_block_delta") return Effect.void
          if (event.event.delta.type === "text_delta") pieces.push(event.event.delta.text)
          return pieces.length === 3 ? Deferred.succeed(isRead, undefined) : Effect.void
        }),
        Stream.runCollect
      )
      const result = ofType(events, "turn_end")[0]?.result
      assert.strictEqual(result?.text, "abc")
      assert.deepStrictEqual(result?.usage, { input_tokens: 3, output_tokens: 7 })
    })
  )

  it.effect("holds the model back while nobody reads", () =>
    Effect.gen(function* () {
      let made = 0
      const isStarted = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const delta: ModelEvent = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x" } }
      const model = makeLanguageModel({
        provider: "p",
        defaultModel: "m",
        stream: () => Stream.fromEffectRepeat(Effect.sync(() => (made++, delta))).pipe(Stream.take(1000))
      })
      const fiber = yield* runTurn(optionsOf(model)).pipe(
        Stream.runForEach(() => Effect.andThen(Deferred.succeed(isStarted, undefined), Deferred.await(goOn))),
        Effect.forkChild
      )
      yield* Deferred.await(isStarted)
      for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
      assert.isBelow(made, 40)
      yield* Deferred.succeed(goOn, undefined)
      const exit = yield* Fiber.await(fiber)
      assert.strictEqual(made, 1000)
      assert.strictEqual(exit._tag, "Failure")
    })
  )
})

describe("interrupting", () => {
  it.effect("in the middle of an answer stops the model's stream", () =>
    Effect.gen(function* () {
      const isStarted = yield* Deferred.make<void>()
      let isClosed = false
      const close = Effect.sync(() => {
        isClosed = true
      })
      const { model } = yield* scriptedModel([
        {
          waitFor: Effect.andThen(Deferred.succeed(isStarted, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => close)
          )
        }
      ])
      const events: Array<TurnEvent> = []
      const fiber = yield* runTurn(optionsOf(model)).pipe(
        Stream.runForEach((event) => Effect.sync(() => events.push(event))),
        Effect.forkChild
      )
      yield* Deferred.await(isStarted)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(isClosed)
      const { length } = events
      for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
      assert.strictEqual(events.length, length)
      assert.strictEqual(ofType(events, "turn_end").length, 0)
    })
  )

  it.effect("in the middle of tool calls stops all of them", () =>
    Effect.gen(function* () {
      const isRunning = yield* Deferred.make<void>()
      let running = 0
      let stopped = 0
      const stop = Effect.sync(() => {
        stopped++
      })
      const slow = {
        ...echo,
        run: () =>
          Effect.suspend(() => {
            running++
            return running === 2 ? Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never) : Effect.never
          }).pipe(Effect.onInterrupt(() => stop))
      }
      const { model } = yield* scriptedModel([calls("echo", "echo")])
      const events: Array<TurnEvent> = []
      const fiber = yield* runTurn(optionsOf(model, [slow])).pipe(
        Stream.runForEach((event) => Effect.sync(() => events.push(event))),
        Effect.forkChild
      )
      yield* Deferred.await(isRunning)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(stopped, 2)
      assert.strictEqual(ofType(events, "tool_end").length, 0)
    })
  )

  it.effect("by reading no further stops the turn as well", () =>
    Effect.gen(function* () {
      let isStopped = false
      const stop = Effect.sync(() => {
        isStopped = true
      })
      const slow = { ...echo, run: () => Effect.never.pipe(Effect.onInterrupt(() => stop)) }
      const { model } = yield* scriptedModel([calls("echo")])
      yield* runTurn(optionsOf(model, [slow])).pipe(
        Stream.takeUntil((event) => event.type === "tool_start"),
        Stream.runDrain
      )
      assert.isTrue(isStopped)
    })
  )
})
