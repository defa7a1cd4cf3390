import { fitName, nameTools, qualifiedName, type RunBy, type ToolDefinition } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

const tool = (originalName: string, source: string | undefined): ToolDefinition => {
  const runBy: RunBy = source === undefined ? { _tag: "Caller" } : { _tag: "Host", source }
  return { name: originalName, originalName, description: "", inputSchema: {}, annotations: {}, runBy, isTrusted: true }
}

const named = (tools: ReadonlyArray<ToolDefinition>, policy?: "prefix" | "first" | "error") =>
  nameTools(tools, policy).tools.map(({ exposedName }) => exposedName)

const distinct = (tools: ReadonlyArray<ToolDefinition>) => {
  const caller = tools.filter(({ runBy }) => runBy._tag === "Caller").map(({ originalName }) => originalName)
  return new Set(caller).size === caller.length
}

const mapping = (order: ReadonlyArray<ToolDefinition>) =>
  new Map(nameTools(order).tools.map(({ exposedName, tool: each }) => [each, exposedName]))

const pattern = /^[A-Za-z0-9_-]{1,64}$/

describe("naming tools", () => {
  it("leaves a name bare while it is unique", () => {
    assert.deepStrictEqual(named([tool("read", "a"), tool("write", "b")]), ["read", "write"])
  })

  it("names every holder of a clashing name by its server", () => {
    const result = nameTools([tool("read", "a"), tool("write", "a"), tool("read", "b")])
    assert.deepStrictEqual(
      result.tools.map(({ exposedName }) => exposedName),
      ["a__read", "write", "b__read"]
    )
    assert.deepStrictEqual(result.clashes, [{ name: "read", sources: ["a", "b"] }])
  })

  it("never renames the caller's tools", () => {
    assert.deepStrictEqual(named([tool("read", "a"), tool("read", undefined)]), ["a__read", "read"])
    assert.deepStrictEqual(named([tool("a__read", undefined), tool("read", "a"), tool("read", "b")])[0], "a__read")
  })

  it("can let the first source keep the name, or leave all of them out", () => {
    const tools = [tool("read", "a"), tool("read", "b"), tool("write", "b")]
    assert.deepStrictEqual(named(tools, "first"), ["read", "write"])
    assert.deepStrictEqual(named(tools, "error"), ["write"])
  })

  it("keeps names apart that become alike when made to fit", () => {
    assert.notStrictEqual(fitName("a.b"), fitName("a/b"))
    assert.match(fitName("a.b"), /^a_b_[a-z0-9]{7}$/)
    assert.match(fitName(""), pattern)
    const long = "x".repeat(80)
    assert.lengthOf(fitName(long), 64)
    assert.notStrictEqual(fitName(`${long}1`), fitName(`${long}2`))
    assert.strictEqual(qualifiedName("server", "tool"), "server__tool")
  })

  const names = Schema.Literals(["read", "write", "a.b", "a/b", "a__read", "", "é", "y".repeat(70), "b__write"])
  const listed = Schema.Array(
    Schema.Struct({ name: names, source: Schema.Literals(["a", "b", "a__b", "c d", "caller"]) })
  ).check(Schema.isMaxLength(24))

  const toolsOf = (entries: typeof listed.Type) => {
    const unique = new Map(entries.map((entry) => [JSON.stringify(entry), entry]))
    return [...unique.values()].map(({ name, source }) =>
      source === "caller" ? tool(fitName(name), undefined) : tool(name, source)
    )
  }

  it.effect.prop("gives unique names that every provider takes", [listed], ([entries]) =>
    Effect.sync(() => {
      const tools = toolsOf(entries)
      if (!distinct(tools)) return
      const result = nameTools(tools).tools
      assert.strictEqual(new Set(result.map(({ exposedName }) => exposedName)).size, result.length)
      assert.lengthOf(result, tools.length)
      for (const { exposedName, tool: each } of result) {
        assert.match(exposedName, pattern)
        if (each.runBy._tag === "Caller") assert.strictEqual(exposedName, each.originalName)
      }
    })
  )

  it.effect.prop(
    "gives the same tool the same name, in whatever order servers connected",
    [listed, Schema.Array(Schema.Int).check(Schema.isMinLength(24)).check(Schema.isMaxLength(24))],
    ([entries, keys]) =>
      Effect.sync(() => {
        const tools = toolsOf(entries)
        const expected = mapping(tools)
        for (let shuffle = 0; shuffle < 20; shuffle++) {
          const key = (index: number) => Math.imul((keys[index] ?? 0) + index * 31, 2654435761 + shuffle * 40503) | 0
          const order = tools
            .map((each, index) => ({ each, key: key(index) }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ each }) => each)
          const actual = mapping(order)
          for (const [each, name] of expected) assert.strictEqual(actual.get(each), name)
        }
      })
  )
})
