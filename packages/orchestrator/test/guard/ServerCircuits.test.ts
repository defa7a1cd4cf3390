import { assert, describe, it } from "@effect/vitest"
import {
  type CallError,
  type CallResult,
  ServerUnreachable,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown
} from "@signalbox/mcp"
import { joinToolboxes, localCall, makeSteadyToolbox } from "@signalbox/model"
import { type ManagedServer, managedDefaults, type ServerEvent } from "@signalbox/orchestrator"
import { DateTime, Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, orchestrate, text, tool } from "../FakeServers.ts"

const serverName = "fx"
const limit = Duration.minutes(10)
const timeout = new ToolCallTimeout({ serverName, toolName: "echo", limit, limitName: "callTimeout" })
const lostAnswer = new ToolOutcomeUnknown({ serverName, toolName: "echo", reason: "the stream ended" })

/** Two servers with a tool of the same name, the first of which can be made to fail. */
const running = Effect.fnUntraced(function* (changes: Partial<ManagedServer> = {}) {
  const fakes = makeFakeServers()
  fakes.behave("other").tools = [tool("echo"), tool("more")]
  const boxes = yield* orchestrate(fakes, [managed("fx", changes), "other"])
  yield* boxes.settled
  const events: Array<ServerEvent> = []
  yield* Effect.forkScoped(
    Stream.runForEach(boxes.changes, (event) => Effect.sync(() => events.push(event))),
    { startImmediately: true }
  )
  const call = boxes.toolbox.call("fx__echo", {}, localCall())
  const answer = (effect: Effect.Effect<CallResult, CallError>) =>
    Effect.sync(() => (fakes.behave("fx").call = () => effect))
  const times = (count: number, effect: Effect.Effect<CallResult, CallError>) =>
    Effect.andThen(answer(effect), Effect.repeat(Effect.exit(call), { times: count - 1 }))
  return {
    fakes,
    boxes,
    call,
    answer,
    times,
    names: Effect.map(boxes.toolbox.list, (tools) => tools.map(({ name }) => name)),
    phase: Effect.map(boxes.breaker.stats, ([stats]) => stats?.phase),
    info: boxes.server("fx"),
    told: Effect.map(TestClock.adjust(0), () =>
      events.flatMap((event) => (event._tag === "CircuitChanged" ? [event.circuit.phase] : []))
    )
  }
})

const all = ["fx__echo", "other__echo", "more"]
const works = Effect.succeed(text("works"))

describe("the circuit of a server", () => {
  it.effect("opens after five calls in a row that got no answer, and the next one fails at once", () =>
    Effect.gen(function* () {
      const { call, fakes, phase, times } = yield* running()
      yield* times(4, Effect.fail(timeout))
      yield* times(1, works)
      yield* times(4, Effect.fail(timeout))
      assert.strictEqual(yield* phase, "closed")
      yield* times(1, Effect.fail(timeout))
      assert.strictEqual(yield* phase, "open")
      yield* TestClock.adjust("20 seconds")
      const sent = fakes.of("fx")[0]?.calls.length
      const error = yield* Effect.flip(call)
      assert.strictEqual(fakes.of("fx")[0]?.calls.length, sent)
      assert.strictEqual(error.code, "SERVER_CIRCUIT_OPEN")
      assert.deepStrictEqual([error.retryable, error.retryAfter], [true, Duration.seconds(40)])
      assert.strictEqual(
        error.message,
        `"echo" was not called: the circuit of server "fx" is open until 1970-01-01T00:01:00.000Z: ` +
          `The call of "echo" on server "fx" took longer than 10m.`
      )
      assert.propertyVal(error.cause, "code", "CIRCUIT_OPEN")
    })
  )

  it.effect("hides its tools while it is open, and leaves everybody else's their names", () =>
    Effect.gen(function* () {
      const { boxes, call, info, names, times, told } = yield* running()
      assert.deepStrictEqual(yield* names, all)
      yield* times(5, Effect.fail(timeout))
      assert.deepStrictEqual(yield* names, ["other__echo", "more"])
      assert.strictEqual(yield* boxes.toolbox.list, yield* boxes.toolbox.list)
      const { circuit, health, hiddenTools } = yield* info
      assert.deepStrictEqual(hiddenTools, ["echo"])
      assert.strictEqual(circuit?.openUntil && DateTime.formatIso(circuit.openUntil), "1970-01-01T00:01:00.000Z")
      assert.strictEqual(health.status, "unhealthy")
      assert.include(health.reason, "until 1970-01-01T00:01:00.000Z")
      assert.deepStrictEqual(
        (yield* boxes.health).problems.map(({ lostTools, serverName, status }) => [serverName, status, lostTools]),
        [["fx", "unhealthy", ["echo"]]]
      )
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(yield* names, all)
      assert.deepStrictEqual([(yield* info).circuit?.phase, (yield* info).hiddenTools], ["half-open", []])
      yield* times(1, works)
      assert.isFalse((yield* call).isError)
      assert.strictEqual((yield* info).circuit, undefined)
      assert.deepStrictEqual(yield* told, ["open", "half-open", "half-open", "closed"])
    })
  )

  it.effect("leaves everybody their names also where its tools are joined with those of others", () =>
    Effect.gen(function* () {
      const { boxes, times } = yield* running()
      const joined = joinToolboxes([boxes.toolbox])
      const names = Effect.map(joined.list, (tools) => tools.map(({ name }) => name))
      assert.deepStrictEqual(yield* names, all)
      yield* times(5, Effect.fail(timeout))
      assert.deepStrictEqual(yield* names, ["other__echo", "more"])
      const error = yield* Effect.flip(joined.call("fx__echo", {}, localCall()))
      assert.strictEqual(error.code, "SERVER_CIRCUIT_OPEN")
      assert.include(error.message, 'server "fx" is open until 1970-01-01T00:01:00.000Z: The call of "echo"')
      assert.strictEqual((yield* boxes.breaker.stats)[0]?.rejected, 1)
      assert.isFalse((yield* joined.call("other__echo", {}, localCall())).isError)
      yield* boxes.breaker.close("fx")
      assert.deepStrictEqual(yield* names, all)
    })
  )

  it.effect("keeps the names of a conversation: they leave between turns and come back", () =>
    Effect.gen(function* () {
      const { boxes, times } = yield* running()
      const steady = makeSteadyToolbox(boxes.toolbox)
      const turn = Effect.flatMap(steady.forTurn, ({ list }) =>
        Effect.map(list, (tools) => tools.map(({ name }) => name))
      )
      const during = yield* steady.forTurn
      assert.deepStrictEqual(yield* turn, all)
      yield* times(5, Effect.fail(timeout))
      assert.deepStrictEqual(
        (yield* during.list).map(({ name }) => name),
        all
      )
      assert.strictEqual((yield* Effect.flip(during.call("fx__echo", {}, localCall()))).code, "SERVER_CIRCUIT_OPEN")
      assert.deepStrictEqual(yield* turn, ["other__echo", "more"])
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(yield* turn, all)
    })
  )

  it.effect("opens again for the whole time when the first call after it fails", () =>
    Effect.gen(function* () {
      const { names, phase, times, told } = yield* running()
      yield* times(5, Effect.fail(timeout))
      yield* TestClock.adjust("60 seconds")
      yield* times(1, Effect.fail(timeout))
      assert.strictEqual(yield* phase, "open")
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* names, ["other__echo", "more"])
      assert.deepStrictEqual(yield* told, ["open", "half-open", "half-open", "open"])
    })
  )

  it.effect("does not count what a tool says, what was wrong with a call, and what was never sent", () =>
    Effect.gen(function* () {
      const { answer, boxes, call, phase, times } = yield* running({ maxConcurrent: 1 })
      yield* times(6, Effect.succeed({ ...text("no such file"), isError: true }))
      const fields = { serverName, toolName: "echo" }
      yield* times(
        6,
        Effect.fail(new ToolCallRejected({ ...fields, rpcCode: -32_602, rpcMessage: "bad", data: undefined }))
      )
      yield* answer(Effect.never)
      const holder = yield* Effect.forkChild(call, { startImmediately: true })
      const soon = DateTime.addDuration(yield* DateTime.now, "1 second")
      const busy = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 6 }),
          () => Effect.flip(boxes.toolbox.call("fx__echo", {}, localCall({ deadline: soon }))),
          { concurrency: "unbounded" }
        ),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 second")
      assert.isTrue((yield* Fiber.join(busy)).every(({ code }) => code === "SERVER_BUSY"))
      yield* Fiber.interrupt(holder)
      assert.strictEqual(yield* phase, "closed")
    })
  )

  it.effect("does not count callers who go away, nor those who have less patience than the server is given", () =>
    Effect.gen(function* () {
      const { answer, call, phase, times } = yield* running()
      yield* answer(Effect.never)
      for (let count = 0; count < 6; count++) {
        yield* Fiber.interrupt(yield* Effect.forkChild(call, { startImmediately: true }))
      }
      const impatient = new ToolCallTimeout({
        serverName,
        toolName: "echo",
        limit: Duration.seconds(1),
        limitName: "callTimeout"
      })
      yield* times(6, Effect.fail(impatient))
      assert.strictEqual(yield* phase, "closed")
    })
  )

  it.effect("counts a killed server once, however many calls it took with it, and closes when it is back", () =>
    Effect.gen(function* () {
      const { answer, boxes, call, fakes, phase } = yield* running()
      yield* answer(Effect.never)
      const calls = yield* Effect.forEach(Array.from({ length: 12 }), () =>
        Effect.forkChild(Effect.flip(call), { startImmediately: true })
      )
      fakes.of("fx")[0]?.die()
      const errors = yield* Effect.forEach(calls, Fiber.join)
      assert.isTrue(errors.every(({ code }) => code === "TOOL_OUTCOME_UNKNOWN"))
      const [stats] = yield* boxes.breaker.stats
      assert.deepStrictEqual([stats?.phase, stats?.failed], ["closed", 1])
      yield* answer(works)
      const next = yield* Effect.forkChild(call, { startImmediately: true })
      yield* TestClock.adjust("100 millis")
      assert.isFalse((yield* Fiber.join(next)).isError)
      assert.strictEqual(yield* phase, "closed")
    })
  )

  it.effect("counts answers that are lost over HTTP at the same moment once, and one after another each", () =>
    Effect.gen(function* () {
      const { server } = managed("fx")
      const endpoint = { transport: "http", url: "http://127.0.0.1:9/mcp", headers: {} } as const
      const { answer, boxes, call, times } = yield* running({
        ...managedDefaults.http,
        server: { ...server, endpoint }
      })
      const cut = yield* Deferred.make<CallResult, CallError>()
      yield* answer(Deferred.await(cut))
      const calls = yield* Effect.forEach(Array.from({ length: 12 }), () =>
        Effect.forkChild(Effect.exit(call), { startImmediately: true })
      )
      yield* Deferred.fail(cut, lostAnswer)
      yield* Effect.forEach(calls, Fiber.join)
      assert.strictEqual((yield* boxes.breaker.stats)[0]?.failed, 1)
      yield* times(4, Effect.fail(lostAnswer))
      assert.strictEqual((yield* boxes.breaker.stats)[0]?.phase, "open")
    })
  )

  it.effect("counts attempts to connect without holding them up, and closes at the first that succeeds", () =>
    Effect.gen(function* () {
      const { fakes, info, names, phase } = yield* running()
      const refused = new ServerUnreachable({ serverName, url: "http://127.0.0.1:9", reason: "refused" })
      fakes.behave("fx").connect = Effect.fail(refused)
      fakes.of("fx")[0]?.die(killed("fx"))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* phase, "open")
      assert.deepStrictEqual(yield* names, ["other__echo", "more"])
      // Nobody has to find out by a call what its attempts to connect show.
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* names, ["other__echo", "more"])
      assert.isAbove((yield* info).errorCount, 15)
      fakes.behave("fx").connect = Effect.void
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([yield* phase, yield* names], ["closed", all])
    })
  )

  it.effect("is that of one server alone, and raises one alert until it is closed", () =>
    Effect.gen(function* () {
      const { boxes, times } = yield* running()
      yield* times(5, Effect.fail(timeout))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(
        (yield* boxes.breaker.stats).map(({ circuit, phase }) => [circuit, phase]),
        [
          ["fx", "open"],
          ["other", "closed"]
        ]
      )
      assert.isFalse((yield* boxes.toolbox.call("more", {}, localCall())).isError)
      assert.deepStrictEqual(
        (yield* boxes.activeAlerts).flatMap(({ kind, subject }) => (kind === "breaker-open" ? [subject] : [])),
        ["fx"]
      )
      assert.strictEqual((yield* boxes.metrics.snapshot).circuits["fx"]?.phase, "open")
      assert.include(yield* boxes.metrics.prometheus, 'mcp_circuit_phase{circuit="fx"} 2')
      yield* boxes.breaker.reset("fx")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        (yield* boxes.activeAlerts).filter(({ kind }) => kind === "breaker-open"),
        []
      )
    })
  )
})

describe("a circuit by hand", () => {
  it.effect("is opened until somebody closes it, also when its server comes back meanwhile", () =>
    Effect.gen(function* () {
      const { boxes, call, info, names, phase } = yield* running()
      yield* boxes.breaker.open("fx")
      assert.deepStrictEqual(yield* names, ["other__echo", "more"])
      const error = yield* Effect.flip(call)
      assert.deepStrictEqual([error.code, error.retryable, error.retryAfter], ["SERVER_CIRCUIT_OPEN", false, undefined])
      assert.include(error.message, "it was opened by hand")
      assert.strictEqual(error.hint, "Close it: signalbox breaker close fx")
      assert.include((yield* info).health.reason, "until its circuit is closed")
      yield* boxes.restart("fx")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* phase, "open")
      yield* boxes.breaker.close("fx")
      assert.deepStrictEqual(yield* names, all)
      assert.isFalse((yield* call).isError)
    })
  )

  it.effect("forgets what was counted when it is reset", () =>
    Effect.gen(function* () {
      const { boxes, call, times } = yield* running()
      yield* times(5, Effect.fail(timeout))
      yield* boxes.breaker.reset("fx")
      const [stats] = yield* boxes.breaker.stats
      assert.deepStrictEqual([stats?.phase, stats?.failed, stats?.trips], ["closed", 0, 0])
      assert.isTrue((yield* Effect.exit(call))._tag === "Failure")
    })
  )

  it.effect("is not there for a server that is not configured", () =>
    Effect.gen(function* () {
      const { boxes } = yield* running()
      for (const work of [boxes.breaker.open, boxes.breaker.close, boxes.breaker.reset]) {
        assert.strictEqual((yield* Effect.flip(work("fy"))).nearest, "fx")
      }
    })
  )

  it.effect("is the only way to open one that is off", () =>
    Effect.gen(function* () {
      const { boxes, call, names, times } = yield* running({ breaker: "off" })
      yield* times(50, Effect.fail(timeout))
      assert.deepStrictEqual(yield* names, all)
      yield* boxes.breaker.open("fx")
      assert.strictEqual((yield* Effect.flip(call)).code, "SERVER_CIRCUIT_OPEN")
    })
  )
})

describe("the settings of a circuit", () => {
  it.effect("follow a new configuration, and its state stays", () =>
    Effect.gen(function* () {
      const { boxes, phase, times } = yield* running()
      yield* times(2, Effect.fail(timeout))
      const breaker = { failureThreshold: 2, openFor: "5 seconds", successThreshold: 1, maxProbes: 1 } as const
      yield* boxes.reconfigure([managed("fx", { breaker }), managed("other")])
      yield* times(2, Effect.fail(timeout))
      assert.strictEqual(yield* phase, "open")
      yield* boxes.reconfigure([managed("other")])
      assert.deepStrictEqual(
        (yield* boxes.breaker.stats).map(({ circuit }) => circuit),
        ["other"]
      )
      assert.deepStrictEqual(Object.keys((yield* boxes.metrics.snapshot).circuits), ["other"])
    })
  )
})
