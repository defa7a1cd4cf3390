import { assert, describe, it } from "@effect/vitest"
import { HandshakeTimeout, ServerExited } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import type { RestartPolicy } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate } from "./FakeServers.ts"

const refused = new HandshakeTimeout({ serverName: "a", limit: Duration.seconds(1), stderrTail: [] })

describe("a restart policy", () => {
  const crashing = Effect.fnUntraced(function* (restart: RestartPolicy, exitCode?: number) {
    const fakes = makeFakeServers()
    const boxes = yield* orchestrate(fakes, [managed("a", { restart })])
    yield* boxes.settled
    const crash = Effect.gen(function* () {
      fakes
        .of("a")
        .at(-1)
        ?.die(new ServerExited({ serverName: "a", exitCode, signal: undefined, stderrTail: ["out of coal"] }))
      yield* TestClock.adjust("1 second")
    })
    return { boxes, fakes, crash, info: boxes.server("a"), starts: () => fakes.of("a").length }
  })

  it.effect("of so many restarts leaves a server alone that crashes once more", () =>
    Effect.gen(function* () {
      const { boxes, crash, info, starts } = yield* crashing({ when: "always", maxRestarts: 3 }, 1)
      for (let crashes = 0; crashes < 4; crashes++) yield* Effect.andThen(crash, TestClock.adjust("5 seconds"))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(starts(), 4)
      const { nextRestartAt, reason, state } = yield* info
      assert.deepStrictEqual([state, nextRestartAt, reason?.code], ["error", undefined, "SERVER_EXITED"])
      const call = yield* Effect.flip(boxes.toolbox.call("echo", {}, localCall()))
      assert.strictEqual(call.code, "SERVER_UNAVAILABLE")
      assert.include(call.message, "out of coal")
      assert.isFalse(call.retryable)
      assert.strictEqual(starts(), 4)
    })
  )

  it.effect("counts anew after a healthy spell, and after somebody has started the server", () =>
    Effect.gen(function* () {
      const { boxes, crash, info, starts } = yield* crashing({ when: "always", maxRestarts: 1 }, 1)
      for (let crashes = 0; crashes < 5; crashes++) yield* Effect.andThen(TestClock.adjust("10 seconds"), crash)
      assert.strictEqual(starts(), 6)
      yield* crash
      assert.strictEqual((yield* info).nextRestartAt, undefined)
      assert.strictEqual((yield* boxes.start("a")).state, "running")
      assert.strictEqual(starts(), 7)
      yield* crash
      assert.strictEqual((yield* info).state, "running")
      assert.strictEqual(starts(), 8)
    })
  )

  it.effect("on failure leaves a server alone that ended well", () =>
    Effect.gen(function* () {
      const failing = yield* crashing({ when: "on-failure", maxRestarts: undefined }, 1)
      yield* failing.crash
      assert.strictEqual((yield* failing.info).state, "running")
      const ending = yield* crashing({ when: "on-failure", maxRestarts: undefined }, 0)
      yield* ending.crash
      assert.deepStrictEqual([(yield* ending.info).state, ending.starts()], ["error", 1])
      const always = yield* crashing({ when: "always", maxRestarts: undefined }, 0)
      yield* always.crash
      assert.strictEqual((yield* always.info).state, "running")
    })
  )

  it.effect("leaves a server alone that lacks something, until somebody starts it who has it", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const lacking = managed("a", { lacks: ["line 3: TOKEN is not set", "line 4: KEY is not set"] })
      const boxes = yield* orchestrate(fakes, [lacking])
      yield* boxes.settled
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(fakes.of("a").length, 0)
      const { errorCount, reason, state } = yield* boxes.server("a")
      assert.deepStrictEqual([state, errorCount], ["error", 1])
      const message = 'Server "a" was not started: line 3: TOKEN is not set; line 4: KEY is not set.'
      assert.strictEqual(reason?.message, message)
      assert.strictEqual((yield* Effect.flip(boxes.start("a"))).message, message)
      const { changed } = yield* boxes.reconfigure([managed("a")])
      assert.deepStrictEqual(changed, ["a"])
      assert.strictEqual((yield* boxes.server("a")).state, "running")
    })
  )

  it.effect("of never leaves every server alone, one that cannot be started included", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      let attempts = 0
      fakes.behave("a").connect = Effect.suspend(() => {
        attempts++
        return Effect.fail(refused)
      })
      const boxes = yield* orchestrate(fakes, [managed("a", { restart: { when: "never", maxRestarts: undefined } })])
      yield* boxes.settled
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(attempts, 1)
      assert.strictEqual((yield* Effect.flip(boxes.start("a"))).code, "SERVER_HANDSHAKE_TIMEOUT")
      assert.strictEqual(attempts, 2)
      assert.strictEqual((yield* boxes.stop("a")).state, "stopped")
    })
  )
})
