import {
  emptyToolbox,
  makeLanguageModel,
  type Message,
  ProviderOverloaded,
  textMessage,
  textResult
} from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { collectTurn, Journal } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Result, Stream } from "effect"
import { caller, echo, resultTexts, sessionOf, strayResults, type TestTool, unanswered } from "./support.ts"

const echoCall = (text: string, id: string) => ({ name: "echo", input: { text }, id })
const roles = (messages: ReadonlyArray<Message>) => messages.map(({ role }) => role)

const meet = (mine: Deferred.Deferred<void>, other: Deferred.Deferred<void>) =>
  Effect.andThen(Deferred.succeed(mine, undefined), Deferred.await(other))

describe("a session", () => {
  it.effect("remembers what was said, and stays open after an answer", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "hello Ada" }, { text: "Ada" }])
      const session = yield* sessionOf(model)
      yield* collectTurn(session.send("my name is Ada"))
      const second = yield* collectTurn(session.send("what is my name?"))
      assert.strictEqual(second.text, "Ada")
      assert.deepStrictEqual((yield* requests)[1]?.messages, [
        textMessage("user", "my name is Ada"),
        textMessage("assistant", "hello Ada"),
        textMessage("user", "what is my name?")
      ])
      assert.strictEqual((yield* session.history).length, 4)
    })
  )

  it.effect("is answered by another model in a turn that asks for it, which knows what was said", () =>
    Effect.gen(function* () {
      const own = yield* scriptedModel([{ text: "hello Ada" }, { text: "yes" }])
      const other = yield* scriptedModel([{ text: "Ada" }])
      const session = yield* sessionOf(own.model)
      yield* collectTurn(session.send("my name is Ada"))
      const second = yield* collectTurn(session.send("what is my name?", { answeredBy: { model: other.model } }))
      assert.strictEqual(second.text, "Ada")
      assert.lengthOf((yield* other.requests)[0]?.messages ?? [], 3)
      yield* collectTurn(session.send("is that so?"))
      assert.lengthOf((yield* own.requests)[1]?.messages ?? [], 5)
    })
  )

  it.effect("uses only the tools that a turn may use", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [echoCall("x", "c1")] },
        { text: "there is none" },
        { text: "hi" }
      ])
      const session = yield* sessionOf(model, [echo])
      const turn = yield* collectTurn(session.send("echo x", { tools: ["other"] }))
      assert.strictEqual(turn.steps[0]?.outcomes[0]?.status, "not_found")
      yield* collectTurn(session.send("hello"))
      const offered = (yield* requests).map(({ tools }) => tools.map(({ name }) => name))
      assert.deepStrictEqual(offered, [[], [], ["echo"]])
    })
  )

  it.effect("has the turn in its history when turn_end is given out", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ text: "hi" }])
      const session = yield* sessionOf(model)
      let seen = 0
      yield* session.send("hello").pipe(
        Stream.runForEach((event) =>
          event.type === "turn_end"
            ? Effect.map(session.history, (history) => {
                seen = history.length
              })
            : Effect.void
        )
      )
      assert.strictEqual(seen, 2)
    })
  )

  it.effect("runs its turns one at a time, in the order in which they were sent", () =>
    Effect.gen(function* () {
      const goOn = yield* Deferred.make<void>()
      const isStarted = yield* Deferred.make<void>()
      const { model, requests } = yield* scriptedModel([
        { text: "one", waitFor: Effect.andThen(Deferred.succeed(isStarted, undefined), Deferred.await(goOn)) },
        { text: "two" }
      ])
      const session = yield* sessionOf(model)
      const first = yield* Effect.forkChild(collectTurn(session.send("1")))
      yield* Deferred.await(isStarted)
      const second = yield* Effect.forkChild(collectTurn(session.send("2")))
      for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
      assert.strictEqual((yield* requests).length, 1)
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      assert.deepStrictEqual(yield* session.history, [
        textMessage("user", "1"),
        textMessage("assistant", "one"),
        textMessage("user", "2"),
        textMessage("assistant", "two")
      ])
    })
  )

  it.effect("lets other sessions talk at the same time", () =>
    Effect.gen(function* () {
      const isFirst = yield* Deferred.make<void>()
      const isSecond = yield* Deferred.make<void>()
      const a = yield* scriptedModel([{ text: "a", waitFor: meet(isFirst, isSecond) }])
      const b = yield* scriptedModel([{ text: "b", waitFor: meet(isSecond, isFirst) }])
      const sessions = [yield* sessionOf(a.model), yield* sessionOf(b.model)]
      const results = yield* Effect.forEach(sessions, (session) => collectTurn(session.send("hi")), { concurrency: 2 })
      assert.deepStrictEqual(
        results.map(({ text }) => text),
        ["a", "b"]
      )
    })
  )

  it.effect("counts what it did", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([
        { toolCalls: [echoCall("a", "1"), { name: "nothing", input: {}, id: "2" }] },
        { text: "done" }
      ])
      const session = yield* sessionOf(model, [echo])
      assert.strictEqual((yield* session.summary).successRate, 1)
      yield* collectTurn(session.send("go"))
      assert.deepStrictEqual(yield* session.summary, {
        id: "s1",
        turns: 1,
        steps: 2,
        messages: 4,
        toolCalls: 2,
        successfulCalls: 1,
        successRate: 0.5,
        usage: { input_tokens: 20, output_tokens: 10 }
      })
    })
  )

  it.effect("goes on with results of the caller's tools, and answers calls that get none", () =>
    Effect.gen(function* () {
      const ask = { toolCalls: [{ name: "ask_user", input: {}, id: "c" }, echoCall("x", "h")] }
      const { model, requests } = yield* scriptedModel([ask, { text: "thanks" }, ask, { text: "never mind" }])
      const session = yield* sessionOf(model, [echo, caller])
      const first = yield* collectTurn(session.send("go"))
      assert.strictEqual(first.finishReason, "tool_use")
      yield* collectTurn(session.send([{ type: "tool_result", tool_use_id: "c", content: "42" }]))
      const asked = (yield* requests)[1]?.messages.at(-1)
      assert.deepStrictEqual(
        asked?.content.map((block) => block.type === "tool_result" && block.tool_use_id),
        ["c", "h"]
      )
      yield* collectTurn(session.send("go"))
      yield* collectTurn(session.send("forget it"))
      const history = yield* session.history
      assert.deepStrictEqual(unanswered(history), [])
      assert.deepStrictEqual(
        history.at(-2)?.content.map(({ type }) => type),
        ["tool_result", "tool_result", "text"]
      )
    })
  )
})

describe("a session whose turn reached the tool limit", () => {
  it.effect("goes on with the next message, on a history that every provider takes", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        ...["1", "2", "3"].map((id) => ({ toolCalls: [echoCall("x", id)] })),
        { text: "enough" }
      ])
      const session = yield* sessionOf(model, [echo])
      const limited = yield* collectTurn(session.send("go", { limits: { maxHops: 1 } }))
      assert.strictEqual(limited.finishReason, "tool_limit_reached")
      assert.strictEqual(limited.steps.length, 2)
      const next = yield* collectTurn(session.send("go on"))
      assert.deepStrictEqual([next.finishReason, next.text], ["end_turn", "enough"])
      const sent = (yield* requests)[2]?.messages ?? []
      assert.deepStrictEqual(roles(sent), ["user", "assistant", "user", "assistant", "user", "assistant", "user"])
      assert.deepStrictEqual(unanswered(sent), [])
    })
  )
})

describe("a session whose turn does not end by itself", () => {
  it.effect("keeps the user's message when the answer is interrupted, and goes on", () =>
    Effect.gen(function* () {
      const isStarted = yield* Deferred.make<void>()
      const { model } = yield* scriptedModel([
        { waitFor: Effect.andThen(Deferred.succeed(isStarted, undefined), Effect.never) },
        { text: "second" }
      ])
      const session = yield* sessionOf(model)
      const fiber = yield* Effect.forkChild(Stream.runDrain(session.send("first")))
      yield* Deferred.await(isStarted)
      assert.isUndefined(yield* session.idleSince)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* session.history, [textMessage("user", "first")])
      assert.isDefined(yield* session.idleSince)
      yield* collectTurn(session.send("again"))
      assert.deepStrictEqual(roles(yield* session.history), ["user", "user", "assistant"])
    })
  )

  it.effect("keeps results that are there, and says of each other call how far it came", () =>
    Effect.gen(function* () {
      const isRunning = yield* Deferred.make<void>()
      const slow: TestTool = {
        name: "slow",
        run: () => Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never)
      }
      const { model, requests } = yield* scriptedModel([
        {
          text: "working",
          toolCalls: [
            echoCall("kept", "1"),
            { name: "slow", input: {}, id: "2" },
            echoCall("never", "3"),
            { name: "ask_user", input: {}, id: "4" }
          ]
        },
        { text: "ok" }
      ])
      const session = yield* sessionOf(model, [echo, slow, caller])
      const fiber = yield* Effect.forkChild(Stream.runDrain(session.send("go", { limits: { toolConcurrency: 1 } })))
      yield* Deferred.await(isRunning)
      yield* Fiber.interrupt(fiber)
      const history = yield* session.history
      assert.deepStrictEqual(unanswered(history), [])
      const texts = resultTexts(history.at(-1))
      assert.strictEqual(texts[0], "kept")
      assert.include(texts[1], "It may have taken effect")
      assert.include(texts[2], "before this call was started")
      assert.include(texts[3], "before this call was started")
      const { successfulCalls, toolCalls } = yield* session.summary
      assert.deepStrictEqual([toolCalls, successfulCalls], [4, 1])
      yield* collectTurn(session.send("and now?"))
      const sent = (yield* requests)[1]?.messages ?? []
      assert.deepStrictEqual(roles(sent), ["user", "assistant", "user"])
      assert.deepStrictEqual(
        sent.at(-1)?.content.map(({ type }) => type),
        ["tool_result", "tool_result", "tool_result", "tool_result", "text"]
      )
    })
  )

  it.effect("keeps what really happened, whatever its reader has seen of it", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ toolCalls: [echoCall("done", "1")] }, { waitFor: Effect.never }])
      const session = yield* sessionOf(model, [echo])
      yield* session.send("go").pipe(
        Stream.takeUntil((event) => event.type === "model" && event.event.type === "message_stop"),
        Stream.runDrain
      )
      const history = yield* session.history
      assert.deepStrictEqual(roles(history), ["user", "assistant", "user"])
      assert.deepStrictEqual(unanswered(history), [])
      assert.deepStrictEqual(strayResults(history), [])
    })
  )

  it.effect("keeps an answer whose reader goes away right after its last event", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ text: "all of it" }])
      // A provider that leaves its connection open when everything is said.
      const lingering = makeLanguageModel({
        provider: "p",
        defaultModel: "m",
        stream: (request) => Stream.concat(model.stream(request), Stream.never)
      })
      const session = yield* sessionOf(lingering)
      yield* session.send("go").pipe(
        Stream.takeUntil((event) => event.type === "model" && event.event.type === "message_stop"),
        Stream.runDrain
      )
      assert.deepStrictEqual(yield* session.history, [textMessage("user", "go"), textMessage("assistant", "all of it")])
    })
  )

  it.effect("keeps complete steps when the model fails, and can go on without a new message", () =>
    Effect.gen(function* () {
      const error = new ProviderOverloaded({ provider: "p", reason: "busy", httpStatus: 529 })
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [echoCall("a", "1")] },
        { error },
        { text: "there" }
      ])
      const session = yield* sessionOf(model, [echo])
      const outcome = yield* Effect.result(collectTurn(session.send("go")))
      assert.isTrue(Result.isFailure(outcome) && outcome.failure === error)
      assert.deepStrictEqual(roles(yield* session.history), ["user", "assistant", "user"])
      const result = yield* collectTurn(session.send([]))
      assert.strictEqual(result.text, "there")
      assert.deepStrictEqual(roles((yield* requests)[2]?.messages ?? []), ["user", "assistant", "user"])
    })
  )
})

describe("a session with a journal", () => {
  it.effect("asks the model anew for each message, also when it has nothing to say", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "" }, { text: "" }, { text: "at last" }])
      const session = yield* sessionOf(model, [], [], emptyToolbox, yield* Journal.memory)
      for (const text of ["one", "two"]) assert.strictEqual((yield* collectTurn(session.send(text))).text, "")
      assert.strictEqual((yield* collectTurn(session.send("three"))).text, "at last")
      assert.strictEqual((yield* requests).length, 3)
    })
  )
})

describe("closing a session", () => {
  it.effect("stops a running turn, whoever reads it, and refuses what comes later", () =>
    Effect.gen(function* () {
      const isRunning = yield* Deferred.make<void>()
      let isStopped = false
      const stop = Effect.sync(() => {
        isStopped = true
      })
      const slow: TestTool = {
        name: "slow",
        run: () =>
          Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never).pipe(Effect.onInterrupt(() => stop))
      }
      const { model } = yield* scriptedModel([{ toolCalls: [{ name: "slow", input: {} }] }])
      const session = yield* sessionOf(model, [slow])
      const fiber = yield* session.send("go").pipe(
        // A reader that never comes back for more.
        Stream.runForEach(() => Effect.never),
        Effect.forkChild
      )
      yield* Deferred.await(isRunning)
      yield* session.close
      assert.isTrue(isStopped)
      assert.deepStrictEqual(unanswered(yield* session.history), [])
      const later = yield* Effect.result(collectTurn(session.send("more")))
      assert.isTrue(Result.isFailure(later) && later.failure._tag === "SessionClosed")
      yield* session.close
      yield* Fiber.interrupt(fiber)
    })
  )

  it.effect("fails the stream of a reader that waits", () =>
    Effect.gen(function* () {
      const isRunning = yield* Deferred.make<void>()
      const { model } = yield* scriptedModel([
        { waitFor: Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never) }
      ])
      const session = yield* sessionOf(model)
      const fiber = yield* Effect.forkChild(Effect.result(collectTurn(session.send("go"))))
      yield* Deferred.await(isRunning)
      yield* session.close
      const outcome = yield* Fiber.join(fiber)
      assert.isTrue(Result.isFailure(outcome) && outcome.failure._tag === "SessionClosed")
    })
  )

  it.effect("gives its tools the conversation, the principal and whom to ask", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const tool: TestTool = {
        name: "who",
        run: (_, { conversationId, correlationId, principal, toolCallId }) =>
          Effect.sync(() => {
            seen.push(conversationId, correlationId ?? "", principal, toolCallId)
            return textResult("ok")
          })
      }
      const { model } = yield* scriptedModel([{ toolCalls: [{ name: "who", input: {}, id: "x" }] }, { text: "ok" }])
      const session = yield* sessionOf(model, [tool])
      yield* collectTurn(session.send("go", { principal: "ada", correlationId: "corr" }))
      assert.deepStrictEqual(seen, ["s1", "corr", "ada", "x"])
    })
  )
})
