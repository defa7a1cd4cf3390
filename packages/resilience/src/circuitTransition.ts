/**
 * The circuit breaker as a function: what a circuit becomes when something happens to it.
 * Each change of phase starts a new `generation`; a call that was admitted in an earlier one no longer counts,
 * so an answer that arrives late can neither close nor reopen a circuit.
 */
import { Duration } from "effect"
import { isWhole, type Problems, requireSettings } from "./settings.ts"

/** When a circuit opens and closes. */
export interface CircuitSettings {
  /** This many counted failures in a row open a closed circuit. */
  readonly failureThreshold: number
  /** How long an open circuit rejects every call before it lets probes through. */
  readonly openFor: Duration.Input
  /** This many successful probes close it again; one failed probe reopens it. */
  readonly successThreshold: number
  /** How many probes may be under way at once. */
  readonly maxProbes: number
  /**
   * How long after the last probe was let through the places of all are given to new ones, whose answers alone count
   * from then on. Default: never. Needed where processes share circuits: one that dies takes its probes with it.
   */
  readonly probeTimeout?: Duration.Input
}

/** The state of one circuit: plain JSON, times in milliseconds since 1970. */
export type CircuitState =
  | { readonly phase: "closed"; readonly generation: number; readonly since: number; readonly failures: number }
  | {
      readonly phase: "open"
      readonly generation: number
      readonly since: number
      /** When probes are let through; null when it was opened by hand and stays open. */
      readonly until: number | null
    }
  | {
      readonly phase: "half-open"
      readonly generation: number
      readonly since: number
      /** Probes under way. */
      readonly probes: number
      /** When the last of them was let through. */
      readonly probedAt: number
      readonly successes: number
    }

/** What can happen to a circuit. `generation` is that of the admission whose call has ended. */
export type CircuitEvent =
  /** A call asks to be let through. It is, exactly if `admits` says so. */
  | { readonly type: "requested" }
  | { readonly type: "succeeded"; readonly generation: number }
  | { readonly type: "failed"; readonly generation: number }
  /** A call ended without saying anything about the other side: interrupted, or a failure that does not count. */
  | { readonly type: "released"; readonly generation: number }
  /** The other side was found down, or up, by something else than a call that was let through. */
  | { readonly type: "foundDown" }
  | { readonly type: "foundUp" }
  | { readonly type: "forcedOpen" }
  | { readonly type: "forcedClosed" }

/** The state in which every circuit starts. */
export const closedCircuit = (now: number): CircuitState => ({
  phase: "closed",
  generation: 0,
  since: now,
  failures: 0
})

/** Whether a call that asks now is let through. */
export const admits = (state: CircuitState, now: number, settings: CircuitSettings): boolean => {
  if (state.phase === "closed") return true
  if (state.phase === "open") return state.until !== null && now >= state.until
  return state.probes < settings.maxProbes || isOverdue(state, now, settings)
}

/** The next state. Returns the same object when nothing changes, which is what nearly every call does. */
export const circuitTransition = (
  state: CircuitState,
  event: CircuitEvent,
  now: number,
  settings: CircuitSettings
): CircuitState => {
  switch (event.type) {
    case "requested":
      return requested(state, now, settings)
    case "foundDown":
      return foundDown(state, now, settings)
    case "foundUp":
      return foundUp(state, now)
    case "forcedOpen":
      return { phase: "open", generation: state.generation + 1, since: now, until: null }
    case "forcedClosed":
      return { phase: "closed", generation: state.generation + 1, since: now, failures: 0 }
    default:
      return event.generation === state.generation ? ended(state, event.type, now, settings) : state
  }
}

/** Everything that cannot be meant about the settings, in words. */
export const circuitProblems = (settings: CircuitSettings): Problems => ({
  "failureThreshold must be a whole number of 1 or more": !isWhole(1, settings.failureThreshold),
  "successThreshold must be a whole number of 1 or more": !isWhole(1, settings.successThreshold),
  "maxProbes must be a whole number of 1 or more": !isWhole(1, settings.maxProbes),
  "openFor must not be negative": !(Duration.toMillis(settings.openFor) >= 0),
  "probeTimeout must be longer than nothing":
    settings.probeTimeout !== undefined && !(Duration.toMillis(settings.probeTimeout) > 0)
})

/** The same settings; throws `SettingsInvalid` when they cannot be meant. */
export const requireCircuitSettings = (circuit: string, settings: CircuitSettings): CircuitSettings => {
  requireSettings(`the circuit of "${circuit}"`, circuitProblems(settings))
  return settings
}

const isOverdue = (state: CircuitState & { phase: "half-open" }, now: number, settings: CircuitSettings): boolean =>
  settings.probeTimeout !== undefined && now - state.probedAt >= Duration.toMillis(settings.probeTimeout)

const requested = (state: CircuitState, now: number, settings: CircuitSettings): CircuitState => {
  if (state.phase === "closed" || !admits(state, now, settings)) return state
  if (state.phase === "half-open" && state.probes < settings.maxProbes) {
    return { ...state, probes: state.probes + 1, probedAt: now }
  }
  const since = state.phase === "half-open" ? state.since : now
  return { phase: "half-open", generation: state.generation + 1, since, probes: 1, probedAt: now, successes: 0 }
}

const ended = (
  state: CircuitState,
  how: "succeeded" | "failed" | "released",
  now: number,
  settings: CircuitSettings
): CircuitState => {
  if (state.phase === "closed") {
    if (how === "failed") {
      const failures = state.failures + 1
      return failures >= settings.failureThreshold ? opened(state, now, settings) : { ...state, failures }
    }
    return how === "succeeded" && state.failures > 0 ? { ...state, failures: 0 } : state
  }
  if (state.phase === "open") return state
  if (how === "failed") return opened(state, now, settings)
  const probes = state.probes - 1
  if (how === "released") return { ...state, probes }
  const successes = state.successes + 1
  return successes >= settings.successThreshold
    ? { phase: "closed", generation: state.generation + 1, since: now, failures: 0 }
    : { ...state, probes, successes }
}

/** An open circuit stays open for its whole time again: nobody has to find out by a call what is known already. */
const foundDown = (state: CircuitState, now: number, settings: CircuitSettings): CircuitState => {
  if (state.phase !== "open") return ended(state, "failed", now, settings)
  return state.until === null ? state : { ...state, until: now + Duration.toMillis(settings.openFor) }
}

const foundUp = (state: CircuitState, now: number): CircuitState => {
  if (state.phase === "closed") return state.failures === 0 ? state : { ...state, failures: 0 }
  const isByHand = state.phase === "open" && state.until === null
  return isByHand ? state : { phase: "closed", generation: state.generation + 1, since: now, failures: 0 }
}

const opened = (state: CircuitState, now: number, settings: CircuitSettings): CircuitState => ({
  phase: "open",
  generation: state.generation + 1,
  since: now,
  until: now + Duration.toMillis(settings.openFor)
})
