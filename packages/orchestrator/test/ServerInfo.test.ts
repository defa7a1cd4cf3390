import { assert, describe, it } from "@effect/vitest"
import { HandshakeTimeout } from "@signalbox/mcp"
import { type ServerEvent, serverInfoJson, ServerInfoJson } from "@signalbox/orchestrator"
import { DateTime, Deferred, Duration, Effect, Exit, Fiber, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, orchestrate, signal, tool } from "./FakeServers.ts"

const stateIn = (event: ServerEvent) => (event._tag === "StateChanged" ? event.info.state : event._tag)

describe("events and status", () => {
  it.effect("tell each change of state, and each change of tools", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      const seen: Array<ServerEvent> = []
      yield* Effect.forkScoped(Stream.runForEach(boxes.changes, (event) => Effect.sync(() => seen.push(event))))
      yield* TestClock.adjust("20 seconds")
      fakes.behave("signal").tools = [tool("echo", { readOnlyHint: true }), tool("wave")]
      fakes.of("signal")[0]?.sayToolsChanged()
      yield* TestClock.adjust(0)
      fakes.of("signal")[0]?.die(killed("signal"))
      yield* TestClock.adjust("1 second")
      yield* boxes.stop("signal")
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(
        seen.map((event) => (event._tag === "ToolsChanged" ? [...event.added, ...event.removed] : stateIn(event))),
        [["wave"], "error", "starting", "running", "stopping", "stopped"]
      )
    })
  )

  it.effect("tell a change that the server never announces, when its list may not be kept any longer", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").freshFor = Duration.minutes(1)
      const boxes = yield* orchestrate(fakes, ["a"])
      yield* boxes.settled
      fakes.behave("a").tools = [tool("later")]
      yield* TestClock.adjust("59 seconds")
      assert.notInclude(
        (yield* boxes.toolbox.list).map(({ name }) => name),
        "later"
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        (yield* boxes.toolbox.list).map(({ name }) => name),
        ["later"]
      )
    })
  )

  it.effect("end when the scope closes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const boxes = yield* Scope.provide(orchestrate(makeFakeServers(), ["a"]), scope)
      yield* boxes.settled
      const watcher = yield* Effect.forkChild(Stream.runCollect(boxes.changes), { startImmediately: true })
      yield* TestClock.adjust(0)
      yield* Scope.close(scope, Exit.void)
      const states = (yield* Fiber.join(watcher)).map((event) => event._tag === "StateChanged" && event.info.state)
      assert.deepStrictEqual(states, ["stopping", "stopped"])
    })
  )

  it.effect("are printed as JSON that reads back", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("bad").connect = Effect.fail(
        new HandshakeTimeout({ serverName: "bad", limit: Duration.seconds(1), stderrTail: [] })
      )
      const boxes = yield* orchestrate(fakes, ["good", "bad"])
      yield* boxes.settled
      yield* TestClock.adjust("10 millis")
      const now = yield* DateTime.now
      const printed = (yield* boxes.servers).map((info) => serverInfoJson(info, now))
      assert.strictEqual(printed[0]?.uptime_ms, 10)
      assert.strictEqual(printed[1]?.error?.["error_code"], "SERVER_HANDSHAKE_TIMEOUT")
      assert.isNotNull(printed[1]?.next_restart_at)
      const Lines = Schema.fromJsonString(Schema.Array(ServerInfoJson))
      const text = yield* Schema.encodeEffect(Lines)(printed)
      assert.deepStrictEqual(yield* Schema.decodeEffect(Lines)(text), printed)
    })
  )

  it.effect("keep the last good list of tools when a server cannot list them", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* signal("signal")
      const before = yield* boxes.toolbox.list
      const failed = yield* Deferred.make<void>()
      fakes.behave("signal").list = Effect.andThen(Deferred.succeed(failed, undefined), Effect.fail(killed("signal")))
      fakes.of("signal")[0]?.sayToolsChanged()
      yield* Deferred.await(failed)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* boxes.toolbox.list, before)
      assert.strictEqual((yield* boxes.server("signal")).state, "running")
    })
  )
})
