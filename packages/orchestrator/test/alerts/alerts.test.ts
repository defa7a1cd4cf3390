import { assert, describe, it } from "@effect/vitest"
import { ToolCallTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { Alert, type OrchestratorOptions, orchestratorDefaults } from "@signalbox/orchestrator"
import { CircuitBreaker, ConnectionPool } from "@signalbox/resilience"
import { Deferred, Duration, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, orchestrate, text } from "../FakeServers.ts"

/** A running server "s", and what is told of it. */
const watched = Effect.fnUntraced(function* (changes: Partial<OrchestratorOptions> = {}) {
  const fakes = makeFakeServers()
  const boxes = yield* orchestrate(fakes, [managed("s", { maxConcurrent: 100 })], changes)
  yield* boxes.settled
  const alerts: Array<Alert> = []
  yield* Effect.forkScoped(
    Stream.runForEach(boxes.alerts, (alert) => Effect.sync(() => alerts.push(alert))),
    { startImmediately: true }
  )
  const calls = Effect.fnUntraced(function* (good: number, bad: number) {
    for (let call = 0; call < good + bad; call++) {
      fakes.behave("s").call = () => (call < good ? Effect.succeed(text("done")) : timeout)
      yield* Effect.exit(boxes.toolbox.call("echo", {}, localCall()))
    }
  })
  return {
    fakes,
    boxes,
    alerts,
    calls,
    /** What was told since the last look. */
    told: () => alerts.splice(0).map(({ id, severity, status }) => `${status} ${severity} ${id}`),
    active: Effect.map(boxes.activeAlerts, (all) => all.map(({ id }) => id)),
    die: () => fakes.of("s").at(-1)?.die(killed("s"))
  }
})

const timeout = Effect.fail(
  new ToolCallTimeout({ serverName: "s", toolName: "echo", limit: Duration.seconds(60), limitName: "callTimeout" })
)

describe("an alert about a server that is lost", () => {
  it.effect("is told once when it stays away, and once when it is back", () =>
    Effect.gen(function* () {
      const { active, alerts, die, fakes, told } = yield* watched()
      const isUp = yield* Deferred.make<void>()
      fakes.behave("s").connect = Deferred.await(isUp)
      die()
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(told(), [])
      yield* TestClock.adjust("1 second")
      assert.include(alerts[0]?.message, "SIGKILL")
      assert.strictEqual(alerts[0]?.value, 10_000)
      assert.deepStrictEqual(told(), ["raised critical server-lost:s"])
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(told(), [])
      assert.deepStrictEqual(yield* active, ["server-lost:s"])
      yield* Deferred.succeed(isUp, undefined)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(told(), ["resolved critical server-lost:s"])
      assert.deepStrictEqual(yield* active, [])
    })
  )

  it.effect("is not raised for one that is back at once", () =>
    Effect.gen(function* () {
      const { die, told } = yield* watched()
      for (let death = 0; death < 5; death++) {
        die()
        yield* TestClock.adjust("1 minute")
      }
      assert.deepStrictEqual(told(), [])
    })
  )

  it.effect("is told once in five minutes when it comes and goes", () =>
    Effect.gen(function* () {
      const rules = [{ kind: "server-lost", severity: "critical", after: Duration.zero }] as const
      const { active, die, told } = yield* watched({ alerts: { ...orchestratorDefaults.alerts, rules } })
      for (let death = 0; death < 4; death++) {
        die()
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(yield* active, ["server-lost:s"])
        yield* TestClock.adjust("1 minute")
      }
      assert.deepStrictEqual(told(), ["raised critical server-lost:s", "resolved critical server-lost:s"])
      yield* TestClock.adjust("1 minute")
      die()
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(told(), ["raised critical server-lost:s"])
    })
  )

  it.effect("that lasts longer than the quiet time is told when that is over", () =>
    Effect.gen(function* () {
      const rules = [{ kind: "server-lost", severity: "critical", after: Duration.zero }] as const
      const { die, fakes, told } = yield* watched({ alerts: { ...orchestratorDefaults.alerts, rules } })
      die()
      yield* TestClock.adjust("1 minute")
      told()
      fakes.behave("s").connect = Effect.never
      die()
      yield* TestClock.adjust("3 minutes")
      assert.deepStrictEqual(told(), [])
      yield* TestClock.adjust("70 seconds")
      assert.deepStrictEqual(told(), ["raised critical server-lost:s"])
    })
  )

  it.effect("is over when it is stopped on purpose", () =>
    Effect.gen(function* () {
      const { boxes, die, fakes, told } = yield* watched()
      fakes.behave("s").connect = Effect.never
      die()
      yield* TestClock.adjust("10 seconds")
      yield* boxes.stop("s")
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(told(), ["raised critical server-lost:s", "resolved critical server-lost:s"])
    })
  )
})

describe("an alert about a server that is no more", () => {
  it.effect("is over when the configuration has left it out", () =>
    Effect.gen(function* () {
      const { boxes, die, fakes, told } = yield* watched()
      fakes.behave("s").connect = Effect.never
      die()
      yield* TestClock.adjust("10 seconds")
      yield* boxes.reconfigure([managed("t")])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(told(), ["raised critical server-lost:s", "resolved critical server-lost:s"])
    })
  )
})

describe("alerts about the checks of a server", () => {
  it.effect("tell one that fails, and a server that is given up until it has passed again", () =>
    Effect.gen(function* () {
      const { boxes, fakes, told } = yield* watched()
      fakes.behave("s").ping = Effect.never
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(told(), ["raised warning health-check-failed:s"])
      yield* TestClock.adjust("19 seconds")
      fakes.behave("s").ping = Effect.void
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(told(), ["resolved warning health-check-failed:s", "raised critical server-unhealthy:s"])
      assert.strictEqual((yield* boxes.server("s")).state, "running")
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(told(), ["resolved critical server-unhealthy:s"])
    })
  )
})

describe("alerts about calls", () => {
  it.effect("become worse with the error rate, and are over with the window", () =>
    Effect.gen(function* () {
      const { active, alerts, calls, told } = yield* watched()
      yield* calls(18, 2)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(alerts[0]?.value, 0.1)
      assert.deepStrictEqual(told(), ["raised warning error-rate:s"])
      yield* calls(0, 20)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told(), ["raised critical error-rate:s"])
      yield* TestClock.adjust("3 minutes")
      assert.deepStrictEqual(told(), [])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told(), ["resolved critical error-rate:s"])
      assert.deepStrictEqual(yield* active, [])
    })
  )

  it.effect("need some calls", () =>
    Effect.gen(function* () {
      const { calls, told } = yield* watched()
      yield* calls(0, 9)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told(), [])
    })
  )

  it.effect("tell a server that is slow", () =>
    Effect.gen(function* () {
      const { alerts, boxes, fakes, told } = yield* watched()
      fakes.behave("s").call = () => Effect.as(Effect.sleep("8 seconds"), text("done"))
      const slow = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 10 }, () => boxes.toolbox.call("echo", {}, localCall())),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(slow)
      assert.match(alerts[0]?.message ?? "", /^One call in twenty to server "s" takes 9s/)
      assert.deepStrictEqual(told(), ["raised warning slow:s"])
    })
  )
})

describe("alerts about what is watched", () => {
  it.effect("tell a breaker once while it is open or tried, and once when it closes", () =>
    Effect.gen(function* () {
      const { boxes, told } = yield* watched()
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 1, openFor: "30 seconds", successThreshold: 1, maxProbes: 1 }),
        counts: () => true
      })
      yield* boxes.metrics.watch({ pools: [], breakers: [breaker] })
      for (let round = 0; round < 10; round++) {
        yield* Effect.exit(breaker.protect("fx", Effect.fail("down")))
        yield* TestClock.adjust("30 seconds")
      }
      assert.deepStrictEqual(told(), ["raised critical breaker-open:fx"])
      yield* breaker.protect("fx", Effect.void)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(told(), ["resolved critical breaker-open:fx"])
    })
  )

  it.effect("stay as they are while the circuits cannot be looked at, and those of servers go on", () =>
    Effect.gen(function* () {
      const { boxes, calls, told } = yield* watched()
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 1, openFor: "1 hour", successThreshold: 1, maxProbes: 1 }),
        counts: () => true
      })
      let store: "works" | "breaks" | "hangs" = "works"
      const statsAll = Effect.suspend(() => {
        if (store === "breaks") return Effect.die(new Error("the store is gone"))
        return store === "hangs" ? Effect.never : breaker.statsAll
      })
      yield* boxes.metrics.watch({ pools: [], breakers: [{ statsAll }] })
      yield* breaker.forceOpen("fx")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(told(), ["raised critical breaker-open:fx"])
      store = "breaks"
      yield* calls(0, 10)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(told(), ["raised critical error-rate:s"])
      store = "hangs"
      yield* calls(100, 0)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(told(), ["resolved critical error-rate:s"])
      assert.deepStrictEqual(
        (yield* boxes.activeAlerts).map(({ id }) => id),
        ["breaker-open:fx"]
      )
    })
  )

  it.effect("tell a pool that is used up, and one of a single connection only when somebody waits for it", () =>
    Effect.gen(function* () {
      const { alerts, boxes, told } = yield* watched()
      const pool = yield* ConnectionPool.make({
        acquire: () => Effect.succeed("open"),
        settings: (key) => ({
          min: 0,
          max: key === "one" ? 1 : 10,
          maxConcurrent: 1,
          acquireTimeout: "1 hour",
          idleTimeToLive: "1 hour"
        }),
        invalidates: () => false,
        drainTimeout: 0
      })
      yield* pool.register("one")
      yield* pool.register("ten")
      yield* boxes.metrics.watch({ pools: [pool], breakers: [] })
      const done = yield* Deferred.make<void>()
      const hold = (key: string) => Effect.forkChild(pool.withConnection(key, () => Deferred.await(done)))
      yield* hold("one")
      yield* Effect.repeat(hold("ten"), { times: 8 })
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(alerts[0]?.value, 0.9)
      assert.deepStrictEqual(told(), ["raised warning pool-exhausted:ten"])
      yield* hold("one")
      yield* hold("ten")
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(told().toSorted(), [
        "raised critical pool-exhausted:one",
        "raised critical pool-exhausted:ten"
      ])
      yield* Deferred.succeed(done, undefined)
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(told().toSorted(), [
        "resolved critical pool-exhausted:one",
        "resolved critical pool-exhausted:ten"
      ])
    })
  )
})

describe("whoever reads alerts", () => {
  it.effect("holds up no call and no other reader when it is stuck or dies", () =>
    Effect.gen(function* () {
      const { boxes, calls, told } = yield* watched()
      const stuck = yield* Effect.forkChild(
        Stream.runForEach(boxes.alerts, () => Effect.never),
        { startImmediately: true }
      )
      const dying = yield* Effect.forkChild(
        Effect.exit(Stream.runForEach(boxes.alerts, () => Effect.die("the webhook is gone"))),
        { startImmediately: true }
      )
      yield* calls(0, 10)
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(dying)))
      assert.deepStrictEqual(told(), ["raised critical error-rate:s"])
      yield* calls(10, 0)
      yield* TestClock.adjust("6 minutes")
      assert.deepStrictEqual(told(), ["resolved critical error-rate:s"])
      assert.isUndefined(stuck.pollUnsafe())
    })
  )

  it.effect("gets what can be sent as JSON", () =>
    Effect.gen(function* () {
      const { alerts, calls } = yield* watched()
      yield* calls(0, 10)
      yield* TestClock.adjust("10 seconds")
      const text = yield* Schema.encodeEffect(Schema.fromJsonString(Alert))(alerts[0] ?? assert.fail("no alert"))
      assert.deepStrictEqual(JSON.parse(text), {
        id: "error-rate:s",
        kind: "error-rate",
        status: "raised",
        severity: "critical",
        subject: "s",
        message: '10 of 10 calls to server "s" failed.',
        value: 1,
        since: "1970-01-01T00:00:10.000Z",
        at: "1970-01-01T00:00:10.000Z"
      })
    })
  )

  it.effect("hears nothing where there are no rules", () =>
    Effect.gen(function* () {
      const { calls, die, fakes, told } = yield* watched({ alerts: { ...orchestratorDefaults.alerts, rules: [] } })
      yield* calls(0, 50)
      fakes.behave("s").connect = Effect.never
      die()
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(told(), [])
    })
  )
})
