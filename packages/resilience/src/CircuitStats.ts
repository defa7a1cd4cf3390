/**
 * What there is to see of a circuit: its stats, as a schema that can be printed, and its changes of phase.
 */
import { Schema } from "effect"

/** The phase of a circuit. */
export const CircuitPhase = Schema.Literals(["closed", "open", "half-open"])
export type CircuitPhase = typeof CircuitPhase.Type

/** What is known of one circuit. Counts and the last failure are those of this process since its start or the last reset. */
export const CircuitStats = Schema.Struct({
  circuit: Schema.String,
  phase: CircuitPhase,
  /** When it entered this phase, in milliseconds since 1970. */
  since: Schema.Finite,
  /** How long it has been in this phase. */
  inPhaseFor: Schema.DurationFromMillis,
  /** Counted failures in a row, while closed. */
  consecutiveFailures: Schema.Int,
  /** Probes under way, while half-open. */
  probes: Schema.Int,
  succeeded: Schema.Int,
  failed: Schema.Int,
  /** Calls that ended without counting. */
  ignored: Schema.Int,
  rejected: Schema.Int,
  /** How often it went from another phase to open. */
  trips: Schema.Int,
  /** The last failure that counted; `at` in milliseconds since 1970, `code` of an error of ours. */
  lastFailure: Schema.NullOr(
    Schema.Struct({ at: Schema.Finite, message: Schema.String, code: Schema.NullOr(Schema.String) })
  ),
  settings: Schema.Struct({
    failureThreshold: Schema.Int,
    openFor: Schema.DurationFromMillis,
    successThreshold: Schema.Int,
    maxProbes: Schema.Int,
    probeTimeout: Schema.optionalKey(Schema.DurationFromMillis)
  })
})
export type CircuitStats = typeof CircuitStats.Type

/** A change of phase. */
export interface CircuitChange {
  readonly circuit: string
  readonly from: CircuitPhase
  readonly to: CircuitPhase
  /** Milliseconds since 1970. */
  readonly at: number
}
