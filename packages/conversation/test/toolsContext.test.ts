import { scriptedModel } from "@signalbox/model/testing"
import { describingTools, renderToolsContext } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { caller, definition, echo, turnOf } from "./support.ts"

const host = (source: string, name: string, description: string) =>
  definition({ name, description, runBy: { _tag: "Host", source } })

describe("the tools in words", () => {
  it("are grouped by who runs them, each with its first line", () => {
    const text = renderToolsContext([
      host("files", "read_file", "Reads a file.\nOnly below the allowed folders."),
      host("memory", "search", ""),
      host("files", "files__list", "long ".repeat(50)),
      definition({ ...caller, description: "Asks." })
    ])
    assert.strictEqual(
      text,
      `These tools can be called, by where they run:

files:
- read_file: Reads a file.
- files__list: ${"long ".repeat(40)}…

memory:
- search

other:
- ask_user: Asks.`
    )
  })

  it("are nothing where there are none", () => assert.strictEqual(renderToolsContext([]), ""))

  it.effect("go into the system prompt of every step where that is wanted, and nowhere else", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [{ name: "echo", input: { text: "a" } }] },
        { text: "done" },
        { text: "plain" },
        { text: "alone" }
      ])
      const request = { system: [{ type: "text" as const, text: "Be brief." }], maxTokens: 10 }
      yield* turnOf(model, [echo], { request, hooks: describingTools })
      yield* turnOf(model, [echo], { request })
      yield* turnOf(model, [], { request, hooks: describingTools })
      const words = "These tools can be called, by where they run:\n\ntest:\n- echo"
      assert.deepStrictEqual(
        (yield* requests).map(({ system }) => system.map(({ text }) => text)),
        [["Be brief.", words], ["Be brief.", words], ["Be brief."], ["Be brief."]]
      )
    })
  )
})
