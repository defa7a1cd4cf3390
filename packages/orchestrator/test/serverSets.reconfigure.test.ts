import { assert, describe, it } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import { Deferred, Effect, Fiber } from "effect"
import { fakeSets, killed, makeFakeServers, managed, text } from "./FakeServers.ts"

describe("a set that is given other servers", () => {
  it.effect("starts what is new, ends what is gone, and the calls that run are answered by the old ones", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const answer = yield* Deferred.make<ReturnType<typeof text>>()
      fakes.behave("changed").call = () => Deferred.await(answer)
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("same"), managed("changed"), managed("gone")])
      yield* sets.add("other", [managed("changed")])
      yield* set.orchestrator.settled
      const call = yield* Effect.forkChild(set.orchestrator.toolbox.call("changed__echo", {}, localCall()), {
        startImmediately: true
      })
      fakes.behave("changed").call = () => Effect.succeed(text("new"))
      const next = [managed("new"), managed("same"), managed("changed", { maxConcurrent: 3 })]
      const { added, changed, kept, removed, unchanged } = yield* sets.reconfigure("kairos", next)
      assert.deepStrictEqual([added, removed, changed, unchanged, kept], [["new"], ["gone"], ["changed"], ["same"], []])
      const answered = yield* set.orchestrator.toolbox.call("changed__echo", {}, localCall())
      assert.strictEqual(resultText(answered), "new")
      Deferred.doneUnsafe(answer, Effect.succeed(text("old")))
      assert.strictEqual(resultText(yield* Fiber.join(call)), "old")
      assert.deepStrictEqual(
        ["same", "changed", "gone", "new"].map((name) => fakes.of(name).length),
        [1, 3, 1, 1]
      )
    })
  )

  it.effect("is that set from then on, whoever adds it", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("a")])
      yield* sets.reconfigure("kairos", [managed("a"), managed("b")])
      assert.strictEqual(yield* sets.add("kairos", [managed("a"), managed("b")]), set)
      assert.strictEqual((yield* Effect.flip(sets.add("kairos", [managed("a")]))).code, "SERVER_SET_EXISTS")
    })
  )

  it.effect("is waited for while it is still being added, and is not there when that fails", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const connected = yield* Deferred.make<void, ReturnType<typeof killed>>()
      fakes.behave("a").connect = Deferred.await(connected)
      const sets = yield* fakeSets(fakes)
      const reconfigure = (name: string) => Effect.flip(sets.reconfigure(name, [managed("b")]))
      assert.strictEqual((yield* reconfigure("kairos")).code, "SERVER_SET_NOT_FOUND")
      yield* Effect.forkChild(Effect.exit(sets.add("kairos", [managed("a")])), { startImmediately: true })
      const changing = yield* Effect.forkChild(reconfigure("kairos"), { startImmediately: true })
      Deferred.doneUnsafe(connected, Effect.fail(killed("a")))
      assert.strictEqual((yield* Fiber.join(changing)).code, "SERVER_SET_NOT_FOUND")
      assert.deepStrictEqual(yield* sets.list, [])
    })
  )
})
