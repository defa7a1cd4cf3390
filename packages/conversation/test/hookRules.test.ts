import { ApprovalRequired, Interaction, textResult } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { HookRefused, joinHooks, makeApproval, type PendingCall, type TurnHooks } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { callOf, echo, resultTexts, turnOf } from "./support.ts"

const says = (text: string) => [{ toolCalls: [{ name: "echo", input: { text } }] }, { text: "done" }]

const answering = (isApproved: boolean) => {
  const asked: Array<string> = []
  const interaction: Interaction = {
    ...Interaction.decline,
    approve: ({ reason }) =>
      Effect.sync(() => {
        asked.push(reason)
        return isApproved
          ? { isApproved: true as const, remember: "once" as const }
          : { isApproved: false as const, because: "refused" as const, reason: "no" }
      })
  }
  return { asked, interaction }
}

const asking: TurnHooks = {
  beforeTool: ({ call }) => Effect.succeed({ _tag: "AskFirst", call, reason: "it writes outside" })
}

describe("a hook before a tool", () => {
  it.effect("may refuse: the model is told why, and goes on", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel(says("x"))
      const result = yield* turnOf(model, [echo], {
        hooks: {
          beforeTool: () => Effect.succeed(new HookRefused({ hook: "guard", reason: "not on Fridays" }))
        }
      })
      const outcome = result.steps[0]?.outcomes[0]
      assert.deepInclude(outcome, { status: "refused", code: "HOOK_REFUSED" })
      assert.match(
        resultTexts((yield* requests)[1]?.messages.at(-1))[0] ?? "",
        /^HOOK_REFUSED: Refused by the hook guard: not on Fridays/
      )
      assert.deepInclude(result, { finishReason: "end_turn", text: "done" })
    })
  )

  it.effect("may have somebody asked, whatever the policy lets through", () =>
    Effect.gen(function* () {
      for (const isApproved of [true, false]) {
        const { asked, interaction } = answering(isApproved)
        const { model } = yield* scriptedModel(says("x"))
        const { steps } = yield* turnOf(model, [echo], { hooks: asking, call: { ...callOf(), interaction } })
        assert.deepStrictEqual(asked, ["it writes outside"])
        assert.strictEqual(steps[0]?.outcomes[0]?.status, isApproved ? "ok" : "refused")
      }
    })
  )

  it.effect("cannot let through what a rule denies, and asks nobody about what was just approved for good", () =>
    Effect.gen(function* () {
      const { asked, interaction } = answering(true)
      const denied = makeApproval({ mode: "deny", rules: [], sources: {} })
      const first = yield* scriptedModel(says("x"))
      const call = { ...callOf(), interaction }
      const { steps } = yield* turnOf(first.model, [echo], { hooks: asking, approval: denied, call })
      assert.strictEqual(steps[0]?.outcomes[0]?.code, "TOOL_DENIED")
      assert.deepStrictEqual(asked, [])

      const lasting: Interaction = {
        ...interaction,
        approve: (request) =>
          Effect.map(interaction.approve(request), () => ({ isApproved: true, remember: "conversation" }))
      }
      const approval = makeApproval({ mode: "auto", rules: [], sources: {} })
      for (let turn = 0; turn < 2; turn++) {
        const { model } = yield* scriptedModel(says("x"))
        yield* turnOf(model, [echo], { hooks: asking, approval, call: { ...call, interaction: lasting } })
      }
      assert.lengthOf(asked, 1)
    })
  )

  it.effect("leaves the call unrun where nobody can be asked", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel(says("x"))
      const { steps } = yield* turnOf(model, [echo], { hooks: asking })
      assert.deepInclude(steps[0]?.outcomes[0], { status: "refused", code: ApprovalRequired.definition.code })
    })
  )
})

describe("hooks that are joined", () => {
  it.effect("are each given what the one before answered, and told whose turn it is", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const marking = (mark: string): TurnHooks => ({
        beforeModel: (request, _, { principal }) => {
          seen.push(`${mark} model ${principal}`)
          return Effect.succeed({ ...request, system: [...request.system, { type: "text", text: mark }] })
        },
        beforeTool: ({ call }) => {
          seen.push(`${mark} tool ${JSON.stringify(call.input)}`)
          return Effect.succeed({ ...call, input: { text: `${String(call.input["text"])}${mark}` } })
        },
        afterTool: ({ result }, _, { conversationId }) => {
          seen.push(`${mark} result of ${conversationId}`)
          return Effect.succeed({ ...result, content: [...result.content, { type: "text", text: mark }] })
        },
        turnEnd: (end) => Effect.sync(() => void seen.push(`${mark} ${end._tag}`))
      })
      const { model, requests } = yield* scriptedModel(says("x"))
      yield* turnOf(model, [echo], {
        hooks: joinHooks([marking("a"), marking("b")]),
        call: callOf({ principal: "ada", conversationId: "c" })
      })
      assert.deepStrictEqual(
        (yield* requests)[1]?.system.map((block) => block.text),
        ["a", "b"]
      )
      assert.deepStrictEqual(seen, [
        "a model ada",
        "b model ada",
        'a tool {"text":"x"}',
        'b tool {"text":"xa"}',
        "a result of c",
        "b result of c",
        "a model ada",
        "b model ada",
        "a Ended",
        "b Ended"
      ])
    })
  )

  it.effect("stop at a call that one has settled, and go on with one that is to be asked about", () =>
    Effect.gen(function* () {
      const later: Array<PendingCall> = []
      const noting: TurnHooks = {
        beforeTool: (pending) => {
          later.push(pending)
          return Effect.succeed(pending.call)
        }
      }
      const settling: TurnHooks = { beforeTool: () => Effect.succeed(textResult("instead")) }
      const first = yield* scriptedModel(says("x"))
      const { steps } = yield* turnOf(first.model, [echo], { hooks: joinHooks([settling, noting]) })
      assert.deepStrictEqual(later, [])
      assert.strictEqual(steps[0]?.outcomes[0]?.status, "ok")

      const { asked, interaction } = answering(true)
      const second = yield* scriptedModel(says("x"))
      yield* turnOf(second.model, [echo], {
        hooks: joinHooks([asking, noting]),
        call: { ...callOf(), interaction }
      })
      assert.lengthOf(later, 1)
      assert.deepStrictEqual(asked, ["it writes outside"])
    })
  )
})

describe("a hook of the model", () => {
  it.effect("may refuse, which ends the turn with its reason and is told at its end", () =>
    Effect.gen(function* () {
      const ends: Array<string> = []
      const { model, requests } = yield* scriptedModel([{ text: "never" }])
      const outcome = yield* Effect.result(
        turnOf(model, [], {
          hooks: {
            beforeModel: () => Effect.fail(new HookRefused({ hook: "guard", reason: "a secret" })),
            turnEnd: (end) => Effect.sync(() => void ends.push(end._tag === "Failed" ? end.error.code : end._tag))
          }
        })
      )
      assert.isTrue(Result.isFailure(outcome))
      assert.deepStrictEqual(yield* requests, [])
      assert.deepStrictEqual(ends, ["HOOK_REFUSED"])
    })
  )
})
