import { textResult } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { presetLimits } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { echo, eventsOfTurn, ofType, resultTexts, type TestTool, turnOf, unanswered } from "./support.ts"

const call = (text: string, name = "echo") => ({ name, input: { text } })
const round = (...texts: ReadonlyArray<string>) => ({ toolCalls: texts.map((text) => call(text)) })
const both = (input: Record<string, string>) => ({ toolCalls: [{ name: "both", input }] })
const limits = { ...presetLimits, maxHops: 50, repeats: { tellAfter: 2, stopAfter: 3 } }

describe("a model that makes the same call again and again", () => {
  it.effect("is told, and then its turn ends with the reason in it", () =>
    Effect.gen(function* () {
      const script = Array.from({ length: 10 }, () => round("x"))
      const { model, requests } = yield* scriptedModel(script)
      const events = yield* eventsOfTurn(model, [echo], { limits })
      const result = ofType(events, "turn_end")[0]?.result
      assert.strictEqual(result?.finishReason, "repeated_calls")
      assert.match(result?.text ?? "", /"echo" was called 3 times with the same arguments/)
      assert.deepStrictEqual(
        ofType(events, "notice").map(({ code }) => code),
        ["REPEATED_CALLS"]
      )
      const asked = yield* requests
      assert.lengthOf(asked, 3)
      assert.deepStrictEqual(resultTexts(asked[1]?.messages.at(-1)), ["x"])
      assert.match(resultTexts(asked[2]?.messages.at(-1))[0] ?? "", /^xNote: this call was made 2 times/)
      assert.deepStrictEqual(unanswered(result?.messages ?? []), [])
    })
  )

  it.effect("is found out whichever other calls are in between, and whatever the order of its arguments", () =>
    Effect.gen(function* () {
      const tool: TestTool = { name: "both", run: () => Effect.succeed(textResult("same")) }
      const { model } = yield* scriptedModel([
        both({ a: "1", b: "2" }),
        round("x"),
        both({ b: "2", a: "1" }),
        round("y"),
        both({ a: "1", b: "2" }),
        { text: "never" }
      ])
      assert.strictEqual((yield* turnOf(model, [echo, tool], { limits })).finishReason, "repeated_calls")
    })
  )

  it.effect("goes on where arguments or results change, and calls side by side are one attempt", () =>
    Effect.gen(function* () {
      let times = 0
      const clock: TestTool = { name: "clock", run: () => Effect.sync(() => textResult(`${++times}`)) }
      const { model } = yield* scriptedModel([
        round("x", "x", "x"),
        ...["1", "2", "3", "4"].map((text) => round(text)),
        ...Array.from({ length: 4 }, () => ({ toolCalls: [{ name: "clock", input: {} }] })),
        { text: "done" }
      ])
      const result = yield* turnOf(model, [echo, clock], { limits })
      assert.deepInclude(result, { finishReason: "end_turn", text: "done" })
    })
  )

  it.effect("is only stopped by the limit of rounds where nothing else is said", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel(Array.from({ length: 10 }, () => round("x")))
      const result = yield* turnOf(model, [echo])
      assert.strictEqual(result.finishReason, "tool_limit_reached")
      assert.lengthOf(result.steps, 9)
    })
  )
})
