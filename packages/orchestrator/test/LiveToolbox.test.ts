import { assert, describe, it } from "@effect/vitest"
import { ServerExited } from "@signalbox/mcp"
import { joinToolboxes, localCall, resultText } from "@signalbox/model"
import { Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate, tool } from "./FakeServers.ts"

describe("the toolbox of all servers", () => {
  it.effect("gives the same names in twenty runs, whichever server answers first", () =>
    Effect.gen(function* () {
      const names = ["a", "b", "c", "d", "e"]
      const orders = new Set<string>()
      const run = Effect.gen(function* () {
        const fakes = makeFakeServers()
        for (const name of names) {
          const behaviour = fakes.behave(name)
          behaviour.tools = [tool("shared"), tool(`own_${name}`), tool(name < "c" ? "low" : "high")]
          behaviour.connect = Effect.sleep(yield* Random.nextIntBetween(1, 1_000_000))
        }
        const boxes = yield* orchestrate(fakes, names)
        yield* TestClock.adjust("20 minutes")
        orders.add(fakes.connections.map(({ name }) => name).join())
        const list = yield* boxes.toolbox.list
        const answers = yield* Effect.forEach(list, ({ name }) => boxes.toolbox.call(name, {}, localCall()))
        return list.map(({ name }, index) => [name, answers[index] === undefined ? "" : resultText(answers[index])])
      }).pipe(Effect.scoped)
      const first = yield* run
      assert.deepInclude(first, ["c__shared", "c:shared"])
      assert.lengthOf(first, 15)
      for (let more = 1; more < 20; more += 1) assert.deepStrictEqual(yield* run, first)
      assert.isAbove(orders.size, 10)
    })
  )

  it.effect("says why a server that a name begins with has no tools, joined with others or not", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const dead = new ServerExited({ serverName: "dead", exitCode: 7, signal: undefined, stderrTail: ["no coal"] })
      fakes.behave("dead").connect = Effect.fail(dead)
      const never = { restart: { when: "never", maxRestarts: 0 } } as const
      const boxes = yield* orchestrate(fakes, [managed("dead", never), "fx"])
      yield* boxes.settled
      for (const toolbox of [boxes.toolbox, joinToolboxes([boxes.toolbox])]) {
        const error = yield* Effect.flip(toolbox.call("dead__echo", {}, localCall()))
        assert.strictEqual(error.code, "SERVER_UNAVAILABLE")
        assert.include(error.message, "no coal")
        assert.strictEqual((yield* Effect.flip(toolbox.call("fx__echo2", {}, localCall()))).code, "TOOL_NOT_FOUND")
      }
    })
  )
})
