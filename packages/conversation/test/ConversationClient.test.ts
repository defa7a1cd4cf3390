import { LanguageModel, Toolbox } from "@signalbox/model"
import { scriptedModel, type ScriptedReply } from "@signalbox/model/testing"
import { collectTurn, ConversationClient, type ConversationOptions, presetLimits } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Result, Scope } from "effect"
import { TestClock } from "effect/testing"
import { echo, toolboxOf } from "./support.ts"

const options: ConversationOptions = {
  request: { system: [{ type: "text", text: "Be brief." }], maxTokens: 100 },
  limits: presetLimits,
  maxSessions: 3,
  idleTimeout: Duration.minutes(30)
}

const withClient = (replies: ReadonlyArray<ScriptedReply>, given: Partial<ConversationOptions> = {}) =>
  Effect.gen(function* () {
    const { model, requests } = yield* scriptedModel(replies)
    const parts = Layer.merge(LanguageModel.layer(model), Layer.succeed(Toolbox, toolboxOf(echo)))
    const built = yield* Layer.build(Layer.provide(ConversationClient.layer({ ...options, ...given }), parts))
    return { client: Context.get(built, ConversationClient), requests }
  })

describe("the conversations of a program", () => {
  it.effect("are started, found, listed and closed by id", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient([])
      const session = yield* client.start({ id: "a" })
      const other = yield* client.start()
      assert.match(other.id, /^conv_[0-9a-z]{20}$/)
      assert.strictEqual(yield* client.get("a"), session)
      assert.deepStrictEqual(
        (yield* client.list).map(({ id }) => id),
        ["a", other.id]
      )
      assert.strictEqual((yield* Effect.flip(client.start({ id: "a" }))).code, "SESSION_EXISTS")
      yield* client.close("a")
      assert.strictEqual((yield* Effect.flip(client.get("a"))).code, "SESSION_NOT_FOUND")
      assert.strictEqual((yield* Effect.flip(client.close("a"))).code, "SESSION_NOT_FOUND")
      yield* other.close
      assert.deepStrictEqual(yield* client.list, [])
      yield* client.start({ id: "a" })
    })
  )

  it.effect("say once when one has been closed, by whoever and for whom", () =>
    Effect.gen(function* () {
      const closed: Array<string> = []
      const { client } = yield* withClient([{ text: "a" }], {
        onClose: ({ conversationId, principal }) => Effect.sync(() => closed.push(`${principal}/${conversationId}`))
      })
      const session = yield* client.start({ id: "a", principal: "ann" })
      yield* session.close
      yield* session.close
      yield* client.start({ id: "b" })
      yield* TestClock.adjust("31 minutes")
      assert.deepStrictEqual(yield* client.list, [])
      assert.deepStrictEqual(closed, ["ann/a", "local/b"])
      yield* client.ask("hi")
      assert.lengthOf(closed, 3)
    })
  )

  it.effect("have a system prompt of the client, or of their own", () =>
    Effect.gen(function* () {
      const { client, requests } = yield* withClient([{ text: "a" }, { text: "b" }])
      yield* client.ask("hi")
      yield* client.ask("hi", { system: "Be rude.", request: { maxTokens: 5 } })
      assert.deepStrictEqual(
        (yield* requests).map(({ maxTokens, system }) => [system[0]?.text, maxTokens]),
        [
          ["Be brief.", 100],
          ["Be rude.", 5]
        ]
      )
    })
  )

  it.effect("are limited in number", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient([])
      yield* Effect.forEach(["a", "b", "c"], (id) => client.start({ id }))
      const error = yield* Effect.flip(client.start())
      assert.strictEqual(error.code, "TOO_MANY_SESSIONS")
      yield* client.close("b")
      yield* client.start()
    })
  )

  it.effect("leave nothing behind after one question and answer, a thousand times", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient(Array.from({ length: 1000 }, () => ({ text: "hi" })))
      for (let count = 0; count < 1000; count++) {
        assert.strictEqual((yield* client.ask("hello")).text, "hi")
      }
      assert.deepStrictEqual(yield* client.list, [])
    })
  )

  it.effect("leave nothing behind after a question that fails", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient([])
      assert.isTrue(Result.isFailure(yield* Effect.result(client.ask("hello"))))
      assert.deepStrictEqual(yield* client.list, [])
    })
  )

  it.effect("expire when nobody uses them, and not while a turn runs", () =>
    Effect.gen(function* () {
      const isStarted = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const waitFor = Effect.andThen(Deferred.succeed(isStarted, undefined), Deferred.await(goOn))
      const { client } = yield* withClient([{ text: "hi", waitFor }])
      const busy = yield* client.start({ id: "busy" })
      yield* client.start({ id: "idle" })
      const fiber = yield* Effect.forkChild(collectTurn(busy.send("hello")))
      yield* Deferred.await(isStarted)
      yield* TestClock.adjust("29 minutes")
      assert.strictEqual((yield* client.list).length, 2)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        (yield* client.list).map(({ id }) => id),
        ["busy"]
      )
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(fiber)
      yield* TestClock.adjust("29 minutes")
      yield* client.get("busy")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Effect.flip(client.get("busy"))).code, "SESSION_NOT_FOUND")
    })
  )

  it.effect("expire on time, whenever they were started", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient([], { maxSessions: 1 })
      yield* TestClock.adjust("10 minutes")
      yield* client.start({ id: "a" })
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual((yield* Effect.flip(client.get("a"))).code, "SESSION_NOT_FOUND")
      yield* client.start({ id: "b" })
      yield* TestClock.adjust("30 minutes")
      yield* client.start({ id: "c" })
      assert.deepStrictEqual(
        (yield* client.list).map(({ id }) => id),
        ["c"]
      )
    })
  )

  it.effect("expire by a limit of their own where they were given one", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient([{ text: "still here" }])
      const kept = yield* client.start({ id: "kept", idleTimeout: Duration.infinity })
      yield* client.start({ id: "brief", idleTimeout: "1 minute" })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        (yield* client.list).map(({ id }) => id),
        ["kept"]
      )
      yield* TestClock.adjust("10 days")
      assert.strictEqual((yield* collectTurn(kept.send("hello"))).text, "still here")
    })
  )

  it.effect("that have expired refuse what is sent to them", () =>
    Effect.gen(function* () {
      const { client } = yield* withClient([{ text: "hi" }])
      const session = yield* client.start()
      yield* TestClock.adjust("2 hours")
      const error = yield* Effect.flip(collectTurn(session.send("hello")))
      assert.strictEqual(error.code, "SESSION_CLOSED")
    })
  )

  it.effect("end with their client, and leave another one alone that shares model and toolbox", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ toolCalls: [{ name: "echo", input: { text: "x" } }] }, { text: "hi" }])
      const parts = Layer.merge(LanguageModel.layer(model), Layer.succeed(Toolbox, toolboxOf(echo)))
      const layer = Layer.provide(ConversationClient.layer(options), parts)
      const first = yield* Scope.make()
      const second = yield* Scope.make()
      const one = Context.get(yield* Layer.build(Layer.fresh(layer)).pipe(Scope.provide(first)), ConversationClient)
      const two = Context.get(yield* Layer.build(Layer.fresh(layer)).pipe(Scope.provide(second)), ConversationClient)
      const session = yield* one.start()
      yield* Scope.close(first, Exit.void)
      assert.strictEqual((yield* Effect.flip(collectTurn(session.send("hi")))).code, "SESSION_CLOSED")
      assert.strictEqual((yield* two.ask("hi")).text, "hi")
      yield* Scope.close(second, Exit.void)
    })
  )
})
