import { ProviderOverloaded, textMessage, textOf } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"

const request = { model: "", system: [], messages: [textMessage("user", "hi")], tools: [], maxTokens: 10 }

describe("a scripted model", () => {
  it.effect("gives its replies in order and keeps what it was asked", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { text: "first", toolCalls: [{ name: "read", input: { path: "a" } }] },
        (asked) => ({ text: `you said ${textOf(asked.messages[0]?.content ?? [])}` })
      ])
      const first = yield* model.generate(request)
      assert.strictEqual(first.stop_reason, "tool_use")
      assert.deepStrictEqual(first.content[1], {
        type: "tool_use",
        id: "toolu_0_0",
        name: "read",
        input: { path: "a" }
      })
      const second = yield* model.generate(request)
      assert.strictEqual(textOf(second.content), "you said hi")
      assert.strictEqual(second.stop_reason, "end_turn")
      assert.deepStrictEqual(yield* requests, [request, request])
    })
  )

  it.effect("fails as scripted, and when there is nothing left", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([
        { error: new ProviderOverloaded({ provider: "p", reason: "busy", httpStatus: 529 }) }
      ])
      assert.strictEqual((yield* Effect.flip(model.generate(request))).code, "PROVIDER_OVERLOADED")
      const error = yield* Effect.flip(model.generate(request))
      assert.include(error.message, "there is no reply 2 in the script")
    })
  )

  it.effect("waits where the script says so", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { model, requests } = yield* scriptedModel([{ text: "late", waitFor: Deferred.await(gate) }])
      const fiber = yield* Effect.forkChild(model.generate(request), { startImmediately: true })
      assert.lengthOf(yield* requests, 1)
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(textOf((yield* Fiber.join(fiber)).content), "late")
    })
  )
})
