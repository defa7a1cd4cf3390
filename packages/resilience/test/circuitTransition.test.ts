import { assert, describe, it } from "@effect/vitest"
import {
  admits,
  type CircuitEvent,
  type CircuitSettings,
  type CircuitState,
  circuitTransition,
  closedCircuit
} from "@signalbox/resilience"
import { Schema } from "effect"

const settings: CircuitSettings = { failureThreshold: 3, openFor: 100, successThreshold: 2, maxProbes: 2 }

const Step = Schema.Struct({
  what: Schema.Literals(["call", "call", "good", "bad", "bad", "lost", "wait", "open", "close"]),
  amount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 }))
})
type Step = typeof Step.Type

/** The same rules told differently: eras are objects that calls hold on to, and change in place. */
const reference = () => {
  interface Era {
    mode: CircuitState["phase"]
    bad: number
    good: number
    probes: number
    until: number
  }
  const start = (mode: Era["mode"], until = 0): Era => ({ mode, bad: 0, good: 0, probes: 0, until })
  let era = start("closed")
  return {
    phase: () => era.mode,
    force: (mode: "open" | "closed") => (era = start(mode, Number.POSITIVE_INFINITY)),
    call: (now: number): Era | undefined => {
      if (era.mode === "open" && now >= era.until) era = start("half-open")
      if (era.mode === "open" || (era.mode === "half-open" && era.probes === 2)) return undefined
      era.probes++
      return era
    },
    end: (call: Era, how: "good" | "bad" | "lost", now: number) => {
      if (call !== era) return
      era.probes--
      era.good += how === "good" ? 1 : 0
      era.bad = how === "bad" ? era.bad + 1 : how === "good" ? 0 : era.bad
      if (era.bad === (era.mode === "closed" ? 3 : 1)) era = start("open", now + 100)
      else if (era.mode === "half-open" && era.good === 2) era = start("closed")
    }
  }
}

/** The circuit and its reference, side by side: each step happens to both. */
const sideBySide = () => {
  const model = reference()
  const calls: Array<{ generation: number; era: NonNullable<ReturnType<typeof model.call>> }> = []
  let state = closedCircuit(0)
  let now = 0
  const happen = (event: CircuitEvent) => (state = circuitTransition(state, event, now, settings))

  const force = (mode: "open" | "closed", type: "forcedOpen" | "forcedClosed") => {
    model.force(mode)
    happen({ type })
  }
  const call = () => {
    const admitted = admits(state, now, settings)
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
    happen: ({ amount, what }: Step) => {
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
        default:
          return end(what, amount)
      }
    },
    assertAgreement: () => {
      assert.strictEqual(state.phase, model.phase())
      if (state.phase === "half-open") assert.isTrue(state.probes >= 0 && state.probes <= settings.maxProbes)
    }
  }
}

const endings = { good: "succeeded", bad: "failed", lost: "released" } as const

describe("the circuit", () => {
  it.prop(
    "agrees with a tiny reference on every sequence of events",
    [Schema.Array(Step).check(Schema.isMaxLength(60))],
    ([steps]) => {
      const both = sideBySide()
      for (const step of steps) {
        both.happen(step)
        both.assertAgreement()
      }
    },
    { timeout: 60_000, arbitrary: { runs: 10_000 } }
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
