import { assert } from "@effect/vitest"
import { CircuitBreaker, CircuitOpen, type CircuitStore } from "@signalbox/resilience"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Era, makeReference, note, type Rules, type Step, whatOf } from "./circuitReference.ts"

/**
 * One breaker for each store, with real calls under way, and one reference for all: each step happens to the
 * reference and to one of the breakers, which are to behave as one.
 */
export const sideBySide = Effect.fnUntraced(function* (rules: Rules, stores: ReadonlyArray<CircuitStore>) {
  const breakers = yield* Effect.forEach(stores, (store) =>
    CircuitBreaker.make({ settings: () => rules, counts: (error) => error === "bad", store })
  )
  const model = makeReference(rules)
  const calls: Array<{ end: Deferred.Deferred<void, string>; fiber: Fiber.Fiber<unknown, unknown>; era: Era }> = []
  let now = 0

  const call = Effect.fnUntraced(function* (breaker: CircuitBreaker["Service"]) {
    const begun = yield* Deferred.make<void>()
    const end = yield* Deferred.make<void, string>()
    const body = Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(end))
    const fiber = yield* Effect.forkChild(breaker.protect("fx", body), { startImmediately: true })
    const rejection = yield* Effect.raceFirst(Deferred.await(begun), Effect.flip(Fiber.join(fiber)))
    const era = model.call(now)
    assert.strictEqual(rejection === undefined, era !== undefined)
    if (era !== undefined) calls.push({ end, fiber, era })
    else assert.isTrue(rejection instanceof CircuitOpen)
  })
  const end = Effect.fnUntraced(function* (how: "good" | "bad" | "lost", index: number) {
    const [call] = calls.splice(index % Math.max(calls.length, 1), 1)
    if (call === undefined) return
    // Calls get lost in two ways: a failure that does not count, and an interruption.
    if (how === "lost" && index % 2 === 0) yield* Fiber.interrupt(call.fiber)
    else yield* how === "good" ? Deferred.succeed(call.end, undefined) : Deferred.fail(call.end, how)
    yield* Fiber.await(call.fiber)
    model.end(call.era, how, now)
  })
  const find = (breaker: CircuitBreaker["Service"], what: "down" | "up") => {
    model.found(what, now)
    return breaker.observe("fx", what === "up" ? Exit.void : Exit.fail("bad"))
  }
  const force = (breaker: CircuitBreaker["Service"], what: "open" | "close") => {
    model.force(what === "open" ? "open" : "closed")
    return what === "open" ? breaker.forceOpen("fx") : breaker.forceClose("fx")
  }
  const happen = (step: Step): Effect.Effect<unknown, unknown> => {
    const { amount } = step
    const what = whatOf(step)
    const breaker = breakers[amount % breakers.length]
    if (breaker === undefined) return Effect.die("There is no breaker.")
    switch (what) {
      case "call":
        return call(breaker)
      case "wait":
        return Effect.suspend(() => TestClock.adjust(((now += amount), amount)))
      case "down":
      case "up":
        return find(breaker, what)
      case "open":
      case "close":
        return force(breaker, what)
      default:
        return end(what, amount)
    }
  }
  const phases = Effect.forEach(breakers, (breaker) => Effect.map(breaker.stats("fx"), ({ phase }) => phase))
  return { happen, phases, expected: model.phase, size: breakers.length }
})

/** Lets everything happen, compares after each step, and counts the changes of phase that were seen. */
export const follow = Effect.fnUntraced(function* (
  rules: Rules,
  steps: ReadonlyArray<Step>,
  stores: ReadonlyArray<CircuitStore>,
  seen: Map<string, number>
) {
  const both = yield* sideBySide(rules, stores)
  let before = both.expected()
  for (const step of steps) {
    yield* both.happen(step)
    const phase = both.expected()
    assert.deepStrictEqual(
      yield* both.phases,
      Array.from({ length: both.size }, () => phase)
    )
    note(seen, before, phase)
    before = phase
  }
})
