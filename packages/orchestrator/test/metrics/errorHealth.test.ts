import { assert, describe, it } from "@effect/vitest"
import { ToolCallTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import type { ManagedServer } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, orchestrate, text } from "../FakeServers.ts"
import { numberOf } from "./numbers.ts"

const timeout = Effect.fail(
  new ToolCallTimeout({ serverName: "s", toolName: "echo", limit: Duration.seconds(60), limitName: "callTimeout" })
)

/** Servers "s" and "t", and calls of "s" that end well or badly. */
const running = Effect.fnUntraced(function* (changes: Partial<ManagedServer> = {}) {
  const fakes = makeFakeServers()
  const boxes = yield* orchestrate(fakes, [managed("s", changes), "t"])
  yield* boxes.settled
  const calls = Effect.fnUntraced(function* (good: number, bad: number) {
    for (let call = 0; call < good + bad; call++) {
      fakes.behave("s").call = () => (call < good ? Effect.succeed(text("done")) : timeout)
      yield* Effect.exit(boxes.toolbox.call("s__echo", {}, localCall()))
    }
  })
  const status = Effect.map(boxes.server("s"), ({ health }) => health.status)
  return { boxes, calls, fakes, status }
})

describe("a server that answers its checks", () => {
  it.effect("is degraded from one failed call in ten on, with the reason, and healthy again after the window", () =>
    Effect.gen(function* () {
      const { boxes, calls } = yield* running()
      yield* calls(9, 1)
      assert.deepStrictEqual(yield* boxes.health, {
        status: "degraded",
        problems: [
          {
            serverName: "s",
            status: "degraded",
            reason: "1 of 10 calls in the last 5m failed, the last one with TOOL_CALL_TIMEOUT",
            lostTools: []
          }
        ]
      })
      assert.strictEqual(numberOf(boxes, "mcp_server_health", { server: "s", health: "degraded" }), 1)
      assert.strictEqual(numberOf(boxes, "mcp_server_health", { server: "s" }), 1)
      assert.strictEqual((yield* boxes.metrics.snapshot).servers["s"]?.health, "degraded")
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual(yield* boxes.health, { status: "healthy", problems: [] })
    })
  )

  it.effect("is unhealthy from two in ten on, and can still be called", () =>
    Effect.gen(function* () {
      const { boxes, calls, status } = yield* running()
      yield* calls(8, 2)
      assert.strictEqual(yield* status, "unhealthy")
      const { problems, status: whole } = yield* boxes.health
      assert.strictEqual(whole, "degraded")
      assert.deepStrictEqual(
        problems.map(({ lostTools, status }) => [status, lostTools]),
        [["unhealthy", []]]
      )
      yield* calls(11, 0)
      assert.strictEqual(yield* status, "healthy")
    })
  )

  it.effect("makes the whole unhealthy where it is required", () =>
    Effect.gen(function* () {
      const { boxes, calls } = yield* running({ isRequired: true })
      yield* calls(5, 5)
      assert.strictEqual((yield* boxes.health).status, "unhealthy")
    })
  )

  it.effect("is judged by its calls only when there are enough of them", () =>
    Effect.gen(function* () {
      const { calls, status } = yield* running()
      yield* calls(0, 9)
      assert.strictEqual(yield* status, "healthy")
      yield* calls(1, 0)
      assert.strictEqual(yield* status, "unhealthy")
    })
  )

  it.effect("is shown with the reason of its loss when it is lost", () =>
    Effect.gen(function* () {
      const { boxes, calls, fakes } = yield* running()
      yield* calls(0, 20)
      fakes.behave("s").connect = Effect.never
      fakes.of("s")[0]?.die(killed("s"))
      yield* TestClock.adjust(0)
      const { problems } = yield* boxes.health
      assert.include(problems[0]?.reason, "SIGKILL")
      assert.deepStrictEqual(problems[0]?.lostTools, ["echo"])
    })
  )
})
