import { assert, describe, it } from "@effect/vitest"
import { ToolCallRejected, ToolCallTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { MetricsSnapshot, orchestratorDefaults } from "@signalbox/orchestrator"
import { CircuitBreaker, ConnectionPool } from "@signalbox/resilience"
import { Duration, Effect, Exit, Fiber, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type Behaviour, killed, makeFakeServers, managed, orchestrate, text, tool } from "../FakeServers.ts"
import { numberOf, seriesOf } from "./numbers.ts"

const place = { serverName: "s", toolName: "read" }

/** A running server "s" whose calls end as a list says, each after so many milliseconds. */
const running = Effect.fnUntraced(function* (window: Duration.Duration = Duration.minutes(5)) {
  const fakes = makeFakeServers()
  fakes.behave("s").tools = [tool("read", { readOnlyHint: true }), tool("write", { readOnlyHint: true })]
  const metrics = { ...orchestratorDefaults.metrics, window }
  // Calls that fail in a row are to be counted here, and not kept away.
  const boxes = yield* orchestrate(fakes, [managed("s", { maxConcurrent: 10_000, breaker: "off" })], { metrics })
  yield* boxes.settled
  const numbers = Effect.map(boxes.metrics.snapshot, ({ servers }) => servers["s"] ?? assert.fail("no server"))
  /** Calls at the same time, which take so long. */
  const calls = Effect.fnUntraced(function* (millis: ReadonlyArray<number>, name = "read") {
    fakes.behave("s").call = ({ input }) => Effect.as(Effect.sleep(Number(input["millis"])), text("done"))
    const fiber = yield* Effect.forkChild(
      Effect.forEach(millis, (each) => boxes.toolbox.call(name, { millis: each }, localCall()), {
        concurrency: "unbounded"
      })
    )
    yield* TestClock.adjust(Math.max(...millis))
    yield* Fiber.join(fiber)
  })
  const failing = Effect.fnUntraced(function* (times: number, answer: ReturnType<Behaviour["call"]>) {
    fakes.behave("s").call = () => answer
    yield* Effect.repeat(Effect.exit(boxes.toolbox.call("read", {}, localCall())), { times: times - 1 })
  })
  return { fakes, boxes, calls, failing, numbers, window: Effect.map(numbers, ({ window }) => window) }
})

const failures = () =>
  Effect.fail(new ToolCallTimeout({ ...place, limit: Duration.seconds(60), limitName: "callTimeout" }))
const rejections = Effect.fail(
  new ToolCallRejected({ ...place, rpcCode: -32602, rpcMessage: "no such argument", data: undefined })
)

describe("the numbers of a server", () => {
  it.effect("tell what came of its calls, and of those of each tool", () =>
    Effect.gen(function* () {
      const { calls, fakes, boxes, numbers } = yield* running()
      yield* calls([10, 10, 10])
      fakes.behave("s").call = () => Effect.succeed({ ...text("no"), isError: true })
      yield* boxes.toolbox.call("read", {}, localCall())
      yield* calls([10], "write")
      const { tools, ...all } = yield* numbers
      assert.deepStrictEqual(tools, {
        read: { calls: 4, success_rate: 0.75, outcomes: { success: 3, tool_error: 1 } },
        write: { calls: 1, success_rate: 1, outcomes: { success: 1 } }
      })
      assert.strictEqual(all.calls, 5)
      assert.strictEqual(all.success_rate, 0.8)
      assert.deepStrictEqual([all.state, all.health, all.starts, all.losses], ["running", "healthy", 1, 0])
      assert.strictEqual(all.window.error_rate, 0)
      fakes.of("s")[0]?.die(killed("s"))
      yield* TestClock.adjust("1 second")
      const { losses, restarts, starts } = yield* numbers
      assert.deepStrictEqual({ losses, restarts, starts }, { losses: 1, restarts: 1, starts: 2 })
    })
  )

  it.effect("know nothing before the first call", () =>
    Effect.gen(function* () {
      const { numbers } = yield* running()
      const { calls, success_rate, window } = yield* numbers
      assert.deepStrictEqual({ calls, success_rate }, { calls: 0, success_rate: null })
      assert.deepStrictEqual(window, {
        calls: 0,
        success_rate: null,
        error_rate: null,
        average_ms: null,
        p50_ms: null,
        p95_ms: null,
        p99_ms: null,
        requests_per_minute: 0
      })
    })
  )

  it.effect("give percentiles to within one bucket", () =>
    Effect.gen(function* () {
      const { calls, window } = yield* running()
      yield* calls(Array.from({ length: 1000 }, (_, index) => index + 1))
      const { average_ms, p50_ms, p95_ms, p99_ms } = yield* window
      assert.closeTo(average_ms ?? 0, 500.5, 0.001)
      // The buckets of 500 ms, and of 950 and 990 ms.
      assert.isTrue(p50_ms !== null && p50_ms > 200 && p50_ms <= 500, `${p50_ms}`)
      assert.isTrue(p95_ms !== null && p95_ms > 500 && p95_ms <= 1000, `${p95_ms}`)
      assert.isTrue(p99_ms !== null && p99_ms >= (p95_ms ?? 0) && p99_ms <= 1000, `${p99_ms}`)
    })
  )

  it.effect("take what is longer than the last bucket for as long as that", () =>
    Effect.gen(function* () {
      const { calls, window } = yield* running()
      yield* calls([45_000])
      assert.strictEqual((yield* window).p50_ms, 30_000)
    })
  )

  it.effect("count against a server what a breaker would, and nothing that was cancelled", () =>
    Effect.gen(function* () {
      const { boxes, calls, failing, fakes, window } = yield* running()
      yield* calls([1, 1])
      yield* failing(1, failures())
      yield* failing(1, rejections)
      fakes.behave("s").call = () => Effect.never
      const cancelled = yield* Effect.forkChild(boxes.toolbox.call("read", {}, localCall()), { startImmediately: true })
      yield* Fiber.interrupt(cancelled)
      const { calls: count, error_rate, success_rate } = yield* window
      assert.deepStrictEqual({ count, error_rate, success_rate }, { count: 4, error_rate: 0.25, success_rate: 0.5 })
    })
  )

  it.effect("forget what is older than the window, while the counts go on", () =>
    Effect.gen(function* () {
      const { calls, failing, numbers, window } = yield* running(Duration.minutes(1))
      yield* failing(5, failures())
      yield* TestClock.adjust("30 seconds")
      yield* calls([1, 1, 1, 1, 1])
      assert.strictEqual((yield* window).error_rate, 0.5)
      assert.strictEqual((yield* window).requests_per_minute, 10)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* window).error_rate, 0)
      assert.strictEqual((yield* window).calls, 5)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* window).error_rate, null)
      assert.strictEqual((yield* numbers).calls, 10)
      yield* TestClock.adjust("2 hours")
      yield* failing(1, failures())
      assert.strictEqual((yield* window).error_rate, 1)
    })
  )
})

describe("what is kept", () => {
  it.effect("does not grow with the number of calls", () =>
    Effect.gen(function* () {
      const { boxes, failing, fakes } = yield* running()
      const connection = fakes.of("s")[0] ?? assert.fail("no connection")
      const kept = Effect.gen(function* () {
        const { servers } = yield* boxes.metrics.snapshot
        const shape = JSON.stringify(servers).replaceAll(/\d+(\.\d+)?/g, "0")
        return { series: seriesOf(boxes).length, entries: boxes.metrics.registry.size, shape }
      })
      const burst = Effect.gen(function* () {
        yield* failing(40, failures())
        yield* failing(40, Effect.succeed(text("done")))
        connection.calls.length = 0
        yield* TestClock.adjust("7 seconds")
      })
      yield* burst
      const before = yield* kept
      yield* Effect.repeat(burst, { times: 99 })
      assert.deepStrictEqual(yield* kept, before)
      assert.strictEqual(numberOf(boxes, "mcp_calls_total"), 8080)
    })
  )
})

describe("the snapshot", () => {
  it.effect("shows watched pools and circuits until their scope closes, and reads back from JSON", () =>
    Effect.gen(function* () {
      const { boxes } = yield* running()
      const pool = yield* ConnectionPool.make({
        acquire: () => Effect.succeed("open"),
        settings: () => ({
          min: 0,
          max: 2,
          maxConcurrent: 1,
          acquireTimeout: "1 second",
          idleTimeToLive: "1 hour"
        }),
        invalidates: () => false
      })
      yield* pool.register("fx")
      for (let call = 0; call < 10; call++) yield* pool.withConnection("fx", () => Effect.void)
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 1, openFor: "1 minute", successThreshold: 1, maxProbes: 1 }),
        counts: () => true
      })
      yield* Effect.exit(breaker.protect("fx", Effect.fail("down")))
      const scope = yield* Scope.make()
      yield* Scope.provide(boxes.metrics.watch({ pools: [pool], breakers: [breaker] }), scope)
      const Text = Schema.fromJsonString(MetricsSnapshot)
      const snapshot = yield* boxes.metrics.snapshot
      assert.deepStrictEqual(yield* Schema.decodeEffect(Text)(yield* Schema.encodeEffect(Text)(snapshot)), snapshot)
      assert.deepStrictEqual(snapshot.pools["fx"], {
        idle: 1,
        used: 0,
        opening: 0,
        waiting: 0,
        max: 2,
        utilization: 0,
        hit_ratio: 0.9,
        health: "unknown"
      })
      assert.strictEqual(snapshot.circuits["fx"]?.phase, "open")
      assert.strictEqual(numberOf(boxes, "mcp_pool_borrowed_total", { server: "fx" }), 10)
      yield* Scope.close(scope, Exit.void)
      const after = yield* boxes.metrics.snapshot
      assert.deepStrictEqual([after.pools, Object.keys(after.circuits)], [{}, ["s"]])
    })
  )
})
