import { Interaction, textResult } from "@signalbox/model"
import { answering, scriptedModel, type ScriptedReply } from "@signalbox/model/testing"
import {
  type Approval,
  type ApprovalMode,
  type ApprovalPolicy,
  Journal,
  type KeptApproval,
  makeApproval,
  makeApprovalMemory,
  type TurnOptions
} from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber, Metric, Stream } from "effect"
import {
  callOf,
  eventsOfTurn,
  ofType,
  resultTexts,
  sessionOf,
  strayResults,
  type TestTool,
  turnOf,
  unanswered
} from "../support.ts"

const policy = (mode: ApprovalMode, given: Partial<ApprovalPolicy> = {}): ApprovalPolicy => ({
  mode,
  rules: [],
  sources: {},
  ...given
})

const calls = (...names: ReadonlyArray<string>) => ({ toolCalls: names.map((name) => ({ name, input: { to: name } })) })

/** Tools that count their runs. */
const counting = (...names: ReadonlyArray<string>) => {
  const runs: Array<string> = []
  const tools = names.map((name): TestTool => ({
    name,
    run: () =>
      Effect.sync(() => {
        runs.push(name)
        return textResult(`${name} done`)
      })
  }))
  return { runs, tools }
}

const yes = { isApproved: true, remember: "once" } as const

const asOf = (
  approval: Approval,
  interaction: Interaction,
  given: Partial<TurnOptions> = {}
): Partial<TurnOptions> => ({
  approval,
  call: callOf({ interaction }),
  ...given
})

describe("a call that needs approval", () => {
  it.effect("runs after a yes, and the question says why", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("send")
      const { asked, interaction } = answering(yes)
      const { model } = yield* scriptedModel([calls("send"), { text: "done" }])
      const events = yield* eventsOfTurn(model, tools, asOf(makeApproval(policy("ask")), interaction))
      assert.deepStrictEqual(runs, ["send"])
      assert.strictEqual(asked[0]?.reason, 'the mode is "ask"')
      assert.deepStrictEqual(asked[0]?.input, { to: "send" })
      const order = events.flatMap(({ type }) => (type.startsWith("tool_") ? [type] : []))
      assert.deepStrictEqual(order, ["tool_asked", "tool_start", "tool_end"])
    })
  )

  it.effect("does not run after a no; the model is told and goes on", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("send")
      const { interaction } = answering({ isApproved: false, because: "refused", reason: "not on Sundays" })
      const { model } = yield* scriptedModel([calls("send"), { text: "very well" }])
      const events = yield* eventsOfTurn(model, tools, asOf(makeApproval(policy("ask")), interaction))
      assert.deepStrictEqual(runs, [])
      const [result] = ofType(events, "turn_end")
      assert.strictEqual(result?.result.text, "very well")
      const [text] = resultTexts(result?.result.messages[1])
      assert.include(text, "APPROVAL_REFUSED")
      assert.include(text, "not on Sundays")
      assert.deepStrictEqual(ofType(events, "tool_start"), [])
      assert.strictEqual(ofType(events, "tool_end")[0]?.outcome.status, "refused")
    })
  )

  it.effect("does not run where there is nobody to ask, and is counted", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("nobody_there")
      const { model } = yield* scriptedModel([calls("nobody_there"), { text: "well" }])
      const registry: Metric.MetricRegistry = new Map()
      const events = yield* eventsOfTurn(
        model,
        tools,
        asOf(makeApproval(policy("auto-safe")), Interaction.decline)
      ).pipe(Effect.provideService(Metric.MetricRegistry, registry))
      assert.deepStrictEqual(runs, [])
      const [end] = ofType(events, "tool_end")
      assert.strictEqual(end?.outcome.code, "APPROVAL_REQUIRED")
      assert.deepStrictEqual(ofType(events, "tool_asked"), [])
      const numbers = yield* Metric.snapshot.pipe(Effect.provideService(Metric.MetricRegistry, registry))
      const counted = numbers.find(({ id }) => id === "tool_refused_total")
      assert.deepInclude(counted?.attributes, { tool: "nobody_there", source: "test", code: "APPROVAL_REQUIRED" })
    })
  )

  it.effect("ends the turn where somebody may approve it later, once the others are done", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("send", "read")
      const { interaction } = answering({ isApproved: false, because: "later", reason: "Approve it." })
      const approval = makeApproval(policy("ask", { rules: [{ tool: "read", decision: "allow" }] }))
      const { model, requests } = yield* scriptedModel([calls("send", "read"), { text: "never" }])
      const result = yield* turnOf(model, tools, asOf(approval, interaction))
      assert.strictEqual(result.finishReason, "approval_required")
      assert.strictEqual(result.text, "Not run, because it needs approval: send.")
      assert.deepStrictEqual(runs, ["read"])
      assert.strictEqual((yield* requests).length, 1)
      assert.deepStrictEqual(unanswered(result.messages), [])
      assert.deepStrictEqual(
        result.steps[0]?.outcomes.map(({ status }) => status),
        ["awaiting_approval", "ok"]
      )
    })
  )

  it.effect("is told as not started when the turn is stopped while somebody is asked", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("send")
      const isAsked = yield* Deferred.make<void>()
      const { interaction } = answering(Effect.andThen(Deferred.succeed(isAsked, undefined), Effect.never))
      const { model } = yield* scriptedModel([calls("send"), { text: "on" }])
      const session = yield* sessionOf(model, tools, [], undefined, undefined, makeApproval(policy("ask")))
      const fiber = yield* Effect.forkChild(Stream.runDrain(session.send("go", { interaction })))
      yield* Deferred.await(isAsked)
      yield* Fiber.interrupt(fiber)
      const history = yield* session.history
      assert.include(resultTexts(history[2])[0], "before this call was started")
      assert.deepStrictEqual([...unanswered(history), ...strayResults(history)], [])
      assert.deepStrictEqual(runs, [])
    })
  )
})

describe("a call that a rule denies", () => {
  it.effect("never runs, whoever would approve it, and the rule is named", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("send")
      const { asked, interaction } = answering(yes)
      const { model } = yield* scriptedModel([calls("send"), { text: "well" }])
      const approval = makeApproval(policy("auto", { rules: [{ tool: "send", decision: "deny" }] }))
      const result = yield* turnOf(model, tools, asOf(approval, interaction))
      assert.deepStrictEqual([runs, asked], [[], []])
      const [text] = resultTexts(result.messages[1])
      assert.include(text, "TOOL_DENIED")
      assert.include(text, "rule 1 (send) says deny")
    })
  )
})

describe("what was approved", () => {
  it.effect("for a conversation is not asked about again until the tool is another, or the conversation ends", () =>
    Effect.gen(function* () {
      const { runs, tools } = counting("send")
      const { asked, interaction } = answering({ isApproved: true, remember: "conversation" })
      const approval = makeApproval(policy("ask"))
      const turn = (changed: Partial<TestTool> = {}, conversationId = "c1") =>
        Effect.gen(function* () {
          const { model } = yield* scriptedModel([calls("send"), { text: "done" }])
          const changedTools = tools.map((tool) => ({ ...tool, ...changed }))
          yield* turnOf(
            model,
            changedTools,
            asOf(approval, interaction, { call: callOf({ interaction, conversationId }) })
          )
          return asked.length
        })
      assert.strictEqual(yield* turn(), 1)
      assert.strictEqual(yield* turn(), 1)
      assert.strictEqual(yield* turn({ description: "Sends it to somebody else." }), 2)
      assert.strictEqual(yield* turn({ description: "Sends it to somebody else." }), 2)
      assert.strictEqual(yield* turn({}, "c2"), 3)
      yield* approval.endConversation({ principal: "local", conversationId: "c2" })
      assert.strictEqual(yield* turn({}, "c2"), 4)
      assert.strictEqual(runs.length, 6)
    })
  )

  it.effect("for good is about the same arguments of the same tool, of the person at this machine", () =>
    Effect.gen(function* () {
      const kept: Array<KeptApproval> = []
      const store = {
        list: Effect.sync(() => [...kept]),
        add: (approval: KeptApproval) => Effect.sync(() => void kept.push(approval)),
        forgetTool: () => Effect.sync(() => void kept.splice(0)),
        digest: (text: string) => Effect.succeed(`digest of ${text}`)
      }
      const approval = makeApproval(policy("ask"), makeApprovalMemory(store))
      const { tools } = counting("send")
      const { asked, interaction } = answering({ isApproved: true, remember: "always" })
      const turn = (to: string, changed: Partial<TestTool> = {}, principal = "local") =>
        Effect.gen(function* () {
          const { model } = yield* scriptedModel([{ toolCalls: [{ name: "send", input: { to } }] }, { text: "done" }])
          const changedTools = tools.map((tool) => ({ ...tool, ...changed }))
          const call = callOf({ interaction, principal, conversationId: to })
          yield* turnOf(model, changedTools, asOf(approval, interaction, { call }))
          return asked.length
        })
      assert.strictEqual(yield* turn("ada"), 1)
      assert.strictEqual(yield* turn("ada"), 1)
      assert.strictEqual(yield* turn("eve"), 2)
      assert.strictEqual(yield* turn("ada", {}, "somebody"), 3)
      assert.strictEqual(kept.length, 2)
      assert.strictEqual(kept[0]?.tool, "send")
      assert.isTrue(DateTime.isDateTime(kept[0]?.since))
      // Another definition: what was kept of the tool is gone.
      assert.strictEqual(yield* turn("ada", { description: "Now with attachments." }), 4)
      assert.deepStrictEqual(
        kept.map(({ input }) => input),
        [{ to: "ada" }]
      )
    })
  )
})

describe("a turn that is run again over its journal", () => {
  it.effect("does not ask about what is done, and runs it no second time", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      const { runs, tools } = counting("send")
      const { asked, interaction } = answering(yes)
      for (let time = 0; time < 2; time++) {
        const { model } = yield* scriptedModel([calls("send"), { text: "done" }])
        const options = asOf(makeApproval(policy("ask")), interaction, { journal, turnId: "t" })
        const result = yield* turnOf(model, tools, options)
        assert.deepStrictEqual(resultTexts(result.messages[1]), ["send done"])
      }
      assert.deepStrictEqual([runs.length, asked.length], [1, 1])
    })
  )

  it.effect("asks again about a call that was approved and had not begun", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      const { runs, tools } = counting("send")
      const isAsked = yield* Deferred.make<void>()
      const dying = answering(Effect.andThen(Deferred.succeed(isAsked, undefined), Effect.never))
      // The first answer of the model is in the journal when the turn runs again.
      const turn = (interaction: Interaction, answers: ReadonlyArray<ScriptedReply> = [{ text: "done" }]) =>
        Effect.gen(function* () {
          const { model } = yield* scriptedModel(answers)
          return yield* turnOf(model, tools, asOf(makeApproval(policy("ask")), interaction, { journal, turnId: "t" }))
        })
      const fiber = yield* Effect.forkChild(turn(dying.interaction, [calls("send")]))
      yield* Deferred.await(isAsked)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(runs, [])
      const { asked, interaction } = answering(yes)
      const result = yield* turn(interaction)
      assert.deepStrictEqual([runs.length, asked.length], [1, 1])
      assert.deepStrictEqual(resultTexts(result.messages[1]), ["send done"])
    })
  )

  it.effect("asks nobody about a call that may have run, and does not run it", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      const isRunning = yield* Deferred.make<void>()
      let runs = 0
      const send: TestTool = {
        name: "send",
        run: () =>
          Effect.suspend(() => {
            runs++
            return Effect.andThen(Deferred.succeed(isRunning, undefined), Effect.never)
          })
      }
      const { asked, interaction } = answering(yes)
      const turn = (answer: ScriptedReply) =>
        Effect.gen(function* () {
          const { model } = yield* scriptedModel([answer])
          return yield* turnOf(model, [send], asOf(makeApproval(policy("ask")), interaction, { journal, turnId: "t" }))
        })
      const fiber = yield* Effect.forkChild(turn(calls("send")))
      yield* Deferred.await(isRunning)
      yield* Fiber.interrupt(fiber)
      const result = yield* turn({ text: "done" })
      assert.deepStrictEqual([runs, asked.length], [1, 1])
      assert.include(resultTexts(result.messages[1])[0], "JOURNAL_OUTCOME_UNKNOWN")
    })
  )

  it.effect("keeps a no", () =>
    Effect.gen(function* () {
      const journal = yield* Journal.memory
      const { runs, tools } = counting("send")
      for (const answer of [{ isApproved: false, because: "refused", reason: "" } as const, yes]) {
        const { interaction } = answering(answer)
        const { model } = yield* scriptedModel([calls("send"), { text: "done" }])
        const options = asOf(makeApproval(policy("ask")), interaction, { journal, turnId: "t" })
        const result = yield* turnOf(model, tools, options)
        assert.include(resultTexts(result.messages[1])[0], "APPROVAL_REFUSED")
      }
      assert.deepStrictEqual(runs, [])
    })
  )
})
