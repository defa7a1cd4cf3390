import { assert, describe, it } from "@effect/vitest"
import { type JsonObject, localCall } from "@signalbox/model"
import { managedDefaults, type ManagedServer, type ServerOrchestrator } from "@signalbox/orchestrator"
import { type FxMcpFlags, readFxMcpLog, startFxMcpHttp, tempDirectory } from "@signalbox/testing"
import { Effect, Fiber } from "effect"
import { fx, orchestrateReal, until } from "./realServers.ts"

const http = (url: string): ManagedServer => {
  const { server } = fx("web")
  return { ...managedDefaults.http, server: { ...server, endpoint: { transport: "http", url, headers: {} } } }
}

/** One server that keeps sessions, and the file of what reached it. */
const withSessions = Effect.fnUntraced(function* (flags: FxMcpFlags) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (folder) => Effect.promise(() => folder[Symbol.asyncDispose]())
  )
  const log = folder.file("fx.log")
  const web = yield* Effect.acquireRelease(
    Effect.promise(() => startFxMcpHttp({ era: "2025", log, ...flags })),
    (server) => Effect.promise(() => server.close())
  )
  const boxes = yield* orchestrateReal([http(web.url)])
  yield* boxes.settled
  return { boxes, log }
})

const call = (boxes: ServerOrchestrator["Service"], name: string, input: JsonObject) =>
  boxes.toolbox.call(name, input, localCall())

const ran = (log: string) => readFxMcpLog(log).filter(({ event }) => event === "call_start")

describe("a session that a server has forgotten", () => {
  it.live("is replaced, and the call is made again", () =>
    Effect.gen(function* () {
      const { boxes } = yield* withSessions({ tools: ["write"], sessionCalls: 2 })
      for (let index = 1; index <= 5; index++) {
        const { structuredContent } = yield* call(boxes, "write", { key: `k${index}`, value: "v" })
        assert.propertyVal(structuredContent, "keys", index)
      }
      assert.strictEqual((yield* boxes.server("web")).restartCount, 2)
    })
  )

  for (const fault of ["session-expired@call:2", "no-session@call:2"] as const) {
    it.live(`costs nobody a call (${fault}): each runs once, and one under way keeps its answer`, () =>
      Effect.gen(function* () {
        const { boxes, log } = yield* withSessions({ tools: ["write"], fault: [fault] })
        const long = yield* Effect.forkChild(call(boxes, "write", { key: "long", value: "v", milliseconds: 1500 }))
        yield* until("the long call to start", () => ran(log).length === 1)
        yield* Effect.forEach(["a", "b", "c"], (key) => call(boxes, "write", { key, value: "v" }), {
          concurrency: "unbounded"
        })
        assert.strictEqual((yield* boxes.server("web")).restartCount, 1)
        assert.propertyVal((yield* Fiber.join(long)).structuredContent, "key", "long")
        const keys = ran(log).map((event) => JSON.stringify(event.arguments))
        assert.strictEqual(keys.length, 4)
        assert.strictEqual(new Set(keys).size, 4)
      })
    )
  }

  it.live("does not make a stop wait for the calls that it still answers", () =>
    Effect.gen(function* () {
      const { boxes, log } = yield* withSessions({ tools: ["sleep", "echo"], fault: ["session-expired@call:2"] })
      const long = yield* Effect.forkChild(Effect.flip(call(boxes, "sleep", { milliseconds: 50_000 })))
      yield* until("the long call to start", () => ran(log).length === 1)
      yield* call(boxes, "echo", { text: "x" })
      yield* boxes.stop("web")
      assert.strictEqual((yield* Fiber.join(long))._tag, "ToolOutcomeUnknown")
    })
  )
})
