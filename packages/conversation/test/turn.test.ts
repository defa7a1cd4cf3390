import { fallbackModel, ProviderOverloaded, textMessage, textResult } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { runTurn, type TurnEvent } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"
import { caller, echo, eventsOfTurn, ofType, optionsOf, resultTexts, turnOf, unanswered } from "./support.ts"

const calls = (...names: ReadonlyArray<string>) => ({
  toolCalls: names.map((name) => ({ name, input: { text: name } }))
})

const endOf = (events: ReadonlyArray<TurnEvent>) => ofType(events, "turn_end")[0]?.result.text

describe("a turn", () => {
  it.effect("without tools is one step", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "hi there" }])
      const events = yield* eventsOfTurn(model)
      assert.strictEqual(ofType(events, "step_start")[0]?.model, "scripted")
      const [end] = ofType(events, "turn_end")
      assert.strictEqual(events.at(-1), end)
      assert.deepStrictEqual(end?.result.messages, [textMessage("assistant", "hi there")])
      assert.strictEqual(end?.result.text, "hi there")
      assert.strictEqual(end?.result.finishReason, "end_turn")
      assert.deepStrictEqual((yield* requests)[0]?.messages, [textMessage("user", "hello")])
    })
  )

  it.effect("does not ask a provider first again that it has given up for another one; the next turn does", () =>
    Effect.gen(function* () {
      const error = new ProviderOverloaded({ provider: "fx", reason: "busy", httpStatus: 529 })
      const first = yield* scriptedModel([{ error }, { text: "I am back" }])
      const second = yield* scriptedModel([calls("echo"), calls("echo"), { text: "done" }])
      const model = fallbackModel([
        { route: { upstream: "first", model: "a" }, model: first.model },
        { route: { upstream: "second", model: "b" }, model: second.model }
      ])
      assert.strictEqual(endOf(yield* eventsOfTurn(model, [echo])), "done")
      assert.lengthOf(yield* first.requests, 1)
      assert.lengthOf(yield* second.requests, 3)
      assert.strictEqual(endOf(yield* eventsOfTurn(model, [echo])), "I am back")
    })
  )

  it.effect("of three tool rounds has four steps, and its usage is their sum", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([calls("echo"), calls("echo"), calls("echo"), { text: "done" }])
      const result = yield* turnOf(model, [echo])
      assert.strictEqual(result.steps.length, 4)
      assert.deepStrictEqual(
        result.steps.map((step) => step.finishReason),
        ["tool_use", "tool_use", "tool_use", "end_turn"]
      )
      assert.strictEqual(result.finishReason, "end_turn")
      assert.deepStrictEqual(result.usage, { input_tokens: 40, output_tokens: 20 })
      assert.strictEqual(result.text, "done")
      assert.strictEqual((yield* requests).length, 4)
      assert.deepStrictEqual(unanswered(result.messages), [])
    })
  )

  it.effect("sends the results of a step with the next request, in call order", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { toolCalls: ["a", "b", "c"].map((text) => ({ name: "echo", input: { text }, id: text })) },
        { text: "done" }
      ])
      yield* turnOf(model, [echo])
      const last = (yield* requests)[1]?.messages.at(-1)
      assert.deepStrictEqual(resultTexts(last), ["a", "b", "c"])
      assert.deepStrictEqual(
        last?.content.map((block) => block.type === "tool_result" && block.tool_use_id),
        ["a", "b", "c"]
      )
    })
  )

  it.effect("fails with the model's error, after the events that came before it", () =>
    Effect.gen(function* () {
      const error = new ProviderOverloaded({ provider: "p", reason: "busy", httpStatus: 529 })
      const { model } = yield* scriptedModel([calls("echo"), { error }])
      const events: Array<TurnEvent> = []
      const outcome = yield* runTurn(optionsOf(model, [echo])).pipe(
        Stream.runForEach((event) => Effect.sync(() => events.push(event))),
        Effect.result
      )
      assert.isTrue(Result.isFailure(outcome) && outcome.failure === error)
      assert.strictEqual(ofType(events, "step_end").length, 1)
      assert.strictEqual(ofType(events, "turn_end").length, 0)
    })
  )

  it.effect("goes on after a pause of the provider", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { text: "searching", stopReason: "pause_turn" },
        { text: "found" }
      ])
      const result = yield* turnOf(model)
      assert.strictEqual(result.finishReason, "end_turn")
      assert.deepStrictEqual((yield* requests)[1]?.messages.at(-1), textMessage("assistant", "searching"))
    })
  )

  it.effect("adds no empty message or text to the history", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ text: "", ...calls("echo") }, { content: [] }])
      const { messages } = yield* turnOf(model, [echo])
      assert.deepStrictEqual(
        messages.map(({ content, role }) => [role, content.map(({ type }) => type)]),
        [
          ["assistant", ["tool_use"]],
          ["user", ["tool_result"]]
        ]
      )
    })
  )

  it.effect("demands a tool of the first answer only, and of none where there are no tools", () =>
    Effect.gen(function* () {
      const forced = {
        request: { system: [], maxTokens: 10, toolChoice: { type: "any", disableParallel: true } as const }
      }
      const { model, requests } = yield* scriptedModel([calls("echo"), { text: "done" }, { text: "done" }])
      yield* turnOf(model, [echo], forced)
      yield* turnOf(model, [], forced)
      assert.deepStrictEqual(
        (yield* requests).map((request) => request.toolChoice),
        [{ type: "any", disableParallel: true }, { type: "auto", disableParallel: true }, undefined]
      )
    })
  )
})

describe("tools that fail", () => {
  it.effect("are told to the model, which can correct itself", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([
        {
          content: [{ type: "tool_use", id: "1", name: "echo", input: {}, invalidInput: '{"text": ' }],
          stopReason: "tool_use"
        },
        { toolCalls: [{ name: "echo", input: { text: "right" }, id: "2" }] },
        { text: "done" }
      ])
      const result = yield* turnOf(model, [echo])
      assert.strictEqual(result.finishReason, "end_turn")
      assert.deepStrictEqual(
        result.steps.flatMap((step) => step.outcomes.map(({ code, status }) => [status, code])),
        [
          ["invalid", "INVALID_PARAMS"],
          ["ok", undefined]
        ]
      )
      assert.include(resultTexts(result.messages[1])[0], '{"text": ')
      assert.deepInclude(result.messages[1]?.content[0], { is_error: true, tool_use_id: "1" })
    })
  )
})

describe("the tool limit", () => {
  const sentence = "Reached maximum tool call limit (8). Stopping to prevent infinite recursion."

  it.effect("of 8 allows 8 tool rounds and 9 model calls, then ends the turn with a sentence", () =>
    Effect.gen(function* () {
      let runs = 0
      const counting = { ...echo, run: () => Effect.sync(() => (runs++, textResult("again"))) }
      const { model, requests } = yield* scriptedModel(
        Array.from({ length: 12 }, () => ({ text: "more", ...calls("echo") }))
      )
      const events = yield* eventsOfTurn(model, [counting])
      const result = ofType(events, "turn_end")[0]?.result
      assert.strictEqual(runs, 8)
      assert.strictEqual((yield* requests).length, 9)
      assert.strictEqual(result?.finishReason, "tool_limit_reached")
      assert.strictEqual(result?.text, `more\n\n${sentence}`)
      assert.deepStrictEqual(ofType(events, "notice"), [{ type: "notice", code: "TOOL_LIMIT_REACHED", text: sentence }])
      assert.deepStrictEqual(unanswered(result?.messages ?? []), [])
      assert.deepStrictEqual(result?.messages.at(-1), textMessage("assistant", sentence))
      assert.include(resultTexts(result?.messages.at(-2))[0], "not run: tool limit")
      const ends = ofType(events, "tool_end")
      assert.strictEqual(ends.length, 9)
      assert.strictEqual(ends.at(-1)?.outcome.status, "not_run")
      assert.strictEqual(ofType(events, "tool_start").length, 8)
    })
  )

  it.effect("of 0 runs no tool", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([calls("echo")])
      const result = yield* turnOf(model, [echo], {
        limits: { ...optionsOf(model).limits, maxHops: 0 }
      })
      assert.strictEqual(result.finishReason, "tool_limit_reached")
      assert.strictEqual(result.text, sentence.replace("8", "0"))
    })
  )
})

describe("an answer that breaks off", () => {
  it.effect("has none of its calls run", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ text: "let me", ...calls("echo", "echo"), stopReason: "max_tokens" }])
      const events = yield* eventsOfTurn(model, [echo])
      const result = ofType(events, "turn_end")[0]?.result
      assert.strictEqual(result?.finishReason, "max_tokens")
      assert.deepStrictEqual(unanswered(result?.messages ?? []), [])
      assert.strictEqual(ofType(events, "tool_start").length, 0)
      assert.deepStrictEqual(
        ofType(events, "tool_end").map(({ outcome }) => outcome.status),
        ["not_run", "not_run"]
      )
    })
  )
})

describe("tools of the caller", () => {
  it.effect("end the turn after the host's tools of the same step have finished", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([calls("echo", "ask_user", "echo")])
      const result = yield* turnOf(model, [echo, caller])
      assert.strictEqual(result.finishReason, "tool_use")
      assert.deepStrictEqual(
        result.pendingCalls.map(({ name, runBy }) => [name, runBy?._tag]),
        [["ask_user", "Caller"]]
      )
      assert.strictEqual((yield* requests).length, 1)
      assert.deepStrictEqual(
        result.messages.map(({ role }) => role),
        ["assistant", "user"]
      )
      assert.deepStrictEqual(resultTexts(result.messages[1]), ["echo", "echo"])
    })
  )

  it.effect("alone leave the assistant's message at the end", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([calls("ask_user")])
      const result = yield* turnOf(model, [caller])
      assert.deepStrictEqual(
        result.messages.map(({ role }) => role),
        ["assistant"]
      )
      assert.strictEqual(result.pendingCalls.length, 1)
    })
  )

  it.effect("of the provider are left alone", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ text: "found", ...calls("web"), stopReason: "end_turn" }])
      const result = yield* turnOf(model, [{ name: "web", runBy: { _tag: "Provider" } }])
      assert.strictEqual(result.finishReason, "end_turn")
      assert.strictEqual(result.messages.length, 1)
      assert.deepStrictEqual(result.steps[0]?.outcomes, [])
    })
  )
})
