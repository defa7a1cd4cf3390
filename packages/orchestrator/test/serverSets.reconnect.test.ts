import { assert, describe, it } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { fakeSets, killed, makeFakeServers, managed } from "./FakeServers.ts"

describe("reconnecting sets", () => {
  it.effect("gives each server of one set, or of all, a new connection", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      yield* sets.add("left", [managed("a"), managed("b")])
      yield* sets.add("right", [managed("a")])
      const count = () => [fakes.of("a").length, fakes.of("b").length]
      const exits = yield* sets.reconnect({ set: "left" })
      assert.deepStrictEqual(
        [...(exits.get("left") ?? [])].map(([name, exit]) => `${name} ${exit._tag}`),
        ["a Success", "b Success"]
      )
      assert.deepStrictEqual(count(), [3, 2])
      yield* sets.reconnect({ server: "a" })
      assert.deepStrictEqual(count(), [5, 2])
      yield* sets.reconnect({})
      assert.deepStrictEqual(count(), [7, 3])
      yield* TestClock.adjust(0)
      assert.strictEqual(fakes.connections.filter(({ isOpen }) => isOpen).length, 3)
    })
  )

  it.effect("fails for a set or a server that is not there", () =>
    Effect.gen(function* () {
      const sets = yield* fakeSets(makeFakeServers())
      yield* sets.add("left", [managed("alpha")])
      assert.strictEqual((yield* Effect.flip(sets.reconnect({ set: "lef" }))).code, "SERVER_SET_NOT_FOUND")
      const error = yield* Effect.flip(sets.reconnect({ server: "alpa" }))
      assert.include(error.message, 'Did you mean "alpha"?')
    })
  )

  it.effect("keeps the old connections when the new ones fail", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("a")])
      fakes.behave("a").connect = Effect.fail(killed("a"))
      const exits = yield* sets.reconnect({ set: "kairos" })
      assert.strictEqual(exits.get("kairos")?.get("a")?._tag, "Failure")
      assert.strictEqual((yield* set.status).state, "connected")
      assert.strictEqual(resultText(yield* set.orchestrator.toolbox.call("echo", {}, localCall())), "a:echo")
    })
  )

  it.effect("leaves a set whose servers are all down listed, degraded, and coming back", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("a")])
      fakes.behave("a").connect = Effect.fail(killed("a"))
      fakes.of("a")[0]?.die()
      yield* TestClock.adjust("1 second")
      yield* sets.reconnect({ set: "kairos" })
      assert.isTrue(yield* sets.has("kairos"))
      const down = yield* set.status
      assert.deepStrictEqual([down.state, down.connectedServers], ["degraded", 0])
      fakes.behave("a").connect = Effect.void
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* set.status).state, "connected")
    })
  )
})
