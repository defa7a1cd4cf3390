import {
  inventoryOf,
  localCall,
  makeSteadyToolbox,
  nameTools,
  resultText,
  type RunBy,
  textResult,
  type Toolbox,
  type ToolDefinition
} from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const definition = (originalName: string, runBy: RunBy): ToolDefinition => ({
  name: originalName,
  originalName,
  description: "",
  inputSchema: { type: "object" },
  annotations: {},
  runBy,
  isTrusted: true
})

const of = (source: string, ...names: ReadonlyArray<string>) =>
  names.map((name) => definition(name, { _tag: "Host", source }))

const named = (given: ReadonlyArray<ToolDefinition>) =>
  nameTools(given).tools.map(({ exposedName, tool }) => ({ ...tool, name: exposedName }))

/** A toolbox whose tools can be changed, named by the usual rule; it answers with the name that it was called by. */
const changeable = (...tools: ReadonlyArray<ToolDefinition>) => {
  let all = named(tools)
  let listed = all
  const toolbox: Toolbox["Service"] = {
    list: Effect.sync(() => listed),
    inventory: Effect.sync(() => ({ listed, all })),
    call: (name) => Effect.succeed(textResult(name))
  }
  const steady = makeSteadyToolbox(toolbox)
  return {
    become: (...next: ReadonlyArray<ToolDefinition>) => {
      listed = all = named(next)
    },
    hide: (source: string) => {
      listed = all.filter(({ runBy }) => runBy._tag !== "Host" || runBy.source !== source)
    },
    turn: Effect.flatMap(steady.forTurn, (turn) =>
      Effect.map(inventoryOf(turn), ({ all, listed: tools }) => ({
        tools,
        known: all.map(({ name }) => name),
        names: tools.map(({ name }) => name),
        call: (name: string) => Effect.map(turn.call(name, {}, localCall()), (result) => resultText(result))
      }))
    )
  }
}

describe("the tools of a conversation", () => {
  it.effect("keep a bare name when another source brings the same one", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add", "read"))
      assert.deepStrictEqual((yield* box.turn).names, ["add", "read"])
      box.become(...of("b", "add"), ...of("a", "add", "read"))
      const turn = yield* box.turn
      assert.deepStrictEqual(turn.names, ["add", "read", "b__add"])
      assert.deepStrictEqual(
        turn.tools.map(({ runBy }) => (runBy._tag === "Host" ? runBy.source : runBy._tag)),
        ["a", "a", "b"]
      )
      assert.strictEqual(yield* turn.call("add"), "a__add")
      assert.strictEqual(yield* turn.call("b__add"), "b__add")
    })
  )

  it.effect("keep a qualified name when the clash is over", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add"), ...of("b", "add"))
      assert.deepStrictEqual((yield* box.turn).names, ["a__add", "b__add"])
      box.become(...of("a", "add"))
      const turn = yield* box.turn
      assert.deepStrictEqual(turn.names, ["a__add"])
      assert.strictEqual(yield* turn.call("a__add"), "add")
    })
  )

  it.effect("get their place and name back when they return, and nobody takes the name meanwhile", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add"), ...of("c", "see"))
      yield* box.turn
      box.become(...of("b", "add"), ...of("c", "see"))
      const without = yield* box.turn
      assert.deepStrictEqual(without.names, ["see", "b__add"])
      assert.strictEqual(yield* without.call("add"), "a__add")
      box.become(...of("a", "add"), ...of("b", "add"), ...of("c", "see"))
      assert.deepStrictEqual((yield* box.turn).names, ["add", "see", "b__add"])
    })
  )

  it.effect("take a definition that has changed", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add", "read"))
      yield* box.turn
      box.become(...of("a", "add", "read").map((tool) => ({ ...tool, description: "newer" })))
      const { tools } = yield* box.turn
      assert.deepStrictEqual(
        tools.map(({ description, name }) => [name, description]),
        [
          ["add", "newer"],
          ["read", "newer"]
        ]
      )
    })
  )

  it.effect("give way to a tool of the caller, whose name is his", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add"))
      yield* box.turn
      box.become(definition("add", { _tag: "Caller" }), ...of("a", "add"))
      const { names, tools } = yield* box.turn
      assert.deepStrictEqual(names, ["add", "a__add"])
      assert.deepStrictEqual(tools[0]?.runBy, { _tag: "Caller" })
    })
  )

  it.effect("are the same list as long as nothing changes", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add"))
      const { tools } = yield* box.turn
      assert.strictEqual((yield* box.turn).tools, tools)
    })
  )

  it.effect("keep name and place while they are hidden, also when they were hidden from the beginning", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add"), ...of("b", "add"))
      box.hide("a")
      assert.deepStrictEqual((yield* box.turn).names, ["b__add"])
      box.hide("")
      assert.deepStrictEqual((yield* box.turn).names, ["b__add", "a__add"])
      box.hide("b")
      const turn = yield* box.turn
      assert.deepStrictEqual([turn.names, turn.known], [["a__add"], ["b__add", "a__add"]])
      assert.strictEqual(yield* turn.call("b__add"), "b__add")
      box.hide("")
      assert.deepStrictEqual((yield* box.turn).names, ["b__add", "a__add"])
    })
  )

  it.effect("can be called by a name that was never listed", () =>
    Effect.gen(function* () {
      const box = changeable(...of("a", "add"))
      assert.strictEqual(yield* (yield* box.turn).call("late__tool"), "late__tool")
    })
  )
})
