import { afterAll, describe, it } from "@effect/vitest"
import { makeCircuitStoreMemory } from "@signalbox/resilience"
import { Effect, Schema } from "effect"
import { assertVariety, Rules, Step } from "./circuitReference.ts"
import { follow } from "./circuitSideBySide.ts"

describe("a circuit breaker, whatever happens to it", () => {
  const seen = new Map<string, number>()
  afterAll(() => assertVariety(seen, 40))
  it.effect.prop(
    "admits and rejects as a tiny reference does, with calls that end late, in any order, or never",
    [Rules, Schema.Array(Step).check(Schema.isMaxLength(80))],
    ([rules, steps]) => Effect.flatMap(makeCircuitStoreMemory, (store) => follow(rules, steps, [store], seen)),
    { timeout: 120_000, arbitrary: { runs: 2_000, size: 80 } }
  )
})
