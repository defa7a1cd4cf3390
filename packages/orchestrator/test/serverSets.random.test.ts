import { assert, describe, it } from "@effect/vitest"
import { makeRandom } from "@signalbox/testing"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { fakeSets, killed, makeFakeServers, managed } from "./FakeServers.ts"

const open = (fakes: ReturnType<typeof makeFakeServers>) => fakes.connections.filter(({ isOpen }) => isOpen)

describe("a thousand random steps", () => {
  for (const seed of [1, 2, 3]) {
    it.effect(`leave no connection that nobody knows, and no state that is not so (seed ${seed})`, () =>
      Effect.gen(function* () {
        const random = makeRandom(seed)
        const fakes = makeFakeServers()
        const names = ["one", "two", "three", "four"]
        for (const name of ["a", "b", "c"]) {
          fakes.behave(name).connect = Effect.suspend(() =>
            Effect.andThen(
              Effect.sleep(Duration.millis(random.int(0, 400))),
              random.chance(0.3) ? Effect.fail(killed(name)) : Effect.void
            )
          )
          fakes.behave(name).close = Effect.suspend(() => Effect.sleep(Duration.millis(random.int(0, 200))))
        }
        const sets = yield* fakeSets(fakes)
        const definition = () => ["a", "b", "c"].slice(0, random.int(1, 3)).map((name) => managed(name))
        const step = (): Effect.Effect<unknown, unknown> => {
          const name = random.pick(names)
          return random.pick([
            sets.add(name, definition()),
            sets.add(name, definition()),
            sets.remove(name),
            sets.reconnect({ set: name }),
            sets.reconnect({ set: name, server: random.pick(["a", "b", "c"]) }),
            Effect.sync(() => random.pick([...fakes.connections, undefined])?.die())
          ])
        }
        const running: Array<Fiber.Fiber<unknown, unknown>> = []
        for (let count = 0; count < 1000; count++) {
          running.push(yield* Effect.forkChild(Effect.exit(step()), { startImmediately: true }))
          if (random.chance(0.1)) yield* Effect.forkChild(Fiber.interrupt(random.pick(running)))
          if (random.chance(0.5)) yield* TestClock.adjust(Duration.millis(random.int(0, 100)))
        }
        yield* TestClock.adjust("10 minutes")
        yield* Fiber.awaitAll(running)
        for (const name of ["a", "b", "c"]) fakes.behave(name).close = Effect.void
        assert.isAbove(fakes.connections.length, 100)
        const summary = yield* sets.summary
        let connected = 0
        for (const [name, status] of summary) {
          assert.notStrictEqual(status.state, "closing", name)
          assert.strictEqual(status.state, status.connectedServers === status.totalServers ? "connected" : "degraded")
          connected += status.connectedServers
        }
        // An attempt may be under way; a connection that is open belongs to a server that runs.
        assert.strictEqual(open(fakes).length, connected)
        for (const { name } of yield* sets.list) yield* Effect.forkChild(sets.remove(name))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(open(fakes).length, 0)
        assert.deepStrictEqual(yield* sets.list, [])
      })
    )
  }
})
