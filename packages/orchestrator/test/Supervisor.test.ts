import { assert, describe, it } from "@effect/vitest"
import { SpawnFailed } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { DateTime, Duration, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aMinute, makeFakeServers, managed, orchestrate, signal } from "./FakeServers.ts"

const notFound = (serverName: string) =>
  new SpawnFailed({ serverName, command: "x", reason: "CommandNotFound", searchedPath: undefined, cwd: undefined })

describe("starting a server", () => {
  it.effect("is running once its tools are listed, and not before", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("slow").list = Effect.sleep("400 millis")
      const boxes = yield* orchestrate(fakes, ["slow"])
      yield* TestClock.adjust("200 millis")
      assert.strictEqual((yield* boxes.server("slow")).state, "starting")
      yield* TestClock.adjust("200 millis")
      const info = yield* boxes.server("slow")
      assert.strictEqual(info.state, "running")
      assert.deepStrictEqual(info.tools, ["echo"])
      assert.strictEqual(Duration.toMillis(info.startDuration ?? Duration.zero), 400)
      assert.strictEqual(info.identity?.protocolVersion, "2025-11-25")
    })
  )

  it.effect("refuses a second start, and two at the same time give one process", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("one").connect = Effect.sleep("1 second")
      const boxes = yield* orchestrate(fakes, ["one"], { startsAll: false })
      assert.strictEqual((yield* boxes.server("one")).state, "stopped")
      const both = yield* Effect.forkChild(
        Effect.all([Effect.exit(boxes.start("one")), Effect.exit(boxes.start("one"))], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      const exits = yield* Fiber.join(both)
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
      const error = yield* Effect.flip(boxes.start("one"))
      assert.strictEqual(error.code, "SERVER_ALREADY_RUNNING")
      assert.strictEqual(fakes.connections.length, 1)
    })
  )

  it.effect("begins with those that are named, and leaves the others for later", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const boxes = yield* orchestrate(fakes, ["a", "b"], { startsAll: false, startsFirst: ["b", "no such server"] })
      yield* boxes.settled
      assert.deepStrictEqual(
        (yield* boxes.servers).map(({ state }) => state),
        ["stopped", "running"]
      )
      yield* boxes.ensureStarted("b")
      assert.strictEqual(fakes.connections.length, 1)
    })
  )

  it.effect("answers with the reason of a failure and keeps trying", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("late").connect = Effect.fail(notFound("late"))
      const boxes = yield* orchestrate(fakes, ["late"], { startsAll: false })
      assert.strictEqual((yield* Effect.flip(boxes.start("late"))).code, "SERVER_SPAWN_FAILED")
      const failed = yield* boxes.server("late")
      assert.strictEqual(failed.state, "error")
      assert.isTrue(DateTime.isGreaterThan(failed.nextRestartAt ?? (yield* DateTime.now), yield* DateTime.now))
      fakes.behave("late").connect = Effect.void
      yield* TestClock.adjust(aMinute)
      const info = yield* boxes.server("late")
      assert.strictEqual(info.state, "running")
      assert.strictEqual(info.reason, undefined)
      assert.strictEqual(info.lastError?.code, "SERVER_SPAWN_FAILED")
    })
  )

  it.effect("reports a defect of a connection as a failed start of that server", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("odd").connect = Effect.die(new Error("boom"))
      const boxes = yield* orchestrate(fakes, ["odd", "good"])
      yield* boxes.settled
      const [odd, good] = yield* boxes.servers
      assert.strictEqual(odd?.reason?.code, "SERVER_STARTUP_FAILED")
      assert.include(odd?.reason?.message, "boom")
      assert.strictEqual(good?.state, "running")
    })
  )
})

describe("losing a server", () => {
  it.effect("shows why at once, and has it back within 100 ms when it was healthy", () =>
    Effect.gen(function* () {
      const { boxes, fakes, info } = yield* signal("signal")
      yield* TestClock.adjust("10 seconds")
      fakes.of("signal")[0]?.die()
      yield* Effect.yieldNow
      yield* TestClock.adjust(0)
      const lost = yield* info
      assert.strictEqual(lost.state, "error")
      assert.strictEqual(lost.reason?.code, "SERVER_EXITED")
      assert.deepStrictEqual(lost.exit, { code: undefined, signal: "SIGKILL" })
      assert.deepStrictEqual(lost.tools, ["echo"])
      yield* TestClock.adjust("100 millis")
      const back = yield* info
      assert.strictEqual(back.state, "running")
      assert.strictEqual(back.restartCount, 1)
      assert.strictEqual(back.pid, 2)
      assert.isFalse(fakes.of("signal")[0]?.isOpen)
      assert.deepStrictEqual(yield* boxes.logs("signal"), ["signal wrote this", "signal wrote this"])
    })
  )

  it.effect("waits longer each time, up to the cap, never for good, and starts over after a healthy spell", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      const pauses: Array<number> = []
      const watcher = yield* boxes.changes.pipe(
        Stream.runForEach((event) =>
          Effect.gen(function* () {
            if (event._tag !== "StateChanged" || event.info.nextRestartAt === undefined) return
            pauses.push(DateTime.toEpochMillis(event.info.nextRestartAt) - DateTime.toEpochMillis(yield* DateTime.now))
          })
        ),
        Effect.forkChild
      )
      yield* TestClock.adjust(0)
      fakes.behave("signal").connect = Effect.fail(notFound("signal"))
      fakes.of("signal")[0]?.die()
      yield* TestClock.adjust("10 minutes")
      const expected = [100, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
      for (const [index, pause] of expected.entries()) {
        assert.isAtMost(pauses[index] ?? Infinity, pause)
        assert.isAtLeast(pauses[index] ?? 0, pause / 2)
      }
      assert.isAtLeast(pauses.length, 25)
      fakes.behave("signal").connect = Effect.void
      yield* TestClock.adjust("1 minute")
      fakes.of("signal").at(-1)?.die()
      yield* TestClock.adjust("1 second")
      assert.isAtMost(pauses.at(-1) ?? Infinity, 100)
      assert.strictEqual((yield* boxes.server("signal")).state, "running")
      yield* Fiber.interrupt(watcher)
    })
  )

  it.effect("does not wait for the old process longer than half a second", () =>
    Effect.gen(function* () {
      const { fakes, info } = yield* signal("signal")
      fakes.behave("signal").close = Effect.sleep("5 seconds")
      fakes.of("signal")[0]?.die()
      yield* TestClock.adjust("499 millis")
      assert.strictEqual((yield* info).state, "error")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* info).state, "running")
      fakes.behave("signal").close = Effect.void
      yield* TestClock.adjust("5 seconds")
    })
  )

  it.effect("never affects another", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("hanging").connect = Effect.never
      fakes.behave("dead").connect = Effect.fail(notFound("dead"))
      const names = ["hanging", "dead", "a", "b", "c", "d", "e", "f", "g", "h"]
      const boxes = yield* orchestrate(fakes, names, { spawnConcurrency: 1 })
      yield* TestClock.adjust("250 millis")
      const states = (yield* boxes.servers).map(({ state }) => state)
      assert.deepStrictEqual(states, ["starting", "error", ...Array.from({ length: 8 }, () => "running")])
      assert.strictEqual((yield* boxes.toolbox.call("h__echo", {}, localCall())).isError, false)
    })
  )
})

describe("a call that meets a server which is down", () => {
  it.effect("waits for the restart and brings it forward", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      // With a circuit it would not be called any more.
      const boxes = yield* orchestrate(fakes, [managed("signal", { breaker: "off" })])
      yield* boxes.settled
      fakes.behave("signal").connect = Effect.fail(notFound("signal"))
      fakes.of("signal")[0]?.die()
      yield* TestClock.adjust("40 seconds")
      fakes.behave("signal").connect = Effect.void
      const call = yield* Effect.forkChild(boxes.toolbox.call("echo", {}, localCall()))
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual((yield* Fiber.join(call)).content, [{ type: "text", text: "signal:echo" }])
    })
  )

  it.effect("fails with the reason when the next attempt fails too", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      fakes.behave("signal").connect = Effect.fail(notFound("signal"))
      fakes.of("signal")[0]?.die()
      const call = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("echo", {}, localCall())))
      yield* TestClock.adjust("500 millis")
      const error = yield* Fiber.join(call)
      assert.strictEqual(error.code, "SERVER_UNAVAILABLE")
      assert.include(error.message, "signal")
      assert.include(error.message, "there is no file")
      assert.isTrue(error.retryable)
      assert.include(error.hint, "tried again at")
    })
  )

  it.effect("says why when the server has never been there, where its name tells which one is meant", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("dead").connect = Effect.fail(notFound("dead"))
      const boxes = yield* orchestrate(fakes, ["dead", "good"])
      yield* boxes.settled
      const call = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("dead__echo", {}, localCall())))
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* Fiber.join(call)).code, "SERVER_UNAVAILABLE")
      fakes.behave("dead").connect = Effect.void
      const next = yield* Effect.forkChild(boxes.toolbox.call("dead__echo", {}, localCall()))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(next)).content, [{ type: "text", text: "dead:echo" }])
    })
  )

  it.effect("waits no longer than its deadline", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      fakes.behave("signal").connect = Effect.never
      fakes.of("signal")[0]?.die()
      const deadline = DateTime.add(yield* DateTime.now, { seconds: 2 })
      const call = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("echo", {}, localCall({ deadline }))))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(call)).code, "SERVER_UNAVAILABLE")
    })
  )
})

describe("stopping", () => {
  it.effect("ends the process, takes its tools off the list, and keeps it down", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      const info = yield* boxes.stop("signal")
      assert.strictEqual(info.state, "stopped")
      assert.isFalse(fakes.of("signal")[0]?.isOpen)
      assert.deepStrictEqual(yield* boxes.toolbox.list, [])
      yield* TestClock.adjust(aMinute)
      assert.strictEqual(fakes.connections.length, 1)
      assert.strictEqual((yield* Effect.flip(boxes.stop("signal"))).code, "SERVER_NOT_RUNNING")
      assert.strictEqual((yield* boxes.start("signal")).state, "running")
    })
  )

  it.effect("works while the server hangs in its handshake or waits for its next attempt", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("hanging").connect = Effect.never
      fakes.behave("dead").connect = Effect.fail(notFound("dead"))
      const boxes = yield* orchestrate(fakes, ["hanging", "dead"])
      yield* TestClock.adjust("100 millis")
      yield* boxes.stopAll
      assert.deepStrictEqual(
        (yield* boxes.servers).map(({ state }) => state),
        ["stopped", "stopped"]
      )
      yield* boxes.settled
    })
  )

  it.effect("ends all at the same time, also when the scope closes", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const names = ["a", "b", "c", "d", "e"]
      for (const name of names) fakes.behave(name).close = Effect.sleep("5 seconds")
      const scope = yield* Scope.make()
      const boxes = yield* Scope.provide(orchestrate(fakes, names), scope)
      yield* boxes.settled
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(closing)
      assert.isTrue(fakes.connections.every(({ isOpen }) => !isOpen))
    })
  )

  it.effect("gives a call that waits for the server an answer", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      fakes.behave("signal").connect = Effect.never
      fakes.of("signal")[0]?.die()
      const call = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("echo", {}, localCall())))
      yield* TestClock.adjust("1 second")
      yield* boxes.stop("signal")
      const error = yield* Fiber.join(call)
      assert.strictEqual(error.code, "SERVER_UNAVAILABLE")
      assert.isFalse(error.retryable)
    })
  )
})

describe("restarting on purpose", () => {
  it.effect("replaces the process and keeps the tools listed", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      const before = yield* boxes.toolbox.list
      fakes.behave("signal").connect = Effect.sleep("1 second")
      const restart = yield* Effect.forkChild(boxes.restart("signal"))
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* boxes.toolbox.list, before)
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* Fiber.join(restart)).pid, 2)
      assert.strictEqual(yield* boxes.toolbox.list, before)
    })
  )
})

describe("many servers", () => {
  it.effect("start within both limits", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const names = Array.from({ length: 20 }, (_, index) => `s${index}`)
      for (const name of names) fakes.behave(name).connect = Effect.sleep("1 second")
      const boxes = yield* orchestrate(fakes, names, { spawnConcurrency: 4, startConcurrency: 12 })
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(fakes.mostConnecting(), 4)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(fakes.mostConnecting(), 12)
      assert.isTrue((yield* boxes.servers).every(({ state }) => state === "running"))
    })
  )

  it.effect("make room for the next one as soon as their program is loaded", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const names = Array.from({ length: 20 }, (_, index) => `s${index}`)
      for (const name of names) {
        fakes.behave(name).load = Effect.sleep("10 millis")
        fakes.behave(name).connect = Effect.sleep("1 second")
      }
      const boxes = yield* orchestrate(fakes, names, { spawnConcurrency: 1 })
      yield* TestClock.adjust("195 millis")
      assert.strictEqual(fakes.mostConnecting(), 20)
      yield* TestClock.adjust("1 second")
      assert.isTrue((yield* boxes.servers).every(({ state }) => state === "running"))
    })
  )

  it.effect("are started together with one exit for each name", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("dead").connect = Effect.fail(notFound("dead"))
      const boxes = yield* orchestrate(fakes, ["a", "dead", "b"], { startsAll: false })
      const exits = yield* boxes.startAll
      assert.deepStrictEqual([...exits.keys()], ["a", "dead", "b"])
      assert.deepStrictEqual([...exits.values()].map(Exit.isSuccess), [true, false, true])
    })
  )

  it.effect("of which required ones are missing fail with each reason", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("x").connect = Effect.fail(notFound("x"))
      fakes.behave("y").connect = Effect.fail(notFound("y"))
      fakes.behave("slow").connect = Effect.never
      const boxes = yield* orchestrate(fakes, [
        managed("x", { isRequired: true }),
        managed("y", { isRequired: true }),
        managed("a", { isRequired: true }),
        "slow"
      ])
      const error = yield* Effect.flip(boxes.requiredReady)
      assert.strictEqual(error.code, "CONNECTION_FAILED")
      assert.deepStrictEqual(
        error.failures.map(({ serverName }) => serverName),
        ["x", "y"]
      )
      assert.include(error.message, 'Server "x" could not be started')
    })
  )

  it.effect("must have names of their own", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(orchestrate(makeFakeServers(), ["a", "b", "a"]))
      assert.strictEqual(error.code, "SERVER_NAME_DUPLICATE")
      assert.include(error.message, '"a"')
    })
  )

  it.effect("are looked up with a suggestion", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrate(makeFakeServers(), ["files", "memory"])
      const error = yield* Effect.flip(boxes.start("file"))
      assert.strictEqual(error.code, "SERVER_NOT_FOUND")
      assert.include(error.message, 'Did you mean "files"?')
    })
  )
})
