import { assert, describe, it } from "@effect/vitest"
import type { TurnEvent } from "@signalbox/conversation"
import { Interaction, type ToolDefinition } from "@signalbox/model"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { askingBelow } from "../src/chat/askingBelow.ts"

const tool: ToolDefinition = {
  name: "write",
  originalName: "write",
  description: "",
  inputSchema: { type: "object" },
  annotations: {},
  runBy: { _tag: "Host", source: "notes" },
  isTrusted: false
}

const asked = (id: string): TurnEvent => ({
  type: "tool_asked",
  step: 1,
  call: { type: "tool_use", id, name: "write", input: {} },
  reason: "it changes something"
})

/** What happens, and questions that tell when they come up. */
const makeTurn = () => {
  const happened: Array<string> = []
  const approve: Interaction["approve"] = ({ callId }) =>
    Effect.sync(() => {
      happened.push(`question ${callId}`)
      return { isApproved: true, remember: "once" }
    })
  const { interaction, isPrinted } = askingBelow({ ...Interaction.decline, approve })
  const ask = (callId?: string) =>
    interaction.approve({ tool, input: {}, reason: "", ...(callId === undefined ? {} : { callId }) })
  return { happened, ask, isPrinted }
}

describe("questions of a turn", () => {
  it.effect("wait until what was said before them is printed, each for its own", () =>
    Effect.gen(function* () {
      const { ask, happened, isPrinted } = makeTurn()
      const first = yield* Effect.forkChild(ask("a"), { startImmediately: true })
      const second = yield* Effect.forkChild(ask("b"), { startImmediately: true })
      assert.deepStrictEqual(happened, [])
      yield* isPrinted(asked("b"))
      yield* Fiber.join(second)
      assert.deepStrictEqual(happened, ["question b"])
      yield* isPrinted(asked("a"))
      yield* Fiber.join(first)
      yield* isPrinted(asked("c"))
      yield* ask("c")
      assert.deepStrictEqual(happened, ["question b", "question a", "question c"])
    })
  )

  it("are none where there is nobody to ask", () => {
    assert.strictEqual(askingBelow(Interaction.decline).interaction, Interaction.decline)
  })

  it.effect("do not wait for what is not printed here", () =>
    Effect.gen(function* () {
      const { ask, happened } = makeTurn()
      yield* ask()
      const ofAnAgent = yield* Effect.forkChild(ask("elsewhere"), { startImmediately: true })
      yield* TestClock.adjust("200 millis")
      yield* Fiber.join(ofAnAgent)
      assert.deepStrictEqual(happened, ["question undefined", "question elsewhere"])
    })
  )
})
