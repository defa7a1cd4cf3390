import { assert, describe, it } from "@effect/vitest"
import { RuntimeVersionMismatch, StartCallFailed } from "@signalbox/orchestrator"
import { readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { Effect, FileSystem } from "effect"
import { fx, orchestrateReal, platform } from "./realServers.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => tempDirectory()),
  (made) => Effect.promise(() => made[Symbol.asyncDispose]())
)

const node = process.version.slice(1)

describe("what a server needs before it starts", () => {
  it.live("is compared with what is here, and nothing is started where that will not do", () =>
    Effect.gen(function* () {
      const log = (yield* folder).file("log")
      const boxes = yield* orchestrateReal([{ ...fx("old", { log }), requires: { node: "99" } }], { startsAll: false })
      const error = yield* Effect.flip(boxes.start("old"))
      assert.instanceOf(error, RuntimeVersionMismatch)
      assert.strictEqual(error.code, "RUNTIME_VERSION")
      assert.deepStrictEqual([error.serverName, error.program, error.wanted, error.found], ["old", "node", "99", node])
      assert.strictEqual(error.message, `Server "old" needs node 99, and node ${node} is here.`)
      assert.isFalse(yield* (yield* FileSystem.FileSystem).exists(log))
    }).pipe(Effect.provide(platform))
  )

  it.live("is asked of the program that the server's own PATH has, and once while it fits", () =>
    Effect.gen(function* () {
      const place = yield* folder
      const asked = place.file("asked")
      const fs = yield* FileSystem.FileSystem
      const script = `#!/bin/sh\necho x >> ${asked}\necho Python 3.11.4\n`
      yield* fs.writeFileString(place.file("python3"), script, { mode: 0o755 })
      const server = fx("s", {}, "")
      const endpoint = { ...server.server.endpoint, env: { PATH: place.path } }
      const boxes = yield* orchestrateReal([
        { ...server, server: { ...server.server, endpoint }, requires: { python: "^3.11" } }
      ])
      yield* boxes.settled
      assert.strictEqual((yield* boxes.server("s")).state, "running")
      yield* boxes.restart("s")
      yield* boxes.restart("s")
      assert.strictEqual(yield* fs.readFileString(asked), "x\n")
    }).pipe(Effect.provide(platform))
  )

  it.live("may come later: a version that did not do is asked for again", () =>
    Effect.gen(function* () {
      const place = yield* folder
      const fs = yield* FileSystem.FileSystem
      const install = (version: string) =>
        fs.writeFileString(place.file("python3"), `#!/bin/sh\necho Python ${version}\n`, { mode: 0o755 })
      yield* install("3.9.1")
      const server = fx("s", {}, "")
      const endpoint = { ...server.server.endpoint, env: { PATH: place.path } }
      const boxes = yield* orchestrateReal([
        { ...server, server: { ...server.server, endpoint }, requires: { python: ">=3.11" } }
      ])
      yield* boxes.settled
      const { reason } = yield* boxes.server("s")
      assert.include(reason?.message ?? "", "python 3.9.1 is here")
      yield* install("3.12.0")
      assert.strictEqual((yield* boxes.restart("s")).state, "running")
    }).pipe(Effect.provide(platform))
  )
})

describe("calls that belong to the start of a server", () => {
  it.live("are made once, in order, before it is ready, and again on a new connection", () =>
    Effect.gen(function* () {
      const log = (yield* folder).file("log")
      const calls = () => readFxMcpLog(log).flatMap((event) => (event.event === "call_start" ? [event.tool] : []))
      const onStart = [
        { tool: "echo", args: { text: "hello" } },
        { tool: "add", args: { a: 1, b: 2 } }
      ]
      const boxes = yield* orchestrateReal([{ ...fx("s", { log }), onStart }])
      yield* boxes.settled
      assert.strictEqual((yield* boxes.server("s")).state, "running")
      assert.deepStrictEqual(calls(), ["echo", "add"])
      yield* boxes.restart("s")
      assert.deepStrictEqual(calls(), ["echo", "add", "echo", "add"])
    })
  )

  it.live("keep it from being ready where one fails, and say which and why", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal(
        [
          { ...fx("unknown"), onStart: [{ tool: "ecko", args: {} }] },
          { ...fx("refuses", { failCall: 1 }), onStart: [{ tool: "echo", args: { text: "x" } }] }
        ],
        { startsAll: false }
      )
      for (const [server, tool] of [
        ["unknown", "ecko"],
        ["refuses", "echo"]
      ] as const) {
        const error = yield* Effect.flip(boxes.start(server))
        assert.instanceOf(error, StartCallFailed)
        assert.deepStrictEqual([error.serverName, error.toolName], [server, tool])
        assert.include(error.message, `"${tool}"`)
        assert.isAbove(error.reason.length, 0)
      }
    })
  )
})
