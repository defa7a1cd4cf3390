import { assert, describe, it } from "@effect/vitest"
import { Interaction, localCall, resultText } from "@signalbox/model"
import { managedDefaults, type SessionOptions } from "@signalbox/orchestrator"
import { type FxMcpFlags, readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { DateTime, Effect, Fiber } from "effect"
import { fx, orchestrateReal, until } from "./realServers.ts"

/** One running fx-mcp with these sessions, and what all of its processes have seen. */
const serving = Effect.fnUntraced(function* (sessions: Partial<SessionOptions>, flags: FxMcpFlags = {}) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  )
  const log = folder.file("fx.log")
  const boxes = yield* orchestrateReal([
    { ...fx("fx", { ...flags, log }), sessions: { ...managedDefaults.stdio.sessions, ...sessions } }
  ])
  yield* boxes.settled
  const count = (name: string) => readFxMcpLog(log).filter(({ event }) => event === name).length
  return { boxes, call: boxes.toolbox.call, count }
})

const settings: Readonly<Record<string, Partial<SessionOptions>>> = {
  "the connection that all share": {},
  "several that are shared": { max: 3 },
  "one of the conversation": { affinity: "conversation", max: 2 },
  "one of its own": { affinity: "call", max: 2 },
  "one of its own past the limit": { affinity: "call", max: 1, fallback: "direct" }
}

for (const [name, sessions] of Object.entries(settings)) {
  describe(`calls on ${name}`, () => {
    it.live("answer with every block, and keep a tool's own error apart from a refusal", () =>
      Effect.gen(function* () {
        const { call } = yield* serving(sessions)
        const mixed = yield* call("mixed", {}, localCall())
        assert.deepStrictEqual(
          mixed.content.map(({ type }) => type),
          ["text", "image", "text", "opaque"]
        )
        const failed = yield* call("fail", { text: "no" }, localCall())
        assert.deepStrictEqual([failed.isError, resultText(failed)], [true, "no"])
        assert.deepStrictEqual((yield* call("add", { a: 2, b: 3 }, localCall())).structuredContent, { sum: 5 })
      })
    )

    it.live("refuse a tool that is not there and arguments that do not fit, and the server sees nothing", () =>
      Effect.gen(function* () {
        const { boxes, call, count } = yield* serving(sessions)
        assert.strictEqual((yield* Effect.flip(call("ecco", {}, localCall()))).code, "TOOL_NOT_FOUND")
        assert.strictEqual((yield* Effect.flip(call("add", { a: "2" }, localCall()))).code, "INVALID_PARAMS")
        yield* boxes.stop("fx")
        assert.strictEqual(
          (yield* Effect.flip(call("fx__add", { a: 2, b: 3 }, localCall()))).code,
          "SERVER_UNAVAILABLE"
        )
        assert.strictEqual(count("call_start"), 0)
      })
    )

    it.live("tell of their progress, and the server is told when nobody waits for them any more", () =>
      Effect.gen(function* () {
        const { call, count } = yield* serving(sessions, { progress: 3 })
        const told: Array<number> = []
        const interaction = {
          ...Interaction.decline,
          progress: ({ progress }: { readonly progress: number }) => Effect.sync(() => void told.push(progress))
        }
        yield* call("echo", { text: "x" }, localCall({ interaction }))
        assert.lengthOf(told, 3)
        const left = yield* Effect.forkChild(call("sleep", { milliseconds: 60_000 }, localCall()))
        yield* until("the call", () => count("call_start") === 2)
        yield* Fiber.interrupt(left)
        yield* until("the server to hear of it", () => count("cancelled") === 1)
        const deadline = DateTime.addDuration(yield* DateTime.now, "300 millis")
        const late = yield* Effect.flip(call("sleep", { milliseconds: 60_000 }, localCall({ deadline })))
        assert.include(["TOOL_CALL_TIMEOUT", "SERVER_BUSY"], late.code)
      })
    )

    it.live("say that nobody knows what became of them when the process dies, and the next one works", () =>
      Effect.gen(function* () {
        const { call } = yield* serving(sessions)
        assert.strictEqual((yield* Effect.flip(call("kill_self", {}, localCall()))).code, "TOOL_OUTCOME_UNKNOWN")
        assert.strictEqual(resultText(yield* call("echo", { text: "back" }, localCall())), "back")
      })
    )
  })
}
