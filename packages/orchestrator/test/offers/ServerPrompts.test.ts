import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import { PromptArgumentsMissing, PromptNotFound } from "@signalbox/orchestrator"
import { DateTime, Effect } from "effect"
import { fx, orchestrateReal } from "../realServers.ts"
import { kill, names, offering } from "./support.ts"

describe("prompts of several servers", () => {
  it.live("are named as tools are, and each is got from its own server under its own name", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ left: { items: 2 }, right: {} })
      const prompts = yield* boxes.prompts.list
      assert.deepStrictEqual(
        prompts.map(({ name, originalName, serverName }) => [name, originalName, serverName]),
        [
          ["left__greet", "greet", "left"],
          ["greet_2", "greet_2", "left"],
          ["right__greet", "greet", "right"]
        ]
      )
      assert.deepStrictEqual(prompts[0]?.arguments, [{ name: "name", isRequired: true }])
      const filled = yield* boxes.prompts.get("right__greet", { name: "Ada" }, localCall())
      assert.deepStrictEqual(filled.messages, [
        { role: "user", content: [{ type: "text", text: "Say hello to Ada." }] }
      ])
      assert.strictEqual(filled.prompt.serverName, "right")
      assert.deepStrictEqual([asked("left", "prompts/get"), asked("right", "prompts/get")], [0, 1])
    })
  )

  it.live("are found under the qualified name too, where the bare one is unique", () =>
    Effect.gen(function* () {
      const { boxes } = yield* offering({ only: {} })
      assert.deepStrictEqual(names(yield* boxes.prompts.list), ["greet"])
      const { prompt } = yield* boxes.prompts.get("only__greet", { name: "Ada" }, localCall())
      assert.strictEqual(prompt.originalName, "greet")
    })
  )

  it.live("cost nothing before somebody asks for them, nor where a server has none", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ fx: {}, plain: { onlyTools: true } })
      assert.strictEqual(asked("fx", "prompts/list"), 0)
      assert.deepStrictEqual(names(yield* boxes.prompts.list), ["greet"])
      assert.deepStrictEqual(names(yield* boxes.prompts.list), ["greet"])
      assert.deepStrictEqual([asked("fx", "prompts/list"), asked("plain", "prompts/list")], [1, 0])
    })
  )

  it.live("are read again when their server says that they have changed", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ fx: {} })
      yield* boxes.prompts.list
      yield* boxes.toolbox.call("touch", {}, localCall())
      // The notice may still be on its way when the call has ended.
      while (asked("fx", "prompts/list") < 2) yield* Effect.andThen(boxes.prompts.list, Effect.sleep("10 millis"))
    })
  )

  it.live("stay listed while their server is down, and are got when it is back", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ fx: {} })
      yield* boxes.prompts.list
      yield* kill(boxes)
      assert.deepStrictEqual(names(yield* boxes.prompts.list), ["greet"])
      const { messages } = yield* boxes.prompts.get("greet", { name: "Ada" }, localCall())
      assert.strictEqual(messages.length, 1)
      yield* boxes.prompts.list
      assert.strictEqual(asked("fx", "prompts/list"), 2)
      yield* boxes.stop("fx")
      assert.deepStrictEqual(yield* boxes.prompts.list, [])
    })
  )

  it.live("are waited for while their server is still coming, until the deadline", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([fx("quick", { onlyTools: true }), fx("slow", { initDelay: 300 })])
      const { prompt } = yield* boxes.prompts.get("greet", { name: "Ada" }, localCall())
      assert.strictEqual(prompt.serverName, "slow")
      const never = yield* orchestrateReal([fx("hangs", { hangInit: true })])
      const deadline = DateTime.addDuration(yield* DateTime.now, "200 millis")
      const error = yield* Effect.flip(never.prompts.get("hangs__greet", {}, localCall({ deadline })))
      assert.strictEqual(error.code, "SERVER_UNAVAILABLE")
      assert.include(error.message, '"hangs"')
      const unnamed = yield* Effect.flip(never.prompts.get("greet", {}, localCall({ deadline })))
      assert.strictEqual(unnamed.code, "PROMPT_NOT_FOUND")
    })
  )

  it.live("are told apart from names that nobody has, and from calls without what they need", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ fx: {} })
      const unknown = yield* Effect.flip(boxes.prompts.get("gret", {}, localCall()))
      assert.instanceOf(unknown, PromptNotFound)
      assert.deepStrictEqual([unknown.nearest, unknown.serverNames], ["greet", ["fx"]])
      const missing = yield* Effect.flip(boxes.prompts.get("greet", {}, localCall()))
      assert.instanceOf(missing, PromptArgumentsMissing)
      assert.deepStrictEqual([missing.serverName, missing.missing], ["fx", ["name"]])
      assert.strictEqual(asked("fx", "prompts/get"), 0)
    })
  )

  it.live("complete what has been typed of an argument", () =>
    Effect.gen(function* () {
      const { boxes } = yield* offering({ fx: {} })
      const { values } = yield* boxes.prompts.complete("greet", { argument: "name", value: "o" }, localCall())
      assert.deepStrictEqual(values, ["one", "two"])
    })
  )
})
