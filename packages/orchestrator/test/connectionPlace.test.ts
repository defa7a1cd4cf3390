import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import { managedDefaults, type ManagedServer } from "@signalbox/orchestrator"
import { Duration, Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { fakeSets, makeFakeServers, managed, orchestrate, text, tool } from "./FakeServers.ts"

const { sessions } = managedDefaults.stdio
const patience = Duration.minutes(30)

/** A server with up to two sessions beside or with its supervised one. */
const server = (name: string, affinity: "shared" | "conversation" | "call") =>
  managed(name, {
    maxConcurrent: 1,
    sessions: { ...sessions, affinity, max: 2, acquireTimeout: patience, idleTimeToLive: Duration.seconds(5) }
  })

/** Servers whose connections take time to open, and to close, all of it counted. */
const counted = (names: ReadonlyArray<string>, closing: Duration.Duration = Duration.zero) => {
  const fakes = makeFakeServers()
  const log = { open: 0, most: 0 }
  const gone = Effect.sync(() => void (log.open -= 1))
  for (const name of names) {
    const behaviour = fakes.behave(name)
    behaviour.tools = [tool("read", { readOnlyHint: true })]
    behaviour.connect = Effect.suspend(() => {
      log.most = Math.max(log.most, ++log.open)
      return Effect.onExit(Effect.sleep("30 millis"), (exit) => (Exit.isSuccess(exit) ? Effect.void : gone))
    })
    behaviour.close = Duration.isZero(closing) ? gone : Effect.andThen(Effect.sleep(closing), gone)
    behaviour.call = ({ input }) => Effect.as(Effect.sleep(Number(input["millis"])), text(name))
  }
  return { fakes, log }
}

const Call = Schema.Struct({
  server: Schema.Literals(["a", "b"]),
  comes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 })),
  millis: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })),
  who: Schema.Literals(["ann", "bob", "eve"]),
  isGivenUp: Schema.Boolean
})

const once = (name: string): ManagedServer => {
  const { server, ...rest } = managed(name, { restart: { when: "never", maxRestarts: 0 } })
  return { ...rest, server: { ...server, connectTimeout: Duration.seconds(10) } }
}

describe("a limit over the connections of all servers", () => {
  it.effect.prop(
    "is never exceeded, and every call is answered in the end",
    [Schema.Array(Call).check(Schema.isMaxLength(12)), Schema.Literals(["shared", "conversation", "call"])],
    ([calls, affinity]) =>
      Effect.gen(function* () {
        const { fakes, log } = counted(["a", "b"], Duration.millis(40))
        yield* Effect.gen(function* () {
          const boxes = yield* orchestrate(fakes, [server("a", affinity), server("b", affinity)], {
            maxTotalConnections: 3
          })
          const fibers = yield* Effect.forEach(calls, ({ comes, isGivenUp, millis, server, who }) =>
            boxes.toolbox
              .call(`${server}__read`, { millis }, localCall({ principal: who }))
              .pipe(
                Effect.timeoutOption(isGivenUp ? Duration.millis(millis / 2) : patience),
                Effect.delay(Duration.millis(comes)),
                Effect.exit,
                Effect.forkChild
              )
          )
          yield* TestClock.adjust("3 minutes")
          for (const [index, fiber] of fibers.entries()) {
            assert.isDefined(fiber.pollUnsafe(), `call ${index} waits for ever`)
            assert.isTrue(Exit.isSuccess(yield* Fiber.join(fiber)), `call ${index} failed`)
          }
          assert.isAtMost(log.most, 3)
          yield* Effect.forkDetach(boxes.stopAll)
          yield* TestClock.adjust("1 minute")
        }).pipe(Effect.scoped)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(log.open, 0)
      }),
    { timeout: 120_000, arbitrary: { runs: 100, size: 12 } }
  )

  it.effect("fails the start of a server for which there is no place, and lets it come when there is one", () =>
    Effect.gen(function* () {
      const { fakes, log } = counted(["a", "b"])
      const boxes = yield* orchestrate(fakes, ["a", once("b")], { maxTotalConnections: 1 })
      yield* TestClock.adjust("10 seconds")
      const { lastError, state } = yield* boxes.server("b")
      assert.deepStrictEqual([state, lastError?.code], ["error", "CONNECTIONS_EXHAUSTED"])
      assert.include(lastError?.hint, "runtime.maxTotalConnections")
      assert.strictEqual((yield* boxes.breaker.stats)[1]?.failed, 0)
      const later = yield* Effect.forkChild(boxes.start("b"))
      yield* Effect.forkChild(boxes.stop("a"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(later)).state, "running")
      assert.strictEqual(log.most, 1)
    })
  )

  it.effect("closes a further session that idles, for a server that is to start", () =>
    Effect.gen(function* () {
      const { fakes, log } = counted(["a", "b"])
      const boxes = yield* orchestrate(fakes, [server("a", "shared"), "b"], {
        maxTotalConnections: 2,
        startsAll: false
      })
      yield* Effect.forkChild(boxes.start("a"))
      yield* TestClock.adjust("1 second")
      const call = boxes.toolbox.call("read", { millis: 100 }, localCall())
      const both = yield* Effect.forkChild(Effect.all([call, call], { concurrency: "unbounded" }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(both)
      assert.strictEqual(log.open, 2)
      const start = yield* Effect.forkChild(boxes.start("b"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(start)).state, "running")
      assert.deepStrictEqual([log.open, log.most], [2, 2])
      assert.strictEqual((yield* boxes.server("a")).state, "running")
    })
  )

  it.effect("holds for all sets of a program together", () =>
    Effect.gen(function* () {
      const { fakes, log } = counted(["a"])
      const sets = yield* fakeSets(fakes, { maxTotalConnections: 1 })
      const first = yield* Effect.forkChild(sets.add("one", [once("a")]))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(first)
      const second = yield* Effect.forkChild(Effect.flip(sets.add("two", [once("a")])))
      yield* TestClock.adjust("11 seconds")
      const error = yield* Fiber.join(second)
      assert.strictEqual(error.code, "NO_SERVER_CONNECTED")
      assert.include(error.message, "all servers together may have 1")
      assert.strictEqual(log.most, 1)
    })
  )
})
