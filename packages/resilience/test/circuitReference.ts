import { assert } from "@effect/vitest"
import type { CircuitPhase } from "@signalbox/resilience"
import { Schema } from "effect"

/** How often each event comes: by hand seldom, since that ends whatever had begun. */
const whats = ["call", "call", "call", "call", "call", "bad", "bad", "bad", "bad", "good", "good", "good"] as const
const others = ["lost", "lost", "wait", "wait", "wait", "wait", "wait", "open", "close", "down", "up"] as const
const events = [...whats, ...whats, ...others] as const

/** One event of a random sequence; `amount` is a time, or which of the calls under way ends. */
export const Step = Schema.Struct({
  event: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: events.length - 1 })),
  amount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 }))
})
export type Step = typeof Step.Type

export const whatOf = ({ event }: Step) => events[event] ?? "wait"

const few = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3 }))

/** Small thresholds, so that short sequences reach every phase; times in milliseconds. */
export const Rules = Schema.Struct({
  failureThreshold: few,
  successThreshold: few,
  maxProbes: few,
  openFor: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  probeTimeout: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))
})
export type Rules = typeof Rules.Type

export interface Era {
  mode: CircuitPhase
  bad: number
  good: number
  probes: number
  probedAt: number
  until: number
}

const start = (mode: CircuitPhase, until = 0): Era => ({ mode, until, bad: 0, good: 0, probes: 0, probedAt: 0 })

/** The rules of a circuit told differently: eras are objects that calls hold on to, and that change in place. */
export const makeReference = (rules: Rules) => {
  let era = start("closed")
  return {
    phase: () => era.mode,
    force: (mode: "open" | "closed") => (era = start(mode, mode === "open" ? Number.POSITIVE_INFINITY : 0)),
    found: (what: "down" | "up", now: number) => {
      const isByHand = era.until === Number.POSITIVE_INFINITY
      if (isByHand) return
      if (what === "up" && era.mode === "closed") era.bad = 0
      else if (what === "up") era = start("closed")
      else if (era.mode === "open") era.until = now + rules.openFor
      else if (era.mode === "half-open" || ++era.bad === rules.failureThreshold)
        era = start("open", now + rules.openFor)
    },
    call: (now: number): Era | undefined => {
      const isFull = era.mode === "half-open" && era.probes === rules.maxProbes
      if (era.mode === "open" && now >= era.until) era = start("half-open")
      else if (isFull && now - era.probedAt >= rules.probeTimeout) era = start("half-open")
      else if (era.mode === "open" || isFull) return undefined
      era.probes++
      era.probedAt = now
      return era
    },
    end: (call: Era, how: "good" | "bad" | "lost", now: number) => {
      if (call !== era) return
      era.probes--
      if (how === "good") [era.good, era.bad] = [era.good + 1, 0]
      if (how === "bad") era.bad++
      if (era.bad === (era.mode === "closed" ? rules.failureThreshold : 1)) era = start("open", now + rules.openFor)
      else if (era.mode === "half-open" && era.good === rules.successThreshold) era = start("closed")
    }
  }
}

/** Counts a step, and the change of phase that it made. */
export const note = (seen: Map<string, number>, from: CircuitPhase, to: CircuitPhase): void => {
  for (const what of ["steps", `${from}>${to}`]) seen.set(what, (seen.get(what) ?? 0) + 1)
}

/** A property over sequences that never leave the first phase would prove nothing. */
export const assertVariety = (seen: ReadonlyMap<string, number>, least: number) => {
  // Nothing is claimed by a run that was told to leave the property out.
  if (!seen.has("steps")) return
  const changes = ["closed>open", "open>half-open", "half-open>closed", "half-open>open"]
  for (const change of changes) assert.isAbove(seen.get(change) ?? 0, least, change)
}
