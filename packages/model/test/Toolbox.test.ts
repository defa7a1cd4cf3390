import {
  callerToolbox,
  emptyToolbox,
  InvalidParams,
  inventoryOf,
  joinToolboxes,
  localCall,
  resultText,
  textResult,
  type Toolbox,
  type ToolDefinition
} from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref } from "effect"

const definition = (name: string, source: string): ToolDefinition => ({
  name,
  originalName: name,
  description: "",
  inputSchema: { type: "object" },
  annotations: {},
  runBy: { _tag: "Host", source },
  isTrusted: true
})

/** A toolbox that answers with its source and the name it was called by. */
const box = (source: string, ...names: ReadonlyArray<string>): Toolbox["Service"] => {
  const tools = names.map((name) => definition(name, source))
  return { list: Effect.succeed(tools), call: (name) => Effect.succeed(textResult(`${source}:${name}`)) }
}

const call = (toolbox: Toolbox["Service"], name: string) =>
  Effect.map(toolbox.call(name, {}, localCall()), (result) => resultText(result))

const names = (tools: ReadonlyArray<ToolDefinition>) => tools.map(({ name }) => name)

describe("joined toolboxes", () => {
  it.effect("send a call to the toolbox that has the tool, under the tool's own name", () =>
    Effect.gen(function* () {
      const joined = joinToolboxes([box("a", "read", "copy"), box("b", "read", "write")])
      assert.deepStrictEqual(names(yield* joined.list), ["a__read", "copy", "b__read", "write"])
      assert.strictEqual(yield* call(joined, "b__read"), "b:read")
      assert.strictEqual(yield* call(joined, "write"), "b:write")
    })
  )

  it.effect("take the qualified name of every tool, shown or not", () =>
    Effect.gen(function* () {
      const joined = joinToolboxes([box("a", "read"), box("b", "read")], "first")
      assert.deepStrictEqual(
        (yield* joined.list).map(({ name }) => name),
        ["read"]
      )
      assert.strictEqual(yield* call(joined, "b__read"), "b:read")
      assert.strictEqual(yield* call(joined, "a__read"), "a:read")
    })
  )

  it.effect("suggest the nearest name for one that is mistyped", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(call(joinToolboxes([box("a", "read_file")]), "reed_file"))
      assert.strictEqual(error.code, "TOOL_NOT_FOUND")
      assert.include(error.message, 'Did you mean "read_file"?')
    })
  )

  it.effect("show a change of a list at once, and the same array while nothing changes", () =>
    Effect.gen(function* () {
      const tools = yield* Ref.make<ReadonlyArray<ToolDefinition>>([definition("one", "a")])
      const joined = joinToolboxes([{ list: Ref.get(tools), call: emptyToolbox.call }])
      assert.strictEqual(yield* joined.list, yield* joined.list)
      yield* Ref.set(tools, [definition("two", "a")])
      assert.deepStrictEqual(
        (yield* joined.list).map(({ name }) => name),
        ["two"]
      )
    })
  )

  it.effect("are joined again without harm", () =>
    Effect.gen(function* () {
      const inner = joinToolboxes([box("a", "read"), box("b", "read")])
      const outer = joinToolboxes([inner, box("c", "read")])
      assert.deepStrictEqual(
        (yield* outer.list).map(({ name }) => name),
        ["a__read", "b__read", "c__read"]
      )
      assert.strictEqual(yield* call(outer, "b__read"), "b:read")
    })
  )

  it.effect("leave all names as they are while a tool is hidden, and send its calls where they went", () =>
    Effect.gen(function* () {
      const cases = [
        { policy: "prefix" as const, all: ["a__read", "b__read", "copy", "c__read"] },
        { policy: "first" as const, all: ["read", "copy"] }
      ]
      for (const { all, policy } of cases) {
        const tools = [definition("read", "a"), definition("read", "b"), definition("copy", "b")]
        const hidden = yield* Ref.make<ReadonlyArray<ToolDefinition>>(tools)
        const servers: Toolbox["Service"] = {
          list: Ref.get(hidden),
          inventory: Effect.map(Ref.get(hidden), (listed) => ({ listed, all: tools })),
          call: (name) => Effect.succeed(textResult(`inner:${name}`))
        }
        const joined = joinToolboxes([joinToolboxes([servers], policy), box("c", "read")], policy)
        assert.deepStrictEqual(names(yield* joined.list), all)
        yield* Ref.set(hidden, tools.slice(1))
        assert.deepStrictEqual(names(yield* joined.list), all.slice(1))
        assert.strictEqual(yield* joined.list, yield* joined.list)
        assert.deepStrictEqual(names((yield* inventoryOf(joined)).all), all)
        assert.strictEqual(yield* call(joined, "a__read"), "inner:read")
        assert.deepPropertyVal(yield* Effect.flip(call(joined, "nothing")), "available", all.slice(1))
        yield* Ref.set(hidden, tools)
        assert.deepStrictEqual(names(yield* joined.list), all)
      }
    })
  )

  it.effect("list the caller's tools under the caller's names, and do not run them", () =>
    Effect.gen(function* () {
      const { runBy: _, ...own } = definition("read", "a")
      const joined = joinToolboxes([box("a", "read"), callerToolbox([own])])
      assert.deepStrictEqual(
        (yield* joined.list).map(({ name, runBy }) => [name, runBy._tag]),
        [
          ["a__read", "Host"],
          ["read", "Caller"]
        ]
      )
      assert.strictEqual((yield* Effect.flip(call(joined, "read"))).code, "TOOL_NOT_FOUND")
    })
  )

  it.effect("wait for a source that comes late, and say why one does not come", () =>
    Effect.gen(function* () {
      const tools = yield* Ref.make<ReadonlyArray<ToolDefinition>>([])
      const late: Toolbox["Service"] = {
        list: Ref.get(tools),
        arrival: (name) =>
          name.startsWith("gone__")
            ? Effect.fail(new InvalidParams({ toolName: name, validationErrors: [] }))
            : Ref.set(tools, [definition("read", "late")]),
        call: (name) => Effect.succeed(textResult(`late:${name}`))
      }
      const joined = joinToolboxes([joinToolboxes([box("a", "copy"), late])])
      const error = yield* Effect.flip(call(joined, "gone__read"))
      assert.strictEqual(error.code, "INVALID_PARAMS")
      assert.strictEqual(yield* call(joined, "late__read"), "late:read")
      assert.strictEqual((yield* Effect.flip(call(joined, "late__write"))).code, "TOOL_NOT_FOUND")
    })
  )

  it.effect("an empty toolbox lists nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* emptyToolbox.list, [])
    })
  )
})
