import { assert, describe, it } from "@effect/vitest"
import { connect } from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Duration, Effect, Exit, Scope } from "effect"
import { echo, eventually, fx, onNode, stdioServer, temporaryFolder, using } from "../fixture.ts"

/** What reached the server while it was closed. */
const closing = (flags: FxMcpFlags, shutdownTimeout = Duration.seconds(5)) =>
  onNode(
    Effect.gen(function* () {
      const log = (yield* temporaryFolder).file("fx.log")
      let from = 0
      yield* using(fx({ ...flags, log }, { shutdownTimeout }), (client) =>
        Effect.andThen(
          client.callTool(echo),
          Effect.sync(() => {
            from = performance.now()
          })
        )
      )
      const took = performance.now() - from
      const events = readFxMcpLog(log)
        .map(({ event, signal }) => signal ?? event)
        .filter((event) => ["stdin_end", "exit", "SIGTERM", "SIGINT"].includes(event))
      return { took, events }
    })
  )

describe("closing a server", () => {
  it.live("ends its input, and that is enough for a well-behaved one", () =>
    Effect.gen(function* () {
      const { events } = yield* closing({})
      assert.deepStrictEqual(events, ["stdin_end", "exit"])
    })
  )
  it.live("sends SIGTERM after half a second to one that ignores the end of input", () =>
    Effect.gen(function* () {
      const { events, took } = yield* closing({ ignoreEof: true }, Duration.minutes(2))
      assert.deepStrictEqual(events.slice(0, 2), ["stdin_end", "SIGTERM"])
      assert.isAbove(took, 450)
      assert.isBelow(took, 60_000)
    })
  )
  it.live("kills one that ignores both when its time is over", () =>
    Effect.gen(function* () {
      const { events, took } = yield* closing({ ignoreEof: true, ignoreTerm: true }, Duration.millis(1500))
      assert.deepStrictEqual(events.slice(0, 2), ["stdin_end", "SIGTERM"])
      assert.isAbove(took, 1400)
    })
  )
  it.live("leaves no grandchild, even one that ignores signals and outlives its parent", () =>
    Effect.gen(function* () {
      yield* closing({ grandchild: true }, Duration.millis(1500))
    })
  )
  it.live("ends the whole group of a shell that does not pass signals on", () =>
    onNode(
      Effect.gen(function* () {
        const { args, command } = fx({ ignoreEof: true }).endpoint as { args: ReadonlyArray<string>; command: string }
        const line = `${[command, ...args].map((word) => `'${word}'`).join(" ")}; true`
        yield* using(stdioServer({ command: "sh", args: ["-c", line] }), (client) => client.callTool(echo))
      })
    )
  )
  it.live("may be done twice", () =>
    onNode(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const client = yield* connect(fx()).pipe(Scope.provide(scope))
        yield* Scope.close(scope, Exit.void)
        yield* Scope.close(scope, Exit.void)
        const error = yield* Effect.flip(client.callTool(echo))
        assert.strictEqual(error._tag, "ConnectionClosed")
      })
    )
  )
})

describe("a running server", () => {
  it.live("has a process id, and a tail of what it wrote to standard error", () =>
    onNode(
      using(fx({ stderrText: "ready" }), (client) =>
        Effect.gen(function* () {
          assert.isNumber(client.identity.pid)
          yield* client.callTool(echo)
          yield* eventually("the text", () =>
            Effect.runPromise(client.stderrTail).then((lines) => lines.includes("ready"))
          )
        })
      )
    )
  )
  it.live("that dies is noticed without a call, though a grandchild holds its output", () =>
    onNode(
      using(fx({ grandchild: true }), (client) =>
        Effect.gen(function* () {
          const { pid } = client.identity
          yield* Effect.sync(() => process.kill(pid ?? assert.fail("no process id"), "SIGKILL"))
          const reason = yield* client.closed
          assert.strictEqual(reason._tag, "ServerExited")
          assert.strictEqual("signal" in reason && reason.signal, "SIGKILL")
        })
      )
    )
  )
})
