import { afterAll, assert, describe, it } from "@effect/vitest"
import { admits, type CircuitEvent, circuitTransition, closedCircuit } from "@signalbox/resilience"
import { Schema } from "effect"
import { assertVariety, type Era, makeReference, note, Rules, Step, whatOf } from "./circuitReference.ts"

/** The circuit and its reference, side by side: each step happens to both. */
const sideBySide = (rules: Rules) => {
  const model = makeReference(rules)
  const calls: Array<{ generation: number; era: Era }> = []
  let state = closedCircuit(0)
  let now = 0
  const happen = (event: CircuitEvent) => (state = circuitTransition(state, event, now, rules))

  const force = (mode: "open" | "closed", type: "forcedOpen" | "forcedClosed") => {
    model.force(mode)
    happen({ type })
  }
  const call = () => {
    const admitted = admits(state, now, rules)
    const { generation } = happen({ type: "requested" })
    const era = model.call(now)
    assert.strictEqual(admitted, era !== undefined)
    if (era !== undefined) calls.push({ generation, era })
  }
  const end = (how: keyof typeof endings, index: number) => {
    const [call] = calls.splice(index % Math.max(calls.length, 1), 1)
    if (call === undefined) return
    happen({ type: endings[how], generation: call.generation })
    model.end(call.era, how, now)
  }

  return {
    happen: (step: Step) => {
      const { amount } = step
      const what = whatOf(step)
      switch (what) {
        case "wait":
          now += amount
          return
        case "open":
          return force("open", "forcedOpen")
        case "close":
          return force("closed", "forcedClosed")
        case "call":
          return call()
        case "down":
        case "up":
          model.found(what, now)
          return happen({ type: what === "up" ? "foundUp" : "foundDown" })
        default:
          return end(what, amount)
      }
    },
    phase: () => state.phase,
    assertAgreement: () => {
      assert.strictEqual(state.phase, model.phase())
      if (state.phase === "half-open") assert.isTrue(state.probes >= 0 && state.probes <= rules.maxProbes)
    }
  }
}

const endings = { good: "succeeded", bad: "failed", lost: "released" } as const

const settings: Rules = { failureThreshold: 3, openFor: 100, successThreshold: 2, maxProbes: 2, probeTimeout: 50 }

describe("the circuit", () => {
  const seen = new Map<string, number>()
  afterAll(() => assertVariety(seen, 200))
  it.prop(
    "agrees with a tiny reference on every sequence of events",
    [Rules, Schema.Array(Step).check(Schema.isMaxLength(80))],
    ([rules, steps]) => {
      const both = sideBySide(rules)
      for (const step of steps) {
        const before = both.phase()
        both.happen(step)
        both.assertAgreement()
        note(seen, before, both.phase())
      }
    },
    { timeout: 60_000, arbitrary: { runs: 10_000, size: 80 } }
  )
  it("stays the same object while nothing changes", () => {
    const state = closedCircuit(0)
    assert.strictEqual(circuitTransition(state, { type: "requested" }, 1, settings), state)
    assert.strictEqual(circuitTransition(state, { type: "succeeded", generation: 0 }, 1, settings), state)
    assert.strictEqual(circuitTransition(state, { type: "failed", generation: 7 }, 1, settings), state)
  })
  it("is plain JSON in every phase", () => {
    const open = circuitTransition(closedCircuit(0), { type: "forcedOpen" }, 5, settings)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(open)), open)
  })
})
