import { defineError, statuses } from "@signalbox/errors"
import {
  type CallContext,
  Interaction,
  notApproved,
  textResult,
  Toolbox,
  type ToolProgress,
  type ToolUseBlock
} from "@signalbox/model"
import { Journal, noHooks, presetLimits, type ToolEvent, ToolExecutor, type TurnHooks } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Deferred, Duration, Effect, Fiber, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { callOf, definition, echo, type TestTool, toolboxOf } from "./support.ts"

class ServerDown extends defineError<ServerDown>()("ServerDown", {
  code: "SERVER_DOWN",
  status: statuses.unavailable,
  fields: { serverName: Schema.String },
  message: ({ serverName }) => `The server "${serverName}" is down, token=sk-abcdefghijkl.`,
  hint: () => "Start it again."
}) {}

const call = (name: string, id: string, input: ToolUseBlock["input"] = {}): ToolUseBlock => ({
  type: "tool_use",
  id,
  name,
  input
})

const executorOf = (tools: ReadonlyArray<TestTool>, hooks: TurnHooks = noHooks, limits = presetLimits) =>
  ToolExecutor.make({ toolbox: toolboxOf(...tools), limits, journal: Journal.none, hooks })

const batch = { call: callOf(), id: "t/1", step: 1 }

describe("executing calls", () => {
  it.effect("gives every call an outcome, in order, under its id, with a status of its own", () =>
    Effect.gen(function* () {
      const executor = executorOf([
        echo,
        { name: "slow", run: () => Effect.never },
        { name: "down", run: () => Effect.fail(new ServerDown({ serverName: "files" })) },
        { name: "refuse", run: () => Effect.succeed(textResult("no such file", true)) }
      ])
      const fiber = yield* Effect.forkChild(
        executor.executeAll(
          [
            call("echo", "1", { text: "hi" }),
            call("ecko", "2"),
            call("slow", "3"),
            call("down", "4"),
            call("refuse", "5"),
            call("echo", "6", { text: 5 })
          ],
          batch
        )
      )
      yield* TestClock.adjust("31 seconds")
      const outcomes = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        outcomes.map(({ call, code, result, status }) => [call.id, status, code, result.isError]),
        [
          ["1", "ok", undefined, false],
          ["2", "not_found", "TOOL_NOT_FOUND", true],
          ["3", "timeout", "TOOL_TIMEOUT", true],
          ["4", "failed", "SERVER_DOWN", true],
          ["5", "tool_error", undefined, true],
          ["6", "invalid", "INVALID_PARAMS", true]
        ]
      )
      assert.include(JSON.stringify(outcomes[1]?.result.content), 'Did you mean \\"echo\\"?')
      assert.deepStrictEqual(outcomes[2]?.duration, Duration.seconds(30))
    })
  )

  it.effect("tells the model code, message and hint of a failure, without secrets", () =>
    Effect.gen(function* () {
      const executor = executorOf([{ name: "down", run: () => Effect.fail(new ServerDown({ serverName: "files" })) }])
      const [outcome] = yield* executor.executeAll([call("down", "1")], batch)
      assert.deepStrictEqual(outcome?.result.content, [
        {
          type: "text",
          text: 'SERVER_DOWN: The server "files" is down, token=<redacted>.\nHint: Start it again.'
        }
      ])
    })
  )

  it.effect("runs as many at a time as allowed", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const tool: TestTool = {
        name: "work",
        run: () =>
          Effect.suspend(() => {
            most = Math.max(most, ++running)
            return Effect.sleep("1 second")
          }).pipe(Effect.map(() => (running--, textResult("done"))))
      }
      const calls = Array.from({ length: 12 }, (_, index) => call("work", String(index)))
      for (const limit of [5, 1]) {
        most = 0
        const executor = executorOf([tool], noHooks, { ...presetLimits, toolConcurrency: limit })
        const fiber = yield* Effect.forkChild(executor.executeAll(calls, batch))
        yield* TestClock.adjust("12 seconds")
        yield* Fiber.join(fiber)
        assert.strictEqual(most, limit)
      }
    })
  )

  it.effect("keeps the order of the calls whatever order they end in", () =>
    Effect.gen(function* () {
      const isDone = yield* Deferred.make<void>()
      const ends: Array<string> = []
      const executor = executorOf([
        { name: "late", run: () => Effect.as(Deferred.await(isDone), textResult("late")) },
        { name: "soon" }
      ])
      const emit = (event: ToolEvent): Effect.Effect<unknown> =>
        Effect.suspend(() => {
          if (event.type !== "tool_end") return Effect.void
          ends.push(event.callId)
          return Deferred.succeed(isDone, undefined)
        })
      const outcomes = yield* executor.executeAll([call("late", "1"), call("soon", "2")], { ...batch, emit })
      assert.deepStrictEqual(
        outcomes.map((outcome) => outcome.call.id),
        ["1", "2"]
      )
      assert.deepStrictEqual(ends, ["2", "1"])
    })
  )

  it.effect("turns a defect of a tool into a result that hides its text", () =>
    Effect.gen(function* () {
      const executor = executorOf([{ name: "bug", run: () => Effect.die(new Error("at line 7")) }])
      const [outcome] = yield* executor.executeAll([call("bug", "1")], batch)
      assert.strictEqual(outcome?.status, "failed")
      assert.strictEqual(outcome?.code, "INTERNAL")
      assert.notInclude(JSON.stringify(outcome?.result), "line 7")
    })
  )

  it.effect("turns a tool that interrupts itself into a result", () =>
    Effect.gen(function* () {
      const executor = executorOf([{ name: "gone", run: () => Effect.interrupt }])
      const [outcome] = yield* executor.executeAll([call("gone", "1")], batch)
      assert.strictEqual(outcome?.code, "CANCELLED")
    })
  )

  it.effect("finds a tool by its qualified name and calls it by the listed one", () =>
    Effect.gen(function* () {
      const executor = executorOf([echo])
      const [outcome] = yield* executor.executeAll([call("test__echo", "1", { text: "hi" })], batch)
      assert.strictEqual(outcome?.status, "ok")
      assert.deepStrictEqual(outcome?.call.runBy, { _tag: "Host", source: "test" })
    })
  )

  it.effect("stops waiting at the caller's own deadline when that comes first", () =>
    Effect.gen(function* () {
      const deadline = DateTime.add(yield* DateTime.now, { seconds: 2 })
      let seen: CallContext | undefined
      const executor = executorOf([
        { name: "slow", run: (_, context) => Effect.suspend(() => ((seen = context), Effect.never)) }
      ])
      const fiber = yield* Effect.forkChild(
        executor.executeAll([call("slow", "1")], { ...batch, call: callOf({ deadline }) })
      )
      yield* TestClock.adjust("2 seconds")
      const [outcome] = yield* Fiber.join(fiber)
      assert.strictEqual(outcome?.status, "timeout")
      assert.deepStrictEqual(seen?.deadline, deadline)
      assert.strictEqual(seen?.toolCallId, "1")
    })
  )

  it.effect("starts nothing when the caller's deadline has passed", () =>
    Effect.gen(function* () {
      let isRun = false
      const executor = executorOf([
        { name: "write", run: () => Effect.sync(() => ((isRun = true), textResult("written"))) }
      ])
      const deadline = yield* DateTime.now
      const [outcome] = yield* executor.executeAll([call("write", "1")], { ...batch, call: callOf({ deadline }) })
      assert.isFalse(isRun)
      assert.deepStrictEqual([outcome?.status, outcome?.code], ["timeout", "TOOL_TIMEOUT"])
      assert.include(JSON.stringify(outcome?.result), "was not run")
    })
  )

  it.effect("reports progress to reader and caller, and to no reader once the call is over", () =>
    Effect.gen(function* () {
      const events: Array<ToolEvent> = []
      const heard: Array<ToolProgress> = []
      let late: Effect.Effect<void> = Effect.void
      const executor = executorOf([
        {
          name: "work",
          run: (_, { interaction }) => {
            late = interaction.progress({ progress: 2 })
            return Effect.as(interaction.progress({ progress: 1, total: 2 }), textResult("done"))
          }
        }
      ])
      const interaction = {
        ...Interaction.decline,
        progress: (update: ToolProgress) => Effect.sync(() => void heard.push(update))
      }
      const emit = (event: ToolEvent) => Effect.sync(() => void events.push(event))
      yield* executor.executeAll([call("work", "1")], { ...batch, call: callOf({ interaction }), emit })
      yield* late
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        ["tool_start", "tool_progress", "tool_end"]
      )
      assert.strictEqual(heard.length, 2)
    })
  )

  it.effect("is a service over the toolbox of the context", () =>
    Effect.gen(function* () {
      const executor = yield* ToolExecutor
      const [outcome] = yield* executor.executeAll([call("echo", "1", { text: "hi" })], batch)
      assert.strictEqual(outcome?.status, "ok")
    }).pipe(
      Effect.provide(ToolExecutor.layer(presetLimits).pipe(Layer.provide(Layer.succeed(Toolbox, toolboxOf(echo)))))
    )
  )
})

const replace = (text: unknown): TurnHooks => ({
  beforeTool: ({ call }) => Effect.succeed({ ...call, input: { text } })
})

describe("hooks of tools", () => {
  it.effect("may replace the arguments, which are looked at again", () =>
    Effect.gen(function* () {
      const calls = [call("echo", "1", { text: "a" })]
      const [good] = yield* executorOf([echo], replace("b")).executeAll(calls, batch)
      assert.deepStrictEqual(good?.result, textResult("b"))
      assert.deepStrictEqual(good?.call.input, { text: "a" })
      const [bad] = yield* executorOf([echo], replace(1)).executeAll(calls, batch)
      assert.strictEqual(bad?.status, "invalid")
    })
  )

  it.effect("may answer instead of the tool", () =>
    Effect.gen(function* () {
      let isRun = false
      const tool: TestTool = {
        name: "work",
        run: () =>
          Effect.sync(() => {
            isRun = true
            return textResult("done")
          })
      }
      const executor = executorOf([tool], { beforeTool: () => Effect.succeed(textResult("not allowed", true)) })
      const [outcome] = yield* executor.executeAll([call("work", "1")], batch)
      assert.strictEqual(outcome?.status, "tool_error")
      assert.isFalse(isRun)
    })
  )

  it.effect("may replace what the model is told", () =>
    Effect.gen(function* () {
      const executor = executorOf([echo], {
        afterTool: ({ status }) => Effect.succeed(textResult(`was ${status}`, status === "ok"))
      })
      const outcomes = yield* executor.executeAll([call("echo", "1", { text: "a" }), call("nothing", "2")], batch)
      assert.deepStrictEqual(
        outcomes.map(({ code, result, status }) => [status, code, result]),
        [
          ["tool_error", undefined, textResult("was ok", true)],
          ["not_found", "TOOL_NOT_FOUND", textResult("was not_found")]
        ]
      )
    })
  )
})

describe("a tool that asks before it does anything", () => {
  const later: Interaction = {
    ...Interaction.decline,
    approve: () => Effect.succeed({ isApproved: false, because: "later", reason: "Ask again." })
  }

  it.effect("has its call put off where somebody can answer later, and the journal knows nothing of it", () =>
    Effect.gen(function* () {
      const asked: Array<string | undefined> = []
      const tool: TestTool = {
        name: "careful",
        run: (input, { interaction, toolCallId }) =>
          Effect.gen(function* () {
            const request = { tool: definition(tool), input, reason: "it is sharp", callId: toolCallId }
            const answer = yield* interaction.approve(request)
            asked.push(toolCallId)
            return answer.isApproved ? textResult("cut") : yield* notApproved(request, answer)
          })
      }
      const journal = yield* Journal.memory
      const executor = ToolExecutor.make({ toolbox: toolboxOf(tool), limits: presetLimits, journal, hooks: noHooks })
      const run = (interaction: Interaction) =>
        Effect.map(
          executor.executeAll([call("careful", "1")], { ...batch, call: callOf({ interaction }) }),
          ([outcome]) => [outcome?.status, outcome?.code]
        )
      assert.deepStrictEqual(yield* run(later), ["awaiting_approval", "APPROVAL_REQUIRED"])
      assert.deepStrictEqual(yield* journal.records, [])
      assert.deepStrictEqual(yield* run(Interaction.decline), ["refused", "APPROVAL_REQUIRED"])
      assert.deepStrictEqual(asked, ["1", "1"])
    })
  )
})
