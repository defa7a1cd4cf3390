import { afterAll, assert, describe, it } from "@effect/vitest"
import { CircuitBreaker, CircuitOpen } from "@signalbox/resilience"
import { Deferred, Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type Era, makeReference, Rules, Step, whatOf } from "./circuitReference.ts"

/** The breaker with real calls under way, and its reference: each step happens to both. */
const sideBySide = Effect.fnUntraced(function* (rules: Rules) {
  const breaker = yield* CircuitBreaker.make({ settings: () => rules, counts: (error) => error === "bad" })
  const model = makeReference(rules)
  const calls: Array<{ end: Deferred.Deferred<void, string>; fiber: Fiber.Fiber<unknown, unknown>; era: Era }> = []
  let now = 0

  const call = Effect.gen(function* () {
    const end = yield* Deferred.make<void, string>()
    const fiber = yield* Effect.forkChild(breaker.protect("fx", Deferred.await(end)), { startImmediately: true })
    const era = model.call(now)
    const exit = fiber.pollUnsafe()
    assert.strictEqual(exit === undefined, era !== undefined)
    if (era !== undefined) calls.push({ end, fiber, era })
    else assert.isTrue((yield* Effect.flip(exit ?? Exit.void)) instanceof CircuitOpen)
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
  const happen = (step: Step): Effect.Effect<unknown, unknown> => {
    const { amount } = step
    const what = whatOf(step)
    if (what === "call") return call
    if (what === "good" || what === "bad" || what === "lost") return end(what, amount)
    if (what === "wait") return Effect.suspend(() => TestClock.adjust(((now += amount), amount)))
    model.force(what === "open" ? "open" : "closed")
    return what === "open" ? breaker.forceOpen("fx") : breaker.forceClose("fx")
  }
  return { happen, phase: Effect.map(breaker.stats("fx"), ({ phase }) => phase), expected: model.phase }
})

describe("a circuit breaker, whatever happens to it", () => {
  const seen = new Map<string, number>()
  // A property over sequences that never leave the first phase would prove nothing.
  afterAll(() => {
    const changes = ["closed>open", "open>half-open", "half-open>closed", "half-open>open"]
    for (const change of changes) assert.isAbove(seen.get(change) ?? 0, 200, change)
  })
  it.effect.prop(
    "admits and rejects as a tiny reference does, with calls that end late, in any order, or never",
    [Rules, Schema.Array(Step).check(Schema.isMaxLength(80))],
    ([rules, steps]) =>
      Effect.gen(function* () {
        const both = yield* sideBySide(rules)
        let before = both.expected()
        for (const step of steps) {
          yield* both.happen(step)
          const phase = yield* both.phase
          assert.strictEqual(phase, both.expected())
          if (phase !== before) seen.set(`${before}>${phase}`, (seen.get(`${before}>${phase}`) ?? 0) + 1)
          before = phase
        }
      }),
    { timeout: 120_000, arbitrary: { runs: 10_000, size: 80 } }
  )
})
