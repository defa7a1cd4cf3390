import { assert, describe, it } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import { managedDefaults, type ToolRules } from "@signalbox/orchestrator"
import { Effect, Logger } from "effect"
import { makeFakeServers, managed, orchestrate, tool } from "./FakeServers.ts"

const withRules = (name: string, rules: Partial<ToolRules>) =>
  managed(name, { tools: { ...managedDefaults.stdio.tools, ...rules } })

const run = Effect.fnUntraced(function* (
  fakes: ReturnType<typeof makeFakeServers>,
  servers: Parameters<typeof orchestrate>[1]
) {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const boxes = yield* orchestrate(fakes, servers).pipe(Effect.provide(Logger.layer([logger])))
  yield* boxes.settled
  const call = (name: string) => Effect.map(boxes.toolbox.call(name, {}, localCall()), resultText)
  return { boxes, call, lines }
})

describe("rules for single tools", () => {
  it.effect("give a tool another name and another description; the server is asked by its own", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").tools = [tool("echo"), tool("add")]
      fakes.behave("b").tools = [tool("echo")]
      const { boxes, call } = yield* run(fakes, [
        withRules("a", { rename: { echo: "say_again" }, describe: { echo: "Says it again." } }),
        "b"
      ])
      assert.deepStrictEqual(
        (yield* boxes.toolbox.list).map(({ alias, description, name, originalName }) => [
          name,
          originalName,
          alias,
          description
        ]),
        [
          ["say_again", "echo", "say_again", "Says it again."],
          ["add", "add", undefined, "add."],
          // No clash is left.
          ["echo", "echo", undefined, "echo."]
        ]
      )
      for (const name of ["say_again", "a__say_again", "a__echo"]) assert.strictEqual(yield* call(name), "a:echo")
      assert.strictEqual(yield* call("echo"), "b:echo")
    })
  )

  it.effect("put the server before a given name where another server has it, too", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("b").tools = [tool("say")]
      const { boxes, call } = yield* run(fakes, [withRules("a", { rename: { echo: "say" } }), "b"])
      assert.deepStrictEqual(
        (yield* boxes.toolbox.list).map(({ name }) => name),
        ["a__say", "b__say"]
      )
      assert.strictEqual(yield* call("a__say"), "a:echo")
    })
  )

  it.effect("are told of where they name what is not there, or give a name that is taken", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").tools = [tool("echo"), tool("add")]
      const { boxes, lines } = yield* run(fakes, [
        withRules("a", { rename: { ecko: "x", echo: "add" }, describe: { ad: "Adds." } })
      ])
      assert.isTrue(lines.some((line) => line.includes("no tools named ecko, ad")))
      assert.isTrue(lines.some((line) => line.includes("are renamed to what others of it are called: add")))
      const names = (yield* boxes.toolbox.list).map(({ name }) => name)
      assert.strictEqual(new Set(names).size, 2)
    })
  )
})
