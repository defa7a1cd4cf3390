import { CorrelationId } from "@signalbox/errors"
import { emptyFold, foldEvent, type ModelReply, ProviderOverloaded, textResult } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { Journal, LogsContent, runTurn } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger, References, Result, Stream } from "effect"
import { callOf, echo, eventsOfTurn, ofType, optionsOf, resultTexts, turnOf } from "./support.ts"

const calls = (...names: ReadonlyArray<string>) => ({
  toolCalls: names.map((name) => ({ name, input: { text: name } }))
})

describe("hooks", () => {
  it.effect("may replace the request and the reply of a model call", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "secret" }])
      const result = yield* turnOf(model, [], {
        hooks: {
          beforeModel: (request, step) => Effect.succeed({ ...request, maxTokens: 7 + step }),
          afterModel: (reply) => Effect.succeed({ ...reply, content: [{ type: "text", text: "masked" }] })
        }
      })
      assert.strictEqual((yield* requests)[0]?.maxTokens, 8)
      assert.strictEqual(result.text, "masked")
    })
  )

  it.effect("may end the turn with an error of the model", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "never" }])
      const error = new ProviderOverloaded({ provider: "p", reason: "no budget", httpStatus: 529 })
      const outcome = yield* Effect.result(turnOf(model, [], { hooks: { beforeModel: () => Effect.fail(error) } }))
      assert.isTrue(Result.isFailure(outcome))
      assert.strictEqual((yield* requests).length, 0)
    })
  )
})

describe("the journal of a turn", () => {
  it.effect("has deterministic ids, and safety by what a trusted tool promises", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      const { model } = yield* scriptedModel([calls("write", "read", "claims"), { text: "done" }])
      yield* turnOf(
        model,
        [
          { name: "write" },
          { name: "read", annotations: { readOnlyHint: true } },
          { name: "claims", annotations: { readOnlyHint: true }, isTrusted: false }
        ],
        { journal, turnId: "t" }
      )
      assert.deepStrictEqual(
        (yield* journal.records).map(({ id, safety, state }) => [id, safety, state]),
        [
          ["t/1/model", "safe", "done"],
          ["t/1/tool/0", "unsafe", "done"],
          ["t/1/tool/1", "safe", "done"],
          ["t/1/tool/2", "unsafe", "done"],
          ["t/2/model", "safe", "done"]
        ]
      )
    })
  )

  it.effect("gives a turn that is run again the same events without asking anybody", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      let runs = 0
      const counting = { ...echo, run: () => Effect.sync(() => (runs++, textResult("once"))) }
      const { model, requests } = yield* scriptedModel([{ text: "look", ...calls("echo") }, { text: "done" }])
      const first = yield* eventsOfTurn(model, [counting], { journal })
      const again = yield* eventsOfTurn(model, [counting], { journal })
      assert.strictEqual((yield* requests).length, 2)
      assert.strictEqual(runs, 1)
      assert.deepStrictEqual(
        again.map(({ type }) => type),
        first.map(({ type }) => type)
      )
      assert.deepStrictEqual(
        ofType(again, "turn_end")[0]?.result.messages,
        ofType(first, "turn_end")[0]?.result.messages
      )
      const refolded = ofType(again, "model")
        .filter(({ step }) => step === 1)
        .reduce((fold, { event }) => foldEvent(fold, event), emptyFold)
      assert.isTrue(refolded.isComplete)
      const reply: ModelReply = refolded.reply
      assert.deepStrictEqual(
        reply.content.map(({ type }) => type),
        ["text", "tool_use"]
      )
    })
  )

  it.effect("tells the model of a call whose outcome nobody knows, and does not run it again", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      const isRunning = yield* Deferred.make<void>()
      let runs = 0
      const hanging = {
        ...echo,
        run: () => Effect.suspend(() => (runs++, Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never)))
      }
      const { model } = yield* scriptedModel([calls("echo"), { text: "I will check" }])
      const options = optionsOf(model, [hanging], { journal })
      const fiber = yield* Effect.forkChild(Stream.runDrain(runTurn(options)))
      yield* Deferred.await(isRunning)
      yield* Fiber.interrupt(fiber)
      const result = yield* turnOf(model, [hanging], { journal })
      assert.strictEqual(runs, 1)
      assert.strictEqual(result.steps[0]?.outcomes[0]?.code, "JOURNAL_OUTCOME_UNKNOWN")
      assert.include(resultTexts(result.messages[1])[0], "may or may not have taken effect")
    })
  )
})

describe("log lines of a turn", () => {
  it.effect("name conversation, step, tool and call, carry the correlation id, and hold no content", () =>
    Effect.gen(function* () {
      const lines: Array<{
        readonly annotations: Record<string, unknown>
        readonly id: unknown
        readonly text: string
      }> = []
      const logger = Logger.make(({ fiber, message }) => {
        lines.push({
          annotations: fiber.getRef(References.CurrentLogAnnotations),
          id: fiber.getRef(CorrelationId),
          text: JSON.stringify(message)
        })
      })
      const { model } = yield* scriptedModel([
        { toolCalls: ["x", "y"].map((id) => ({ name: "echo", input: { text: "private" }, id })) },
        { text: "private" }
      ])
      const logging = { ...echo, run: () => Effect.as(Effect.logInfo("inside"), textResult("private")) }
      yield* turnOf(model, [logging], { call: callOf({ correlationId: "corr" }) }).pipe(
        Effect.provide(Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Debug")))
      )
      const inside = lines.filter(({ text }) => text.includes("inside"))
      assert.deepStrictEqual(
        inside.map(({ annotations }) => annotations),
        ["x", "y"].map((id) => ({
          conversation_id: "c1",
          message_count: 1,
          step: 1,
          tool_name: "echo",
          tool_call_id: id,
          input_keys: ["text"]
        }))
      )
      assert.isTrue(lines.every(({ annotations, id }) => id === "corr" && annotations["conversation_id"] === "c1"))
      assert.isFalse(lines.some(({ text }) => text.includes("private")))
      assert.lengthOf(
        lines.filter(({ text }) => text.includes('"characters":7')),
        3
      )
    })
  )

  it.effect("hold the beginning of what was said where that is wanted", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      const { model } = yield* scriptedModel([
        { toolCalls: [{ name: "echo", input: { text: "r".repeat(201) } }] },
        { text: "t".repeat(501) }
      ])
      yield* turnOf(model, [echo]).pipe(
        Effect.provideService(LogsContent, true),
        Effect.provide(Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Debug")))
      )
      const text = JSON.stringify(lines)
      assert.include(text, `"characters":201,"result":"${"r".repeat(200)}…"`)
      assert.include(text, `"characters":501,"text":"${"t".repeat(500)}…"`)
    })
  )
})
