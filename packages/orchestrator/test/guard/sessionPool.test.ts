import { assert, describe, it } from "@effect/vitest"
import { HandshakeTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate, text } from "../FakeServers.ts"

describe("a further session that could not be opened in advance", () => {
  for (const affinity of ["shared", "call"] as const) {
    it.effect(`costs no later call anything: it gets one of a new attempt (${affinity})`, () =>
      Effect.gen(function* () {
        const fakes = makeFakeServers()
        const fx = fakes.behave("fx")
        fx.call = () => Effect.as(Effect.sleep("1 second"), text("done"))
        const sessions = { ...managedDefaults.stdio.sessions, affinity, min: 2, max: 2 }
        const broken = new HandshakeTimeout({ serverName: "fx", limit: Duration.seconds(1), stderrTail: [] })
        let attempts = 0
        fx.connect = Effect.suspend(() => (++attempts === 1 ? Effect.void : Effect.fail(broken)))
        const boxes = yield* orchestrate(fakes, [managed("fx", { sessions, maxConcurrent: 1 })])
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* boxes.server("fx")).state, "running")
        assert.isAbove(attempts, 1)
        fx.connect = Effect.void
        const calls = yield* Effect.forkChild(
          Effect.all(
            [1, 2].map(() => boxes.toolbox.call("echo", {}, localCall())),
            { concurrency: "unbounded" }
          )
        )
        yield* TestClock.adjust("1 minute")
        const exit = calls.pollUnsafe()
        assert.strictEqual(exit?._tag, "Success")
      })
    )
  }
})
