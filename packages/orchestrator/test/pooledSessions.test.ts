import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { connect, type McpClient, serverDefaults } from "@signalbox/mcp"
import { ConnectionPool } from "@signalbox/resilience"
import { fxMcpCommand, type FxMcpEvent, readFxMcpLog, tempDirectory, waitFor } from "@signalbox/testing"
import { Effect, Predicate } from "effect"
import { join } from "node:path"

/** A pool of sessions of one fx-mcp, and what its processes have seen. */
const pooled = Effect.fnUntraced(function* (limits: { readonly max: number; readonly maxConcurrent: number }) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  )
  const log = join(folder.path, "log")
  const pool = yield* ConnectionPool.make({
    acquire: (name: string) =>
      connect({
        ...serverDefaults,
        name,
        endpoint: { transport: "stdio", ...fxMcpCommand({ log }), cwd: undefined, env: {}, inheritsEnv: false }
      }),
    settings: () => ({
      min: 0,
      ...limits,
      acquireTimeout: "30 seconds",
      idleTimeToLive: "1 minute",
      validateAfterIdle: "0 millis"
    }),
    invalidates: (error) =>
      Predicate.isTagged(error, "ConnectionClosed") || Predicate.isTagged(error, "ToolOutcomeUnknown"),
    validate: (client: McpClient) => Effect.isSuccess(client.ping)
  })
  yield* pool.register("fx")
  const count = (event: FxMcpEvent["event"]) => readFxMcpLog(log).filter((seen) => seen.event === event).length
  return { pool, count }
})

// On the real clock: processes know of no other.
layer(NodeServices.layer, { excludeTestServices: true })("a pool of MCP sessions", (it) => {
  it.effect("answers fifty calls over one process and one handshake", () =>
    Effect.gen(function* () {
      const { count, pool } = yield* pooled({ max: 1, maxConcurrent: 16 })
      const call = pool.withConnection("fx", (client) => client.callTool({ name: "echo", input: { text: "hi" } }))
      yield* Effect.forEach(Array.from({ length: 50 }), () => call, { concurrency: 10 })
      assert.deepStrictEqual([count("start"), count("initialize"), count("call_start")], [1, 1, 50])
    })
  )
  it.effect("never has more processes than it may, with a hundred borrowers at once", () =>
    Effect.gen(function* () {
      const { count, pool } = yield* pooled({ max: 2, maxConcurrent: 1 })
      const call = pool.withConnection("fx", (client) => client.callTool({ name: "echo", input: { text: "hi" } }))
      yield* Effect.forEach(Array.from({ length: 100 }), () => call, { concurrency: "unbounded" })
      assert.isAtMost(count("start"), 2)
      assert.strictEqual(count("call_end"), 100)
    })
  )
  it.effect("replaces a session whose process was killed while nobody used it, and the caller sees no error", () =>
    Effect.gen(function* () {
      const { count, pool } = yield* pooled({ max: 1, maxConcurrent: 1 })
      const pid = yield* pool.withConnection("fx", (client) => Effect.succeed(client.identity.pid))
      assert.isDefined(pid)
      process.kill(pid ?? 0, "SIGKILL")
      const isGone = () => {
        try {
          process.kill(pid ?? 0, 0)
          return false
        } catch {
          return true
        }
      }
      yield* Effect.promise(() => waitFor(isGone, { description: "the killed server to be gone" }))
      const result = yield* pool.withConnection("fx", (client) =>
        client.callTool({ name: "echo", input: { text: "again" } })
      )
      assert.strictEqual(result.content[0]?.["text"], "again")
      assert.strictEqual(count("start"), 2)
      assert.strictEqual((yield* pool.stats("fx")).invalidated, 1)
    })
  )
})
