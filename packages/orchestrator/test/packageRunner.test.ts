import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate } from "./FakeServers.ts"

/** A server that is started by these words. */
const by = (name: string, command: string, ...args: ReadonlyArray<string>) => {
  const { server, ...rest } = managed(name)
  const endpoint = { transport: "stdio", command, args, cwd: undefined, env: {}, inheritsEnv: false } as const
  return { ...rest, server: { ...server, endpoint } }
}

const states = (boxes: Effect.Success<ReturnType<typeof orchestrate>>) =>
  Effect.map(boxes.servers, (servers) => servers.map(({ state }) => state))

describe("servers whose package is fetched first", () => {
  it.effect("wait for one another, and nobody waits for them", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      for (const name of ["a", "b", "c", "d"]) fakes.behave(name).connect = Effect.sleep("20 seconds")
      const boxes = yield* orchestrate(
        fakes,
        [
          by("a", "npx", "-y", "x"),
          by("b", "/usr/bin/uvx", "x"),
          by("c", "C:\\node\\npx.cmd", "x"),
          by("d", "npx"),
          "local"
        ],
        { spawnConcurrency: 1, startConcurrency: 3 }
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* states(boxes), ["starting", "starting", "starting", "starting", "running"])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* states(boxes), ["running", "running", "starting", "starting", "running"])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* states(boxes), ["running", "running", "running", "running", "running"])
    })
  )

  it.effect("let the next one begin after a minute, and are not given up while they install", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("slow").connect = Effect.sleep("4 minutes")
      const boxes = yield* orchestrate(fakes, [by("slow", "npx", "x"), by("next", "npx", "y")], {
        packageConcurrency: 1
      })
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* states(boxes), ["starting", "starting"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* states(boxes), ["starting", "running"])
      yield* TestClock.adjust("3 minutes")
      assert.deepStrictEqual(yield* states(boxes), ["running", "running"])
      assert.lengthOf(fakes.of("slow"), 1)
    })
  )

  it.effect("may not take long for their list of tools", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").list = Effect.never
      const boxes = yield* orchestrate(fakes, [by("a", "npx", "x")])
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* boxes.server("a")).reason?.code, "SERVER_REQUEST_TIMEOUT")
    })
  )

  it.effect("are known by their command and its first word", () =>
    Effect.gen(function* () {
      const commands = [
        ["npx"],
        ["bunx", "x"],
        ["npm", "exec", "x"],
        ["pnpm", "--silent", "dlx", "x"],
        ["uv", "tool", "run", "x"],
        ["docker", "run", "-i", "x"]
      ] as const
      const others = [["node", "x.js"], ["npm", "start"], ["docker", "exec", "x"], ["my-npx"], ["python"]] as const
      const inLane = Effect.fnUntraced(function* ([command, ...args]: readonly [string, ...Array<string>]) {
        const fakes = makeFakeServers()
        fakes.behave("held").connect = Effect.never
        const boxes = yield* orchestrate(fakes, [by("held", "npx"), by("asked", command, ...args)], {
          packageConcurrency: 1
        })
        yield* TestClock.adjust("1 second")
        return (yield* boxes.server("asked")).state === "starting"
      }, Effect.scoped)
      for (const words of commands) assert.isTrue(yield* inLane([...words]), words.join(" "))
      for (const words of others) assert.isFalse(yield* inLane([...words]), words.join(" "))
    })
  )
})
