import { assert, describe, it } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import type { ManagedServer, ServerEvent } from "@signalbox/orchestrator"
import { Deferred, Duration, Effect, Fiber, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, orchestrate, text, tool } from "./FakeServers.ts"

const names = (tools: ReadonlyArray<{ readonly name: string }>) => tools.map(({ name }) => name)

/** The same server with another secret. */
const withToken = (name: string, token: string): ManagedServer => {
  const { server, ...rest } = managed(name)
  const endpoint = { ...server.endpoint, env: { TOKEN: Redacted.make(token) } }
  return { ...rest, server: { ...server, endpoint } }
}

const running = Effect.fnUntraced(function* (...servers: ReadonlyArray<ManagedServer | string>) {
  const fakes = makeFakeServers()
  const boxes = yield* orchestrate(fakes, servers)
  yield* boxes.settled
  const call = (name: string) => Effect.map(boxes.toolbox.call(name, {}, localCall()), resultText)
  return { fakes, boxes, call }
})

/** Makes the next calls of a server wait, and says when one has come. */
const hold = Effect.fnUntraced(function* (fakes: ReturnType<typeof makeFakeServers>, name: string) {
  const arrived = yield* Deferred.make<void>()
  const done = yield* Deferred.make<void>()
  fakes.behave(name).call = (call) =>
    Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(done)).pipe(
      Effect.as(text(`held:${call.name}`))
    )
  return { arrived: Deferred.await(arrived), release: Deferred.succeed(done, undefined) }
})

describe("a new set of servers", () => {
  it.effect("starts what is new, ends what is gone, and leaves alone what is equal", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* running("a", withToken("b", "same"), "c")
      const report = yield* boxes.reconfigure([managed("d"), withToken("b", "same"), managed("a")])
      yield* boxes.settled
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(report, { added: ["d"], removed: ["c"], changed: [], unchanged: ["b", "a"], kept: [] })
      assert.deepStrictEqual(names(yield* boxes.servers), ["d", "b", "a"])
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["d__echo", "b__echo", "a__echo"])
      assert.deepStrictEqual(
        fakes.connections.map(({ isOpen, name }) => [name, isOpen]),
        [
          ["a", true],
          ["b", true],
          ["c", false],
          ["d", true]
        ]
      )
      assert.strictEqual((yield* Effect.flip(boxes.server("c"))).code, "SERVER_NOT_FOUND")
    })
  )

  it.effect("changes nothing when two servers have one name", () =>
    Effect.gen(function* () {
      const { boxes, call } = yield* running("a")
      const error = yield* Effect.flip(boxes.reconfigure([managed("b"), managed("b")]))
      assert.strictEqual(error.code, "SERVER_NAME_DUPLICATE")
      assert.strictEqual(yield* call("echo"), "a:echo")
    })
  )

  it.effect("moves a changed server to a new connection while its calls run on the old one", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running(withToken("a", "old"))
      const held = yield* hold(fakes, "a")
      const calls = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 10 }), () => call("echo"), { concurrency: "unbounded" })
      )
      yield* held.arrived
      const { changed } = yield* boxes.reconfigure([withToken("a", "new")])
      assert.deepStrictEqual(changed, ["a"])
      fakes.behave("a").call = () => Effect.succeed(text("new"))
      assert.strictEqual(yield* call("echo"), "new")
      assert.deepStrictEqual([fakes.of("a")[0]?.isOpen, fakes.of("a")[1]?.isOpen], [true, true])
      yield* held.release
      assert.deepStrictEqual(
        yield* Fiber.join(calls),
        Array.from({ length: 10 }, () => "held:echo")
      )
      yield* TestClock.adjust(0)
      assert.isFalse(fakes.of("a")[0]?.isOpen)
      assert.strictEqual((yield* boxes.server("a")).state, "running")
    })
  )

  it.effect("keeps a server whose new options do not work, and says why", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running(withToken("a", "old"), "b")
      fakes.behave("a").connect = Effect.fail(killed("a"))
      const report = yield* boxes.reconfigure([withToken("a", "wrong"), managed("b")])
      assert.deepStrictEqual([report.changed, report.unchanged], [[], ["b"]])
      assert.deepStrictEqual(
        report.kept.map(({ error, serverName }) => [serverName, error.code]),
        [["a", "SERVER_EXITED"]]
      )
      assert.strictEqual(yield* call("a__echo"), "a:echo")
      fakes.behave("a").connect = Effect.void
      assert.deepStrictEqual((yield* boxes.reconfigure([withToken("a", "wrong"), managed("b")])).changed, ["a"])
    })
  )

  it.effect("never lets two connections of a server write at the same time", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").tools = [tool("write")]
      const boxes = yield* orchestrate(fakes, [withToken("a", "old")])
      yield* boxes.settled
      const write = Effect.map(boxes.toolbox.call("write", {}, localCall()), resultText)
      const held = yield* hold(fakes, "a")
      const first = yield* Effect.forkChild(write)
      yield* held.arrived
      yield* boxes.reconfigure([withToken("a", "new")])
      const second = yield* Effect.forkChild(write, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        fakes.of("a").map(({ calls }) => calls.length),
        [1, 0]
      )
      yield* held.release
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["held:write", "held:write"])
      assert.strictEqual(fakes.of("a")[1]?.calls.length, 1)
    })
  )

  it.effect("takes back a name whose old connection still answers: it is not told as stopped, and writes wait", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").tools = [tool("write")]
      const boxes = yield* orchestrate(fakes, ["a"])
      yield* boxes.settled
      const write = Effect.map(boxes.toolbox.call("write", {}, localCall()), resultText)
      const held = yield* hold(fakes, "a")
      const first = yield* Effect.forkChild(write)
      yield* held.arrived
      yield* boxes.reconfigure([])
      yield* boxes.reconfigure([managed("a")])
      yield* boxes.settled
      const seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(boxes.changes, (event) =>
          Effect.sync(() => seen.push(event._tag === "StateChanged" ? event.info.state : event._tag))
        ),
        { startImmediately: true }
      )
      const second = yield* Effect.forkChild(write, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(fakes.of("a")[1]?.calls.length, 0)
      yield* held.release
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["held:write", "held:write"])
      yield* TestClock.adjust("1 second")
      assert.isFalse(fakes.of("a")[0]?.isOpen)
      assert.deepStrictEqual(seen, [])
    })
  )

  it.effect("ends a server that is gone after its call, or when that takes longer than a call may", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running("a")
      const held = yield* hold(fakes, "a")
      const last = yield* Effect.forkChild(call("echo"))
      yield* held.arrived
      yield* boxes.reconfigure([])
      assert.deepStrictEqual(yield* boxes.toolbox.list, [])
      const { callTimeout } = managed("a").server
      yield* TestClock.adjust(Duration.subtract(callTimeout, Duration.seconds(1)))
      assert.isTrue(fakes.of("a")[0]?.isOpen)
      yield* TestClock.adjust("1 second")
      assert.isFalse(fakes.of("a")[0]?.isOpen)
      yield* Fiber.interrupt(last)
    })
  )
})

describe("reconnecting a server", () => {
  it.effect("makes a new connection before the old one ends, and tells of one change", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* running("a")
      const seen: Array<string> = []
      const note = (event: ServerEvent) =>
        Effect.sync(() => seen.push(event._tag === "StateChanged" ? event.info.state : event._tag))
      yield* Effect.forkScoped(Stream.runForEach(boxes.changes, note), { startImmediately: true })
      const info = yield* boxes.reconnect("a")
      yield* TestClock.adjust(0)
      assert.strictEqual(info.pid, 2)
      assert.deepStrictEqual(
        fakes.of("a").map(({ isOpen }) => isOpen),
        [false, true]
      )
      assert.deepStrictEqual(seen, ["running"])
    })
  )

  it.effect("made while the server restarts leave it running", () =>
    Effect.gen(function* () {
      const { boxes, call } = yield* running("a")
      const restart = yield* Effect.forkChild(Effect.exit(boxes.restart("a")), { startImmediately: true })
      const reconnect = yield* Effect.forkChild(Effect.exit(boxes.reconnect("a")), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.awaitAll([restart, reconnect])
      assert.strictEqual((yield* boxes.server("a")).state, "running")
      assert.strictEqual(yield* call("echo"), "a:echo")
    })
  )

  it.effect("are made side by side for all: one that hangs does not hold up the others", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* running("a", "b", "c")
      fakes.behave("a").connect = Effect.never
      yield* Effect.forkChild(boxes.reconnectAll, { startImmediately: true })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(
        ["a", "b", "c"].map((name) => fakes.connections.filter((made) => made.name === name).length),
        [1, 2, 2]
      )
    })
  )

  it.effect("fails where that cannot be done, and the old one stays", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running("a", "b")
      fakes.behave("a").connect = Effect.fail(killed("a"))
      assert.strictEqual((yield* Effect.flip(boxes.reconnect("a"))).code, "SERVER_EXITED")
      assert.strictEqual(yield* call("a__echo"), "a:echo")
      const exits = yield* boxes.reconnectAll
      assert.deepStrictEqual(
        [...exits].map(([name, exit]) => [name, exit._tag]),
        [
          ["a", "Failure"],
          ["b", "Success"]
        ]
      )
      assert.strictEqual((yield* Effect.flip(boxes.reconnect("nobody"))).code, "SERVER_NOT_FOUND")
    })
  )

  it.effect("gives calls that wait for a server that is down the new connection", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running("a")
      fakes.behave("a").connect = Effect.never
      fakes.of("a")[0]?.die()
      yield* TestClock.adjust("1 second")
      const waiting = yield* Effect.forkChild(call("echo"), { startImmediately: true })
      fakes.behave("a").connect = Effect.void
      yield* boxes.reconnect("a")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* Fiber.join(waiting), "a:echo")
    })
  )

  it.effect("can be given up, and leaves no process of the attempt", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running("a")
      fakes.behave("a").list = Effect.never
      const attempt = yield* Effect.forkChild(boxes.reconnect("a"))
      yield* TestClock.adjust("1 second")
      assert.lengthOf(fakes.of("a"), 2)
      yield* Fiber.interrupt(attempt)
      assert.deepStrictEqual(
        fakes.of("a").map(({ isOpen }) => isOpen),
        [true, false]
      )
      assert.strictEqual(yield* call("echo"), "a:echo")
    })
  )
})
