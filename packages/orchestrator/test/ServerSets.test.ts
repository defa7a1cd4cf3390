import { assert, describe, it } from "@effect/vitest"
import type { McpTool } from "@signalbox/mcp"
import { localCall, resultText } from "@signalbox/model"
import {
  managedDefaults,
  type PrepareSet,
  type ServerSets,
  serverSetStatusJson,
  ToolCache
} from "@signalbox/orchestrator"
import { DateTime, Deferred, Duration, Effect, Fiber, Layer, Logger, Option, References, Stream } from "effect"
import { TestClock } from "effect/testing"
import { fakeSets, killed, makeFakeServers, managed, text } from "./FakeServers.ts"

type Fakes = ReturnType<typeof makeFakeServers>
type Sets = ServerSets["Service"]

const open = (fakes: Fakes) => fakes.connections.filter(({ isOpen }) => isOpen)

const nextEvent = (sets: Sets, isIt: (event: Stream.Success<Sets["changes"]>) => boolean) =>
  Effect.forkChild(Stream.runHead(Stream.filter(sets.changes, isIt)), { startImmediately: true })

describe("adding a set", () => {
  it.effect("ten times at once starts its servers once, and all get the same set", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").connect = Effect.sleep("100 millis")
      const sets = yield* fakeSets(fakes)
      const adds = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 10 }, () => sets.add("kairos", [managed("a"), managed("b")])),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("1 second")
      const added = yield* Fiber.join(adds)
      assert.strictEqual(new Set(added).size, 1)
      assert.strictEqual(fakes.connections.length, 2)
    })
  )

  it.effect("that is there answers with it when its definition is equal, and fails when it is another", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("a")])
      assert.strictEqual(yield* sets.add("kairos", [managed("a")]), set)
      const error = yield* Effect.flip(sets.add("kairos", [managed("a"), managed("b")]))
      assert.strictEqual(error.code, "SERVER_SET_EXISTS")
      assert.strictEqual(error.message, '"kairos" is there already, with other servers.')
      assert.strictEqual(fakes.connections.length, 1)
    })
  )

  it.effect("works from its first server on; the others come, or stay away with a reason", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("late").connect = Effect.sleep("5 seconds")
      fakes.behave("gone").connect = Effect.fail(killed("gone"))
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("gone"), managed("late"), managed("good")])
      assert.strictEqual(resultText(yield* set.orchestrator.toolbox.call("echo", {}, localCall())), "good:echo")
      const early = yield* set.status
      assert.deepStrictEqual([early.state, early.connectedServers, early.totalServers], ["degraded", 1, 3])
      yield* TestClock.adjust("6 seconds")
      const { connectedServers, servers, tools } = yield* set.status
      assert.strictEqual(connectedServers, 2)
      assert.deepStrictEqual(tools, ["late__echo", "good__echo"])
      assert.deepStrictEqual([...servers.keys()], ["gone", "late", "good"])
      assert.include(servers.get("gone")?.reason?.message, "gone")
      assert.strictEqual(Duration.toMillis(servers.get("late")?.startDuration ?? Duration.zero), 5000)
    })
  )

  it.effect("of which no server starts fails with the reason of each, and leaves nothing", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      for (const name of ["a", "b"]) fakes.behave(name).connect = Effect.fail(killed(name))
      const sets = yield* fakeSets(fakes)
      const error = yield* Effect.flip(sets.add("kairos", [managed("a"), managed("b")]))
      assert.strictEqual(error.code, "NO_SERVER_CONNECTED")
      assert.deepStrictEqual(
        error._tag === "NoServerConnected" ? error.failures.map(({ serverName }) => serverName) : [],
        ["a", "b"]
      )
      for (const name of ["kairos", "a", "b"]) assert.include(error.message, `"${name}"`)
      assert.isFalse(yield* sets.has("kairos"))
      assert.deepStrictEqual(yield* sets.list, [])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(fakes.connections.length, 0)
      fakes.behave("a").connect = Effect.void
      yield* sets.add("kairos", [managed("a"), managed("b")])
      assert.isTrue(yield* sets.has("kairos"))
    })
  )

  it.effect("without servers fails, unless that is meant", () =>
    Effect.gen(function* () {
      const sets = yield* fakeSets(makeFakeServers())
      const error = yield* Effect.flip(sets.add("kairos", []))
      assert.strictEqual(error.message, '"kairos" has no servers.')
      const { orchestrator } = yield* sets.add("kairos", [], undefined, { mayBeEmpty: true })
      assert.deepStrictEqual(yield* orchestrator.servers, [])
      assert.isTrue(yield* sets.has("kairos"))
    })
  )

  it.effect("is prepared once before it is there, and is gone when that fails", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const prepared: Array<boolean> = []
      const prepare = (isFailing: boolean): PrepareSet =>
        Effect.fnUntraced(function* (orchestrator) {
          prepared.push(yield* sets.has("kairos"))
          yield* Effect.addFinalizer(() => Effect.sync(() => void prepared.push(true)))
          yield* orchestrator.toolbox.call(isFailing ? "no_such_tool" : "echo", {}, localCall())
        })
      const error = yield* Effect.flip(sets.add("kairos", [managed("a")], prepare(true)))
      assert.strictEqual(error.code, "SERVER_SET_NOT_PREPARED")
      assert.include(error.message, "no_such_tool")
      assert.deepStrictEqual([open(fakes).length, prepared], [0, [false, true]])
      const add = sets.add("kairos", [managed("a")], prepare(false))
      yield* Effect.all([add, add, add], { concurrency: "unbounded" })
      assert.deepStrictEqual(prepared, [false, true, false])
      assert.strictEqual(fakes.of("a")[1]?.calls.length, 1)
    })
  )

  it.effect("is given up when the last of those who wait is interrupted", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").connect = Effect.never
      const sets = yield* fakeSets(fakes)
      const add = Effect.forkChild(sets.add("kairos", [managed("a")]), { startImmediately: true })
      const [one, other] = [yield* add, yield* add]
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(one)
      fakes.behave("a").connect = Effect.void
      yield* Fiber.interrupt(other)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(fakes.connections.length, 0)
      assert.isFalse(yield* sets.has("kairos"))
    })
  )

  it.effect("tells of it, and of what happens to its servers", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const added = yield* nextEvent(sets, ({ _tag }) => _tag === "SetAdded")
      const lost = yield* nextEvent(
        sets,
        (event) =>
          event._tag === "ServerChanged" && event.event._tag === "StateChanged" && event.event.info.state === "error"
      )
      yield* sets.add("kairos", [managed("a"), managed("b")])
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(Option.getOrThrow(yield* Fiber.join(added)), { _tag: "SetAdded", setName: "kairos" })
      fakes.of("a")[0]?.die()
      assert.strictEqual(Option.getOrThrow(yield* Fiber.join(lost)).setName, "kairos")
      assert.strictEqual((yield* sets.summary).get("kairos")?.connectedServers, 1)
    })
  )
})

describe("two sets with a server of the same name", () => {
  it.effect("have one each, with a toolbox and numbers of its own", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      const left = yield* sets.add("left", [managed("a")])
      const right = yield* sets.add("right", [managed("a", { tools: { ...managedDefaults.stdio.tools, allow: [] } })])
      yield* left.orchestrator.toolbox.call("echo", {}, localCall())
      assert.deepStrictEqual([fakes.of("a")[0]?.calls.length, fakes.of("a")[1]?.calls.length], [1, 0])
      assert.strictEqual((yield* left.orchestrator.metrics.snapshot).servers["a"]?.calls, 1)
      assert.strictEqual((yield* right.orchestrator.metrics.snapshot).servers["a"]?.calls, 0)
      assert.deepStrictEqual(yield* right.orchestrator.toolbox.list, [])
      const refused = yield* Effect.flip(right.orchestrator.toolbox.call("echo", {}, localCall()))
      assert.strictEqual(refused.code, "TOOL_NOT_FOUND")
    })
  )

  it.effect("do not remember what the other was shown", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const kept = new Map<string, ReadonlyArray<McpTool>>()
      const memory = Layer.succeed(ToolCache, {
        read: ({ name }) => Effect.sync(() => kept.get(name)),
        write: ({ name }, tools) => Effect.sync(() => void kept.set(name, tools))
      })
      const sets = yield* fakeSets(fakes, {}, memory)
      yield* sets.add("left", [managed("a")])
      fakes.behave("a").connect = Effect.never
      const right = yield* sets.add("right", [
        managed("a"),
        managed("b", { tools: { ...managedDefaults.stdio.tools, allow: [] } })
      ])
      assert.deepStrictEqual((yield* right.status).tools, [])
      assert.strictEqual(kept.size, 2)
    })
  )

  it.effect("are told apart in the log", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("gone").connect = Effect.fail(killed("gone"))
      const lines: Array<unknown> = []
      const logger = Logger.make(({ fiber }) => void lines.push(fiber.getRef(References.CurrentLogAnnotations)["set"]))
      yield* Effect.gen(function* () {
        const sets = yield* fakeSets(fakes)
        yield* sets.add("left", [managed("gone"), managed("a")])
        yield* TestClock.adjust(1)
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.include(lines, "left")
    })
  )
})

describe("several sets that are added at the same time", () => {
  it.effect("start together no more servers than one may", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const names = Array.from({ length: 12 }, (_, index) => `s${index}`)
      for (const name of names) fakes.behave(name).connect = Effect.sleep("300 millis")
      const sets = yield* fakeSets(fakes, { startConcurrency: 5, spawnConcurrency: 12 })
      const add = (set: string) =>
        sets.add(
          set,
          names.map((name) => managed(name))
        )
      const all = yield* Effect.forkChild(
        Effect.all([add("one"), add("two"), add("three")], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(all)
      assert.strictEqual(fakes.connections.length, 36)
      assert.strictEqual(fakes.mostConnecting(), 5)
    })
  )
})

describe("removing a set", () => {
  it.effect("waits for the calls that run, closes its connections and harms no other", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const answer = yield* Deferred.make<ReturnType<typeof text>>()
      fakes.behave("a").call = () => Deferred.await(answer)
      const sets = yield* fakeSets(fakes)
      const set = yield* sets.add("kairos", [managed("a")])
      yield* sets.add("other", [managed("b")])
      const call = yield* Effect.forkChild(set.orchestrator.toolbox.call("echo", {}, localCall()), {
        startImmediately: true
      })
      const removal = yield* Effect.forkChild(sets.remove("kairos"), { startImmediately: true })
      assert.strictEqual((yield* set.status).state, "closing")
      assert.strictEqual(
        (yield* Effect.flip(set.orchestrator.toolbox.call("echo", {}, localCall()))).code,
        "TOOL_NOT_FOUND"
      )
      assert.strictEqual(open(fakes).length, 2)
      Deferred.doneUnsafe(answer, Effect.succeed(text("done")))
      assert.strictEqual(resultText(yield* Fiber.join(call)), "done")
      yield* Fiber.join(removal)
      assert.deepStrictEqual(
        open(fakes).map(({ name }) => name),
        ["b"]
      )
      assert.deepStrictEqual(
        (yield* sets.list).map(({ name }) => name),
        ["other"]
      )
    })
  )

  it.effect("that is still being added gives it up, and whoever adds it is told", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").connect = Effect.never
      const sets = yield* fakeSets(fakes)
      const add = yield* Effect.forkChild(Effect.flip(sets.add("kairos", [managed("a")])), { startImmediately: true })
      yield* TestClock.adjust(0)
      yield* sets.remove("kairos")
      assert.include((yield* Fiber.join(add)).message, 'Server "a" was stopped while it was being started.')
    })
  )

  it.effect("that is not there fails with the nearest name", () =>
    Effect.gen(function* () {
      const sets = yield* fakeSets(makeFakeServers())
      yield* sets.add("kairos", [managed("a")])
      const error = yield* Effect.flip(sets.remove("kairo"))
      assert.strictEqual(error.message, 'There is no set of servers "kairo". Did you mean "kairos"? There are: kairos.')
    })
  )

  it.effect("and adding it at once again leaves one set that works", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").close = Effect.sleep("1 second")
      const sets = yield* fakeSets(fakes)
      yield* sets.add("kairos", [managed("a")])
      yield* Effect.forkChild(sets.remove("kairos"), { startImmediately: true })
      const again = yield* Effect.forkChild(sets.add("kairos", [managed("a"), managed("b")]), {
        startImmediately: true
      })
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(again)
      yield* TestClock.adjust(0)
      fakes.behave("a").close = Effect.void
      assert.deepStrictEqual(
        open(fakes).map(({ name }) => name),
        ["a", "b"]
      )
    })
  )
})

describe("the summary", () => {
  it.effect("has two servers of the same command under their two names, and prints so", () =>
    Effect.gen(function* () {
      const same = managed("a").server.endpoint
      const sets = yield* fakeSets(makeFakeServers())
      const set = yield* sets.add("kairos", [
        { ...managed("one"), server: { ...managed("one").server, endpoint: same } },
        { ...managed("two"), server: { ...managed("two").server, endpoint: same } }
      ])
      yield* TestClock.adjust(0)
      const printed = serverSetStatusJson(yield* set.status, yield* DateTime.now)
      assert.deepStrictEqual(Object.keys(printed.server_status), ["one", "two"])
      assert.deepStrictEqual(
        [printed.state, printed.total_servers, printed.connected_servers, printed.total_tools, printed.tool_names],
        ["connected", 2, 2, 2, ["one__echo", "two__echo"]]
      )
    })
  )
})
