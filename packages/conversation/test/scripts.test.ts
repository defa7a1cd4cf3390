// Whatever a model does, streaming and one-shot turns agree, and the history stays valid.
import {
  addUsage,
  type ContentBlock,
  emptyFold,
  foldEvent,
  Interaction,
  LanguageModel,
  type Message,
  noUsage,
  Toolbox,
  textResult
} from "@signalbox/model"
import { scriptedModel, type ScriptedReply } from "@signalbox/model/testing"
import {
  ConversationClient,
  ConversationSession,
  Journal,
  noHooks,
  presetLimits,
  runTurn,
  type ToolOutcome,
  toolResultBlock,
  type TurnEvent
} from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, References, Schema, Stream } from "effect"
import { caller, echo, ofType, optionsOf, strayResults, type TestTool, toolboxOf, unanswered } from "./support.ts"

const Call = Schema.Literals(["echo", "fail", "die", "invalid", "unknown", "ask_user", "notAnObject"])
const Step = Schema.Struct({
  text: Schema.Literals(["", "a", "some words"]),
  calls: Schema.Array(Call).check(Schema.isMaxLength(4)),
  stopReason: Schema.Literals(["natural", "natural", "natural", "max_tokens", "refusal", "pause_turn"])
})
const Script = Schema.Array(Step).check(Schema.isMaxLength(12))

const blockOf = (call: typeof Call.Type, id: string): ContentBlock => {
  const block = { type: "tool_use" as const, id, name: call, input: {} }
  if (call === "echo") return { ...block, input: { text: id } }
  if (call === "invalid") return { ...block, name: "echo", input: { text: 1 } }
  if (call === "notAnObject") return { ...block, name: "echo", invalidInput: "[1" }
  return block
}

const repliesOf = (script: typeof Script.Type): ReadonlyArray<ScriptedReply> => [
  ...script.map(({ calls, stopReason, text }, step): ScriptedReply => {
    const blocks = calls.map((call, index) => blockOf(call, `${step}_${index}`))
    const natural = calls.length > 0 ? "tool_use" : "end_turn"
    return {
      content: [{ type: "text", text }, ...blocks],
      stopReason: stopReason === "natural" ? natural : stopReason
    }
  }),
  { text: "the end" }
]

const tools: ReadonlyArray<TestTool> = [
  echo,
  caller,
  { name: "fail", run: () => Effect.succeed(textResult("no", true)) },
  { name: "die", run: () => Effect.die("bug") }
]

/** Defects of tools are logged in full; here they are part of the script. */
const withoutLogs = Effect.provideService(References.MinimumLogLevel, "None")

/** What a client that reads the stream holds at the end: text and calls from deltas, results from tool events. */
const messagesFrom = (events: ReadonlyArray<TurnEvent>): ReadonlyArray<Message> => {
  const steps = Math.max(0, ...ofType(events, "step_start").map(({ step }) => step))
  const ends = new Map(
    ofType(events, "tool_end").map(({ callId, outcome }): [string, ToolOutcome] => [callId, outcome])
  )
  return [
    ...Array.from({ length: steps }, (_, index) => index + 1).flatMap((step): ReadonlyArray<Message> => {
      const { reply } = ofType(events, "model")
        .filter((event) => event.step === step)
        .reduce((fold, { event }) => foldEvent(fold, event), emptyFold)
      const kept = reply.content.filter((block) => block.type !== "text" || block.text !== "")
      const results = reply.content.flatMap((block) => {
        const outcome = block.type === "tool_use" ? ends.get(block.id) : undefined
        return outcome === undefined ? [] : [toolResultBlock(outcome.call.id, outcome.result)]
      })
      const messages: ReadonlyArray<Message> = [
        { role: "assistant", content: kept },
        { role: "user", content: results }
      ]
      return messages.filter(({ content }) => content.length > 0)
    }),
    ...ofType(events, "notice").map(({ text }) => ({
      role: "assistant" as const,
      content: [{ type: "text" as const, text }]
    }))
  ]
}

const withoutRunBy = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> =>
  messages.map(({ content, role }) => ({
    role,
    content: content.map((block) => {
      if (block.type !== "tool_use") return block
      const { runBy: _, ...rest } = block
      return rest
    })
  }))

describe("any script of a model", () => {
  it.effect.prop("gives a reader of the stream the same messages as a one-shot answer", [Script], ([script]) =>
    Effect.gen(function* () {
      const replies = repliesOf(script)
      const streamed = yield* scriptedModel(replies)
      const events = yield* Stream.runCollect(runTurn(optionsOf(streamed.model, tools)))
      const whole = yield* scriptedModel(replies)
      const parts = Layer.merge(LanguageModel.layer(whole.model), Layer.succeed(Toolbox, toolboxOf(...tools)))
      const layer = ConversationClient.layer({
        request: { system: [], maxTokens: 100 },
        limits: presetLimits,
        maxSessions: 1,
        idleTimeout: Duration.infinity
      })
      const result = yield* ConversationClient.use((client) => client.ask("hello")).pipe(
        Effect.provide(Layer.provide(layer, parts), { local: true })
      )
      assert.deepStrictEqual(withoutRunBy(result.messages), messagesFrom(events))
      assert.deepStrictEqual(ofType(events, "turn_end")[0]?.result.messages, result.messages)
      assert.deepStrictEqual(
        result.usage,
        result.steps.reduce((sum, { usage }) => addUsage(sum, usage), noUsage)
      )
    }).pipe(withoutLogs)
  )

  it.effect.prop(
    "leaves a history in which each call has one result",
    [Script, Schema.Boolean],
    ([script, isAnswered]) =>
      Effect.gen(function* () {
        const { model } = yield* scriptedModel([
          ...repliesOf(script),
          ...Array.from({ length: 20 }, () => ({ text: "x" }))
        ])
        const session = yield* ConversationSession.make({
          id: "s",
          model,
          toolbox: toolboxOf(...tools),
          limits: presetLimits,
          journal: Journal.none,
          hooks: noHooks,
          request: { system: [], maxTokens: 100 },
          call: { principal: "local", interaction: Interaction.decline }
        })
        for (let turn = 0; turn < script.length + 1; turn++) {
          const events = yield* Stream.runCollect(session.send(`message ${turn}`))
          const pending = ofType(events, "turn_end")[0]?.result.pendingCalls ?? []
          if (pending.length > 0 && isAnswered) {
            yield* Stream.runDrain(
              session.send(pending.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "answer" })))
            )
          }
        }
        const history = yield* session.history
        assert.strictEqual(history.at(-1)?.role, "assistant")
        assert.deepStrictEqual(unanswered(history), [])
        assert.deepStrictEqual(strayResults(history), [])
        assert.isTrue(history.every(({ content }) => content.length > 0))
      }).pipe(withoutLogs)
  )
})
