import { assert, describe, it } from "@effect/vitest"
import { HandshakeTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults } from "@signalbox/orchestrator"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate } from "./FakeServers.ts"

const limit = Duration.seconds(10)
/** Has ten seconds for a start and is not started again. */
const patient = (name: string, changes: Parameters<typeof managed>[1] = {}) => {
  const { server, ...rest } = managed(name, { restart: { when: "never", maxRestarts: 0 }, ...changes })
  return { ...rest, server: { ...server, connectTimeout: limit } }
}

describe("the time of one start", () => {
  it.effect("is one for the handshake and the first list: the list gets what the handshake has left", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").connect = Effect.sleep("7 seconds")
      fakes.behave("a").list = Effect.never
      const boxes = yield* orchestrate(fakes, [patient("a")])
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual((yield* boxes.server("a")).state, "starting")
      yield* TestClock.adjust("1 millis")
      const { lastError, state } = yield* boxes.server("a")
      assert.deepStrictEqual([state, lastError?.code], ["error", "SERVER_REQUEST_TIMEOUT"])
      assert.strictEqual(lastError?.message, 'Server "a" did not answer tools/list within 3s.')
      assert.isFalse(fakes.of("a")[0]?.isOpen)
    })
  )

  it.effect("ends a handshake and a list alike, each alone, at the same moment", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("shakes").connect = Effect.timeoutOrElse(Effect.never, {
        duration: limit,
        orElse: () => Effect.fail(new HandshakeTimeout({ serverName: "shakes", limit, stderrTail: [] }))
      })
      fakes.behave("lists").list = Effect.never
      const boxes = yield* orchestrate(fakes, [patient("shakes"), patient("lists")])
      const states = Effect.map(boxes.servers, (servers) => servers.map(({ state }) => state))
      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(yield* states, ["starting", "starting"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* states, ["error", "error"])
    })
  )

  it.effect("does not run while others are in front of the gate", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      for (const name of ["a", "b"]) fakes.behave(name).connect = Effect.sleep("7 seconds")
      fakes.behave("b").list = Effect.sleep("2 seconds")
      const boxes = yield* orchestrate(fakes, [patient("a"), patient("b")], { startConcurrency: 1 })
      yield* TestClock.adjust("16 seconds")
      assert.strictEqual((yield* boxes.server("b")).state, "running")
    })
  )

  it.effect("is the same for a further session of a server", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sessions = {
        ...managedDefaults.stdio.sessions,
        affinity: "call",
        acquireTimeout: Duration.minutes(1)
      } as const
      const boxes = yield* orchestrate(fakes, [patient("a", { sessions })])
      yield* boxes.settled
      fakes.behave("a").connect = Effect.sleep("7 seconds")
      fakes.behave("a").list = Effect.never
      const call = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("echo", {}, localCall())))
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(call.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(call)).code, "SERVER_REQUEST_TIMEOUT")
    })
  )
})
