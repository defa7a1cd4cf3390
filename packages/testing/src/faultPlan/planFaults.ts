/** Which faults a long proof injects, and when: made from a seed, so that a failure can be run again. */
import { makeRandom } from "./random.ts"

/** One fault of a plan: before step `at` (from 0) of `n`, of the given kind, with a number of its own to draw details from. */
export interface PlannedFault<Kind> {
  readonly at: number
  readonly kind: Kind
  readonly seed: number
}

/** A plan: its seed, and its faults in order of `at`. */
export interface FaultPlan<Kind> {
  readonly seed: number
  readonly faults: ReadonlyArray<PlannedFault<Kind>>
}

/** What a plan is made from. */
export interface PlanFaultsOptions<Kind> {
  readonly seed: number
  /** Steps of the proof. */
  readonly n: number
  readonly kinds: ReadonlyArray<Kind>
  /** Probability of a fault before each step. Default 0.1. */
  readonly rate?: number
}

/** Plans faults: at most one per step, all kinds equally likely. */
export const planFaults = <const Kind>(options: PlanFaultsOptions<Kind>): FaultPlan<Kind> => {
  const random = makeRandom(options.seed)
  const rate = options.rate ?? 0.1
  const faults = Array.from({ length: options.n }, (_, at) => at).flatMap((at) => {
    // Always the same number of draws per step: another rate or list of kinds does not move the other steps.
    const isDue = random.chance(rate)
    const choice = random.next()
    const seed = random.int(0, 4_294_967_295)
    const kind = options.kinds[Math.floor(choice * options.kinds.length)]
    return isDue && kind !== undefined ? [{ at, kind, seed }] : []
  })
  return { seed: options.seed, faults }
}
