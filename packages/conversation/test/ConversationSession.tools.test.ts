import { type ModelRequest, resultText, textResult, type Toolbox } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { collectTurn } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sessionOf, type TestTool, toolboxOf } from "./support.ts"

const named = (name: string, source: string): TestTool => ({
  name,
  originalName: "add",
  runBy: { _tag: "Host", source }
})
const listedIn = (requests: ReadonlyArray<ModelRequest>) => requests.map(({ tools }) => tools.map(({ name }) => name))

describe("the tools of a session", () => {
  const listings = [[named("add", "a")], [named("a__add", "a"), named("b__add", "b")]]

  /** A toolbox that lists something else from the moment that a tool of it is called. */
  const changing = () => {
    let now = 0
    const boxes = listings.map((tools) => toolboxOf(...tools))
    const current = () => boxes[now] ?? toolboxOf()
    const called: Array<string> = []
    const toolbox: Toolbox["Service"] = {
      list: Effect.suspend(() => current().list),
      call: (name, input, context) =>
        Effect.suspend(() => {
          called.push(name)
          now = 1
          return current().call(name, input, context)
        })
    }
    return { toolbox, called }
  }
  const add = { toolCalls: [{ name: "add", input: {} }] }

  it.effect("keep their names while others come, and stay the same within a turn", () =>
    Effect.gen(function* () {
      const { called, toolbox } = changing()
      const { model, requests } = yield* scriptedModel([add, add, { text: "one" }, add, { text: "two" }])
      const session = yield* sessionOf(model, [], [], toolbox)
      yield* collectTurn(session.send("go"))
      assert.strictEqual((yield* collectTurn(session.send("on"))).text, "two")
      assert.deepStrictEqual(listedIn(yield* requests), [
        ["add"],
        ["add"],
        ["add"],
        ["add", "b__add"],
        ["add", "b__add"]
      ])
      assert.deepStrictEqual(called, ["add", "a__add", "a__add"])
    })
  )

  it.effect("reach their source also while they are hidden, and the model is offered the others", () =>
    Effect.gen(function* () {
      const both = toolboxOf(named("a__add", "a"), named("b__add", "b"))
      const all = yield* both.list
      const refusal = textResult("not now", true)
      const toolbox: Toolbox["Service"] = {
        list: Effect.succeed(all.slice(0, 1)),
        inventory: Effect.succeed({ listed: all.slice(0, 1), all }),
        call: (name, input, context) => (name === "b__add" ? Effect.succeed(refusal) : both.call(name, input, context))
      }
      const calls = {
        toolCalls: [
          { name: "b__add", input: {} },
          { name: "c__add", input: {} }
        ]
      }
      const { model, requests } = yield* scriptedModel([calls, { text: "done" }])
      const { steps } = yield* collectTurn((yield* sessionOf(model, [], [], toolbox)).send("go"))
      const [hidden, unknown] = steps[0]?.outcomes ?? []
      assert.deepInclude(hidden, { status: "tool_error", result: refusal })
      assert.deepStrictEqual(hidden?.call.runBy, { _tag: "Host", source: "b" })
      assert.strictEqual(unknown?.code, "TOOL_NOT_FOUND")
      assert.notInclude(unknown === undefined ? "" : resultText(unknown.result), "b__add")
      assert.deepStrictEqual(listedIn(yield* requests), [["a__add"], ["a__add"]])
    })
  )

  it.effect("have the names of the day in a new session", () =>
    Effect.gen(function* () {
      const { toolbox } = changing()
      const { model, requests } = yield* scriptedModel([add, { text: "one" }, { text: "two" }])
      yield* collectTurn((yield* sessionOf(model, [], [], toolbox)).send("go"))
      yield* collectTurn((yield* sessionOf(model, [], [], toolbox)).send("go"))
      assert.deepStrictEqual(listedIn(yield* requests).at(-1), ["a__add", "b__add"])
    })
  )
})
