import { type ApprovalDecision, Interaction, type ModelRequest, textResult } from "@signalbox/model"
import { scriptedModel, type ScriptedReply } from "@signalbox/model/testing"
import { type ApprovalRule, judgeCall, Journal, makeApproval, presetLimits } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { callOf, definition, type TestTool, turnOf, unanswered } from "../support.ts"

const names = ["a", "b", "c"] as const

const Rules = Schema.Array(
  Schema.Struct({
    tool: Schema.Literals([...names, "*"]),
    decision: Schema.Literals(["allow", "ask", "deny"])
  })
).check(Schema.isMaxLength(4))

const Answer = Schema.Literals(["yes", "conversation", "no", "nobody", "later", "gone"])

const decisions: Readonly<Record<Exclude<typeof Answer.Type, "gone">, ApprovalDecision>> = {
  yes: { isApproved: true, remember: "once" },
  conversation: { isApproved: true, remember: "conversation" },
  no: { isApproved: false, because: "refused", reason: "" },
  nobody: { isApproved: false, because: "nobody", reason: "" },
  later: { isApproved: false, because: "later", reason: "" }
}

const Mode = Schema.Literals(["ask", "auto-safe", "auto", "deny"])

describe("any policy, whoever answers, and however often a turn is cut short and run again", () => {
  it.effect.prop(
    "runs no call that is denied or that nobody approved, none twice, and answers each",
    [
      Mode,
      Rules,
      Schema.Array(Schema.Literals(names)).check(Schema.isMaxLength(4)),
      Schema.Array(Answer).check(Schema.isMinLength(1), Schema.isMaxLength(6))
    ],
    ([mode, rules, called, answers]) =>
      Effect.gen(function* () {
        const policy = { mode, rules: rules satisfies ReadonlyArray<ApprovalRule>, sources: {} }
        const runs: Array<string> = []
        const approved = new Set<string>()
        const tools = names.map((name): TestTool => ({
          name,
          annotations: name === "a" ? { readOnlyHint: true } : {},
          run: (_, { toolCallId }) =>
            Effect.sync(() => {
              runs.push(`${name} ${toolCallId}`)
              return textResult("done")
            })
        }))
        const journal = yield* Journal.memory
        let at = 0
        const turn = (gone: Deferred.Deferred<void>) =>
          Effect.gen(function* () {
            const interaction: Interaction = {
              ...Interaction.decline,
              approve: ({ tool }) =>
                Effect.suspend(() => {
                  const answer = answers[at++ % answers.length] ?? "no"
                  if (answer === "gone") return Effect.andThen(Deferred.succeed(gone, undefined), Effect.never)
                  if (decisions[answer].isApproved) approved.add(tool.name)
                  return Effect.succeed(decisions[answer])
                })
            }
            const toolCalls = called.map((name) => ({ name, input: {} }))
            // By what it is asked: the journal may have its first answer already.
            const reply = ({ messages }: ModelRequest): ScriptedReply =>
              messages.length === 1 && toolCalls.length > 0 ? { toolCalls } : { text: "done" }
            const { model } = yield* scriptedModel([reply, reply])
            return yield* turnOf(model, tools, {
              approval: makeApproval(policy),
              journal,
              turnId: "t",
              call: callOf({ interaction }),
              limits: { ...presetLimits, toolConcurrency: 1 }
            })
          })
        for (let time = 0; time < 3; time++) {
          const gone = yield* Deferred.make<void>()
          const fiber = yield* Effect.forkChild(turn(gone))
          yield* Effect.raceFirst(Deferred.await(gone), Fiber.await(fiber))
          yield* Fiber.interrupt(fiber)
          const exit = yield* Fiber.await(fiber)
          if (exit._tag === "Success") assert.deepStrictEqual(unanswered(exit.value.messages), [])
        }
        assert.strictEqual(new Set(runs).size, runs.length)
        for (const run of runs) {
          const tool = definition(tools.find(({ name }) => run.startsWith(name)) ?? { name: "?" })
          const { decision } = judgeCall(policy, tool, {})
          assert.isTrue(decision === "allow" || (decision === "ask" && approved.has(tool.name)), `${run}: ${decision}`)
        }
      }),
    { timeout: 60_000, arbitrary: { runs: 200 } }
  )
})
