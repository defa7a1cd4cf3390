import { assert, describe, it } from "@effect/vitest"
import {
  ConnectionClosed,
  HandshakeTimeout,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown
} from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { orchestratorDefaults, OrphanSweep, ServerOrchestrator, ToolCache } from "@signalbox/orchestrator"
import { Duration, Effect, Exit, Fiber, Layer, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, optionsFor, orchestrate, text, tool } from "../FakeServers.ts"
import { numberOf, seriesOf } from "./numbers.ts"

/** A running server "s", and its calls. */
const running = Effect.fnUntraced(function* (changes: Parameters<typeof managed>[1] = {}) {
  const fakes = makeFakeServers()
  fakes.behave("s").tools = [tool("read", { readOnlyHint: true }), tool("write")]
  const boxes = yield* orchestrate(fakes, [managed("s", changes)])
  yield* boxes.settled
  return {
    fakes,
    boxes,
    call: (name = "read") => boxes.toolbox.call(name, {}, localCall()),
    number: (name: string, labels?: Readonly<Record<string, string>>) => numberOf(boxes, name, labels)
  }
})

const place = { serverName: "s", toolName: "read" }

describe("calls", () => {
  it.effect("are counted by server, tool and outcome, with their durations", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes, number } = yield* running()
      yield* Effect.repeat(call(), { times: 2 })
      fakes.behave("s").call = () =>
        Effect.fail(new ToolCallTimeout({ ...place, limit: Duration.seconds(60), limitName: "callTimeout" }))
      yield* Effect.flip(call())
      fakes.behave("s").call = () => Effect.succeed({ ...text("no such file"), isError: true })
      yield* call("write")
      fakes.behave("s").call = () => Effect.die(new Error("a bug"))
      yield* Effect.exit(call())
      assert.strictEqual(number("mcp_calls_total", { server: "s" }), 6)
      assert.strictEqual(number("mcp_calls_total", { tool: "read", outcome: "success" }), 3)
      assert.strictEqual(number("mcp_calls_total", { tool: "read", outcome: "TOOL_CALL_TIMEOUT" }), 1)
      assert.strictEqual(number("mcp_calls_total", { tool: "read", outcome: "INTERNAL" }), 1)
      assert.strictEqual(number("mcp_calls_total", { tool: "write", outcome: "tool_error" }), 1)
      assert.strictEqual(number("mcp_call_duration_seconds", { outcome: "success" }), 3)
      assert.strictEqual(number("mcp_call_duration_seconds"), 6)
      assert.isTrue(seriesOf(boxes).every(({ id }) => id.startsWith("mcp_")))
    })
  )

  it.effect("last as long as the clock says, whole wait included", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running({ maxConcurrent: 1 })
      fakes.behave("s").call = () => Effect.as(Effect.sleep("40 millis"), text("done"))
      const calls = yield* Effect.forkChild(Effect.all([call(), call()], { concurrency: "unbounded" }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(calls)
      const histogram = seriesOf(boxes).find(({ id }) => id === "mcp_call_duration_seconds")
      assert.strictEqual(histogram?.type, "Histogram")
      if (histogram?.type !== "Histogram") return
      assert.closeTo(histogram.state.sum, 0.12, 1e-9)
      assert.deepStrictEqual(
        histogram.state.buckets.filter(([end]) => end >= 0.02 && end <= 0.1),
        [
          [0.02, 0],
          [0.05, 1],
          [0.1, 2]
        ]
      )
      assert.deepStrictEqual([histogram.state.buckets[0]?.[0], histogram.state.buckets.at(-1)?.[0]], [0.001, 30])
    })
  )

  it.effect("are in flight when they are sent, and wait before that", () =>
    Effect.gen(function* () {
      const { call, fakes, number } = yield* running({ maxConcurrent: 2 })
      fakes.behave("s").call = () => Effect.as(Effect.sleep("1 second"), text("done"))
      const calls = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 5 }, () => call()),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust(0)
      const now = () => [number("mcp_calls_in_flight"), number("mcp_calls_waiting"), number("mcp_calls_total")]
      assert.deepStrictEqual(now(), [2, 3, 0])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(now(), [2, 1, 2])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(calls)
      assert.deepStrictEqual(now(), [0, 0, 5])
    })
  )

  it.effect("leave nothing under way when they are cancelled, wherever they are", () =>
    Effect.gen(function* () {
      const { call, fakes, number } = yield* running({ maxConcurrent: 1 })
      fakes.behave("s").call = () => Effect.never
      const sent = yield* Effect.forkChild(call())
      const waiting = yield* Effect.forkChild(call())
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(sent)
      assert.strictEqual(number("mcp_calls_total", { outcome: "cancelled" }), 2)
      assert.strictEqual(number("mcp_calls_in_flight"), 0)
      assert.strictEqual(number("mcp_calls_waiting"), 0)
    })
  )

  it.effect("that are repeated count once, and so does each lost answer", () =>
    Effect.gen(function* () {
      const { call, fakes, number } = yield* running({ isTrusted: true })
      const unknown = new ToolOutcomeUnknown({ ...place, reason: "it exited" })
      const failFirst = (error: ToolOutcomeUnknown | ConnectionClosed) => {
        let isFirst = true
        fakes.behave("s").call = () =>
          Effect.suspend(() => {
            const fails = isFirst
            isFirst = false
            return fails ? Effect.fail(error) : Effect.succeed(text("done"))
          })
      }
      const attempt = Effect.fnUntraced(function* (name: string) {
        const fiber = yield* Effect.forkChild(Effect.exit(call(name)))
        yield* TestClock.adjust("2 seconds")
        return Exit.isSuccess(yield* Fiber.join(fiber))
      })
      failFirst(new ConnectionClosed({ serverName: "s", reason: "it exited" }))
      assert.isTrue(yield* attempt("write"))
      assert.deepStrictEqual([number("mcp_calls_repeated_total"), number("mcp_calls_outcome_unknown_total")], [1, 0])
      failFirst(unknown)
      assert.isTrue(yield* attempt("read"))
      assert.deepStrictEqual([number("mcp_calls_repeated_total"), number("mcp_calls_outcome_unknown_total")], [2, 1])
      failFirst(unknown)
      assert.isFalse(yield* attempt("write"))
      assert.deepStrictEqual([number("mcp_calls_repeated_total"), number("mcp_calls_outcome_unknown_total")], [2, 2])
      assert.strictEqual(number("mcp_calls_total"), 3)
      assert.strictEqual(number("mcp_calls_in_flight"), 0)
    })
  )
})

describe("a server", () => {
  it.effect("is shown by state and health, with its starts, losses and restarts", () =>
    Effect.gen(function* () {
      const { boxes, fakes, number } = yield* running()
      assert.strictEqual(number("mcp_server_state", { state: "running" }), 1)
      assert.strictEqual(number("mcp_server_state"), 1)
      assert.strictEqual(number("mcp_server_health", { health: "healthy" }), 1)
      fakes.behave("s").connect = Effect.andThen(
        Effect.sleep("20 millis"),
        Effect.fail(new HandshakeTimeout({ serverName: "s", limit: Duration.seconds(1), stderrTail: [] }))
      )
      fakes.of("s")[0]?.die(killed("s"))
      yield* TestClock.adjust(0)
      assert.strictEqual(number("mcp_server_state", { state: "error" }), 1)
      assert.strictEqual(number("mcp_server_health", { health: "unhealthy" }), 1)
      assert.strictEqual(number("mcp_server_losses_total", { outcome: "SERVER_EXITED" }), 1)
      yield* TestClock.adjust("150 millis")
      fakes.behave("s").connect = Effect.sleep("30 millis")
      assert.strictEqual(number("mcp_server_starts_total", { outcome: "SERVER_HANDSHAKE_TIMEOUT" }), 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(number("mcp_server_starts_total", { outcome: "success" }), 2)
      assert.strictEqual(number("mcp_server_restarts_total"), 1)
      assert.strictEqual(number("mcp_server_losses_total"), 1)
      const [, slow] = seriesOf(boxes).filter(({ id }) => id === "mcp_server_connect_duration_seconds")
      assert.closeTo(slow?.type === "Histogram" ? slow.state.sum : 0, 0.02, 1e-9)
    })
  )
})

describe("a set of servers that becomes another", () => {
  it.effect("is shown as it is, with what was counted on both connections of a server", () =>
    Effect.gen(function* () {
      const { boxes, call, number } = yield* running()
      yield* call()
      yield* boxes.reconfigure([managed("s", { maxConcurrent: 2 }), managed("t")])
      yield* TestClock.adjust("1 second")
      yield* boxes.toolbox.call("s__read", {}, localCall())
      assert.strictEqual(number("mcp_calls_total", { server: "s", outcome: "success" }), 2)
      assert.strictEqual(number("mcp_server_starts_total", { server: "s", outcome: "success" }), 2)
      assert.strictEqual(number("mcp_server_losses_total"), 0)
      assert.strictEqual(number("mcp_server_state", { server: "s", state: "running" }), 1)
      assert.strictEqual(number("mcp_server_state", { server: "t", state: "running" }), 1)
      yield* boxes.reconfigure([managed("t")])
      yield* TestClock.adjust("1 second")
      assert.isFalse(seriesOf(boxes).some(({ attributes, type }) => type === "Gauge" && attributes?.["server"] === "s"))
      assert.deepStrictEqual(Object.keys((yield* boxes.metrics.snapshot).servers), ["t"])
      assert.strictEqual(number("mcp_calls_total", { server: "s" }), 2)
    })
  )
})

describe("labels", () => {
  it.effect("name a bounded number of tools, and only plain names", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const names = ["a b", ...Array.from({ length: 12 }, (_, index) => `tool${index}`)]
      fakes.behave("s").tools = names.map((name) => tool(name, { readOnlyHint: true }))
      const boxes = yield* orchestrate(fakes, ["s"], { metrics: { ...orchestratorDefaults.metrics, maxTools: 10 } })
      yield* boxes.settled
      for (const { name } of yield* boxes.toolbox.list) yield* boxes.toolbox.call(name, {}, localCall())
      assert.strictEqual(numberOf(boxes, "mcp_calls_total"), 13)
      assert.strictEqual(numberOf(boxes, "mcp_calls_total", { tool: "tool9" }), 1)
      assert.strictEqual(numberOf(boxes, "mcp_calls_total", { tool: "other" }), 3)
      assert.strictEqual(seriesOf(boxes).filter(({ id }) => id === "mcp_calls_total").length, 11)
    })
  )

  it.effect("never hold a text that came with a failure", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running()
      const foreign = "/home/somebody, line 7"
      fakes.behave("s").call = () =>
        Effect.fail(new ToolCallRejected({ ...place, rpcCode: -32000, rpcMessage: foreign, data: foreign }))
      yield* Effect.flip(call())
      fakes.of("s")[0]?.die(killed("s"))
      yield* TestClock.adjust("1 second")
      const labels = seriesOf(boxes).flatMap(({ attributes }) => Object.values(attributes ?? {}))
      assert.isNotEmpty(labels)
      assert.deepStrictEqual(
        labels.filter((label) => !/^[A-Za-z_]+$/.test(label)),
        []
      )
    })
  )
})

describe("the registry", () => {
  it.effect("is another one for every layer, and no global one", () =>
    Effect.gen(function* () {
      // Other tests of this process may have a registry of the program.
      const ofProgram = Effect.map(Metric.snapshot, (all) =>
        all.filter(({ id }) => id.startsWith("mcp_")).map((one) => JSON.stringify([one.id, one.attributes, one.state]))
      )
      const before = yield* ofProgram
      const { boxes: first, call } = yield* running()
      const { boxes: second } = yield* running()
      yield* call()
      assert.strictEqual(numberOf(first, "mcp_calls_total"), 1)
      assert.strictEqual(numberOf(second, "mcp_calls_total"), 0)
      assert.deepStrictEqual(yield* ofProgram, before)
    })
  )

  it.effect("is that of the program where it has one, and is left with the counts when the layer ends", () =>
    Effect.gen(function* () {
      const registry: Metric.MetricRegistry = new Map()
      const fakes = makeFakeServers()
      const scope = yield* Scope.make()
      const layer = ServerOrchestrator.layerNoDeps(optionsFor(["s"])).pipe(
        Layer.provide([
          fakes.layer,
          ToolCache.layerNone,
          Layer.succeed(OrphanSweep, { ownerOf: () => Effect.undefined, sweep: () => Effect.succeed([]) }),
          Layer.succeed(Metric.MetricRegistry, registry)
        ])
      )
      const context = yield* Scope.provide(Layer.build(layer), scope)
      const boxes = yield* Effect.provideContext(ServerOrchestrator, context)
      yield* boxes.settled
      yield* boxes.toolbox.call("echo", {}, localCall())
      assert.strictEqual(boxes.metrics.registry, registry)
      assert.strictEqual(numberOf(boxes, "mcp_server_state", { state: "running" }), 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(numberOf(boxes, "mcp_calls_total"), 1)
      assert.isFalse(seriesOf(boxes).some(({ type }) => type === "Gauge"))
    })
  )

  it.effect("counts the orphans that were killed", () =>
    Effect.gen(function* () {
      const sweep = Layer.succeed(OrphanSweep, {
        ownerOf: () => Effect.undefined,
        sweep: () => Effect.succeed([11, 12])
      })
      const layer = ServerOrchestrator.layerNoDeps(optionsFor([], { owner: "1-1" })).pipe(
        Layer.provide([makeFakeServers().layer, ToolCache.layerNone, sweep])
      )
      const boxes = yield* Effect.provideContext(ServerOrchestrator, yield* Layer.build(layer))
      yield* TestClock.adjust(0)
      assert.strictEqual(numberOf(boxes, "mcp_orphans_killed_total"), 2)
    })
  )
})
