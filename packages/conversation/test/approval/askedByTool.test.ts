import { Interaction, notApproved, textResult } from "@signalbox/model"
import { answering, scriptedModel } from "@signalbox/model/testing"
import { type ApprovalMode, type ApprovalPolicy, makeApproval } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { callOf, definition, eventsOfTurn, ofType, type TestTool } from "../support.ts"

const policy = (mode: ApprovalMode): ApprovalPolicy => ({ mode, rules: [], sources: {} })

/** A tool that wants a yes by itself, about what it was given or about a part of it. */
const asking = (isAboutAll = true): TestTool => {
  const tool: TestTool = {
    name: "shell",
    run: (input, { interaction }) =>
      Effect.gen(function* () {
        const part = isAboutAll ? input : { ...input, part: "the second" }
        const request = { tool: definition(tool), input: part, reason: "no list allows it" }
        const answer = yield* interaction.approve(request)
        return answer.isApproved ? textResult("done") : yield* notApproved(request, answer)
      })
  }
  return tool
}

const once = { isApproved: true, remember: "once" } as const
const conversation = { isApproved: true, remember: "conversation" } as const

const reply = (id: string) => ({ toolCalls: [{ name: "shell", input: { command: "rm a" }, id }] })

/** A turn in which the tool is called twice, one call after the other. */
const turn = Effect.fnUntraced(function* (mode: ApprovalMode, interaction: Interaction, tool = asking()) {
  const { model } = yield* scriptedModel([reply("1"), reply("2"), { text: "Done." }])
  const events = yield* eventsOfTurn(model, [tool], {
    approval: makeApproval(policy(mode)),
    call: callOf({ interaction })
  })
  return {
    outcomes: ofType(events, "tool_end").map(({ outcome }) => [outcome.status, outcome.code]),
    order: events.flatMap(({ type }) => (type.startsWith("tool_") ? [type] : []))
  }
})

describe("what a tool asks by itself while it runs", () => {
  it.effect("is not asked of a person who was asked about the same call", () =>
    Effect.gen(function* () {
      const { asked, interaction } = answering(once)
      assert.deepStrictEqual((yield* turn("ask", interaction)).outcomes, [
        ["ok", undefined],
        ["ok", undefined]
      ])
      assert.lengthOf(asked, 2)
    })
  )

  it.effect("is asked where it is about something else than the call that was approved", () =>
    Effect.gen(function* () {
      const { asked, interaction } = answering(once)
      yield* turn("ask", interaction, asking(false))
      assert.lengthOf(asked, 4)
    })
  )

  it.effect("is asked where no rule asks, and told of as any question is", () =>
    Effect.gen(function* () {
      const { asked, interaction } = answering(once)
      const { order, outcomes } = yield* turn("auto", interaction)
      assert.deepStrictEqual(outcomes, [
        ["ok", undefined],
        ["ok", undefined]
      ])
      assert.lengthOf(asked, 2)
      assert.deepStrictEqual(order.slice(0, 3), ["tool_start", "tool_asked", "tool_end"])
    })
  )

  it.effect("is remembered like what is asked before", () =>
    Effect.gen(function* () {
      for (const mode of ["auto", "ask"] as const) {
        const { asked, interaction } = answering(conversation)
        yield* turn(mode, interaction)
        assert.lengthOf(asked, 1, mode)
      }
    })
  )

  it.effect("is refused as a call is that nobody approves", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* turn("auto", Interaction.decline)).outcomes, [
        ["refused", "APPROVAL_REQUIRED"],
        ["refused", "APPROVAL_REQUIRED"]
      ])
      const { interaction } = answering({ isApproved: false, because: "refused", reason: "not that" })
      assert.deepStrictEqual((yield* turn("auto", interaction)).outcomes, [
        ["refused", "APPROVAL_REFUSED"],
        ["refused", "APPROVAL_REFUSED"]
      ])
    })
  )
})
