/**
 * Named settings of circuits. Using one by name keeps the numbers of all callers in one place.
 */
import type { CircuitSettings } from "./circuitTransition.ts"

/** Three choices between sparing the other side and coming back soon. */
export const circuitPresets = {
  /** 5 failures in a row open for 60 s; 3 probes at once, of which 2 must succeed, and 30 s for them to answer. */
  standard: {
    failureThreshold: 5,
    openFor: "60 seconds",
    successThreshold: 2,
    maxProbes: 3,
    probeTimeout: "30 seconds"
  },
  /** Back after 30 s, for what restarts quickly. */
  quick: { failureThreshold: 5, openFor: "30 seconds", successThreshold: 2, maxProbes: 3, probeTimeout: "30 seconds" },
  /** Opens after 3 failures, back after 30 s, for what must not be kept waiting on. */
  critical: {
    failureThreshold: 3,
    openFor: "30 seconds",
    successThreshold: 2,
    maxProbes: 3,
    probeTimeout: "30 seconds"
  }
} as const satisfies Record<string, CircuitSettings>
