import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import { managedDefaults, type ServerEvent, ToolCache } from "@signalbox/orchestrator"
import { Effect, Fiber, FileSystem, Layer, Stream } from "effect"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, orchestrate, tool } from "./FakeServers.ts"

const names = (tools: ReadonlyArray<{ readonly name: string }>) => tools.map(({ name }) => name)

/** Runs of a program after one another, over one memory. */
const runs = Effect.fnUntraced(function* (...servers: Parameters<typeof orchestrate>[1]) {
  const store = yield* Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory)
  const toolCache = Layer.provide(ToolCache.layer, Layer.succeed(KeyValueStore.KeyValueStore, store))
  const fakes = makeFakeServers()
  const run = (changes: Parameters<typeof orchestrate>[2] = {}, again = servers) =>
    orchestrate(fakes, again, changes, toolCache)
  return { fakes, store, run, earlier: Effect.scoped(Effect.flatMap(run(), (boxes) => boxes.settled)) }
})

describe("knowing whose tool a name means", () => {
  it.effect("takes the lists of all servers, since any may have a tool of that name", () =>
    Effect.gen(function* () {
      const { fakes, run } = yield* runs("quick", "slow")
      fakes.behave("slow").connect = Effect.sleep("5 seconds")
      const boxes = yield* run({ startsAll: false })
      const listed = yield* Effect.forkChild(boxes.ensureListed)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["echo"])
      assert.isUndefined(listed.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(listed)
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["quick__echo", "slow__echo"])
    })
  )

  it.effect("waits for no server whose tools are remembered, nor any longer for one that has failed", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a", "b")
      yield* earlier
      for (const name of ["a", "b"]) fakes.behave(name).connect = Effect.never
      const boxes = yield* run({ startsAll: false })
      yield* boxes.ensureListed
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["a__echo", "b__echo"])
      fakes.behave("new").connect = Effect.andThen(Effect.sleep("3 seconds"), Effect.fail(killed("new")))
      const three = yield* run({ startsAll: false }, ["a", "b", "new"])
      const listed = yield* Effect.forkChild(three.ensureListed)
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined(listed.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(listed)
      assert.deepStrictEqual(
        (yield* three.servers).map(({ state }) => state),
        ["starting", "starting", "error"]
      )
    })
  )
})

describe("tools of an earlier run", () => {
  it.effect("are listed before their server has started, and their calls wait for it", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a", "b")
      yield* earlier
      fakes.behave("a").connect = Effect.sleep("1 second")
      const boxes = yield* run()
      const listed = yield* boxes.toolbox.list
      assert.deepStrictEqual(names(listed), ["a__echo", "b__echo"])
      const infos = (yield* boxes.servers).map(({ areToolsRemembered, state }) => [state, areToolsRemembered])
      assert.deepStrictEqual(infos, [
        ["starting", true],
        ["starting", true]
      ])
      const answer = yield* Effect.forkChild(boxes.toolbox.call("a__echo", {}, localCall()))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(resultText(yield* Fiber.join(answer)), "a:echo")
      assert.strictEqual(yield* boxes.toolbox.list, listed)
      assert.isFalse((yield* boxes.server("a")).areToolsRemembered)
    })
  )

  it.effect("are told of when the server lists others now", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a")
      fakes.behave("a").tools = [tool("read"), tool("write"), tool("see")]
      yield* earlier
      fakes.behave("a").tools = [tool("read"), { ...tool("write"), description: "Writes to a friend." }, tool("new")]
      fakes.behave("a").connect = Effect.sleep("1 second")
      const boxes = yield* run()
      const change = yield* boxes.changes.pipe(
        Stream.filter(
          (event): event is Extract<ServerEvent, { _tag: "ToolsChanged" }> => event._tag === "ToolsChanged"
        ),
        Stream.runHead,
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust("1 second")
      const told = yield* Effect.fromOption(yield* Fiber.join(change))
      assert.deepStrictEqual([told.added, told.removed, told.changed], [["new"], ["see"], ["write"]])
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["read", "write", "new"])
    })
  )

  it.effect("do not hide a new one: its call waits for the server", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a")
      yield* earlier
      fakes.behave("a").tools = [tool("new")]
      fakes.behave("a").connect = Effect.sleep("1 second")
      const boxes = yield* run()
      const calls = yield* Effect.forkChild(
        Effect.forEach(["new", "a__new"], (name) => boxes.toolbox.call(name, {}, localCall()), { concurrency: 2 })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(calls)).map(resultText), ["a:new", "a:new"])
    })
  )

  it.effect("stay listed while their server cannot be started, and a call says why", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a")
      yield* earlier
      fakes.behave("a").connect = Effect.fail(killed("a"))
      const boxes = yield* run()
      yield* boxes.settled
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["echo"])
      const call = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("echo", {}, localCall())))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(call)).code, "SERVER_UNAVAILABLE")
    })
  )

  it.effect("are not those of another command under the same name", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a")
      yield* earlier
      fakes.behave("a").connect = Effect.never
      const { server, ...rest } = managed("a")
      const endpoint = { ...server.endpoint, command: "other" }
      const boxes = yield* run({}, [{ ...rest, server: { ...server, endpoint } }])
      assert.deepStrictEqual(yield* boxes.toolbox.list, [])
    })
  )

  it.effect("follow the allow and deny lists of today, and are not listed for a server that nobody starts", () =>
    Effect.gen(function* () {
      const { earlier, fakes, run } = yield* runs("a")
      fakes.behave("a").tools = [tool("read"), tool("write")]
      yield* earlier
      fakes.behave("a").connect = Effect.never
      const limited = yield* run({}, [managed("a", { tools: { ...managedDefaults.stdio.tools, deny: ["write"] } })])
      assert.deepStrictEqual(names(yield* limited.toolbox.list), ["read"])
      assert.deepStrictEqual(yield* (yield* run({ startsAll: false })).toolbox.list, [])
    })
  )

  it.effect("are written once for a server that restarts unchanged", () =>
    Effect.gen(function* () {
      const { fakes, run, store } = yield* runs("a")
      const boxes = yield* run()
      yield* boxes.settled
      yield* store.clear
      fakes.of("a")[0]?.die()
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* boxes.server("a")).restartCount, 1)
      assert.strictEqual(yield* store.size, 0)
    })
  )
})

describe("files of remembered tools", () => {
  const { server } = managed("a")

  it.effect("hold what was listed; a torn one counts as unknown, and no secret is in one", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const secret = { ...server, endpoint: { ...server.endpoint, env: { TOKEN: "sk-canary-0123456789" } } }
      yield* Effect.gen(function* () {
        const cache = yield* ToolCache
        assert.isUndefined(yield* cache.read(secret))
        yield* cache.write(secret, [tool("read", { readOnlyHint: true })])
        assert.deepStrictEqual(yield* cache.read(secret), [tool("read", { readOnlyHint: true })])
        const [file = ""] = yield* fs.readDirectory(directory)
        const text = yield* fs.readFileString(`${directory}/${file}`)
        assert.notInclude(file + text, "canary")
        yield* fs.writeFileString(`${directory}/${file}`, text.slice(0, 20))
        assert.isUndefined(yield* cache.read(secret))
      }).pipe(Effect.provide(ToolCache.layerFiles(directory)))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are done without where there can be none", () =>
    Effect.gen(function* () {
      const cache = yield* ToolCache
      yield* cache.write(server, [tool("read")])
      assert.isUndefined(yield* cache.read(server))
    }).pipe(Effect.provide(Layer.provide(ToolCache.layerFiles("/dev/null/tools"), NodeServices.layer)))
  )
})
