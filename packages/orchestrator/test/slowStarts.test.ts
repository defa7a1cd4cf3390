import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { Effect } from "effect"
import { fx, newMarker, orchestrateReal, until } from "./realServers.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => tempDirectory()),
  (made) => Effect.promise(() => made[Symbol.asyncDispose]())
)

describe("a server that is slow to answer", () => {
  it.live("is starting until it has answered, and not before its delay is over", () =>
    Effect.gen(function* () {
      const began = performance.now()
      const boxes = yield* orchestrateReal([fx("fx", { startupDelay: 400 }, newMarker())])
      assert.strictEqual((yield* boxes.server("fx")).state, "starting")
      yield* until("it to run", async () => (await Effect.runPromise(boxes.server("fx"))).state === "running")
      assert.isAtLeast(performance.now() - began, 400)
    })
  )

  it.live("does not hold up the others: all are spawned before the first has answered", () =>
    Effect.gen(function* () {
      const { file } = yield* folder
      const names = ["a", "b", "c", "d", "e"]
      const servers = names.map((name) => fx(name, { startupDelay: 2500, log: file(`${name}.log`) }, newMarker()))
      const boxes = yield* orchestrateReal(servers)
      const states = Effect.forEach(names, (name) => Effect.map(boxes.server(name), ({ state }) => state))
      yield* until("all to run", async () => (await Effect.runPromise(states)).every((state) => state === "running"))
      const events = names.map((name) => readFxMcpLog(file(`${name}.log`)))
      const timesOf = (wanted: string) =>
        events.map((log) => log.find(({ event }) => event === wanted)?.at ?? Number.NaN)
      assert.isBelow(Math.max(...timesOf("start")), Math.min(...timesOf("initialize")))
    })
  )
})
