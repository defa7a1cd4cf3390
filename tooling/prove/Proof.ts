/**
 * What a proof is: something that the runtime promises, tried at length on real servers. All chance comes from the
 * seed. A proof fails when one of its claims does not hold, and says then where to look.
 */
import type { Connector } from "@signalbox/orchestrator"
import { type FxMcpEvent, readFxMcpLog } from "@signalbox/testing"
import type { Effect, Scope } from "effect"
import type { StoreFault } from "./history/StoreFault.ts"

/** What a proof is made with, so that a test can put something else in its place and see the proof fail. */
export interface Parts {
  readonly connector: (real: Connector["Service"]) => Connector["Service"]
  readonly readLog: (file: string) => ReadonlyArray<FxMcpEvent>
  /** What is wrong with the store of conversations. */
  readonly storeFault: StoreFault
}

/** The real ones. */
export const realParts: Parts = { connector: (real) => real, readLog: readFxMcpLog, storeFault: "none" }

/** One run of a proof. */
export interface ProofRun {
  /** 1 is the full claim. */
  readonly scale: number
  readonly seed: number
  /** Tells what is going on. */
  readonly say: (line: string) => void
  readonly parts: Parts
}

/** One promise, and what was found. */
export interface Claim {
  readonly name: string
  readonly holds: boolean
  readonly found: string
  /** Whether it depends on how busy the machine is. */
  readonly isTimed: boolean
  /** What to look at when it does not hold. */
  readonly look: ReadonlyArray<string>
}

/** What a run has shown. */
export interface ProofResult {
  readonly claims: ReadonlyArray<Claim>
  readonly numbers: Readonly<Record<string, number>>
  /** What else there is to print, its heads first. */
  readonly table?: ReadonlyArray<ReadonlyArray<string>>
}

/** A proof by its name. */
export interface Proof {
  readonly description: string
  /** After so many seconds at scale 1 it has failed; a smaller run gets its share, and two minutes more. */
  readonly limitSeconds: number
  /** Only run when named, and not by `all`: it needs more than this repository. */
  readonly isApart?: boolean
  readonly run: (run: ProofRun) => Effect.Effect<ProofResult, never, Scope.Scope>
}

const shownExamples = 8

/** A claim that no example speaks against. */
export const none = (name: string, against: ReadonlyArray<string>, outOf?: number): Claim => ({
  name,
  holds: against.length === 0,
  found: outOf === undefined ? String(against.length) : `${against.length} of ${outOf}`,
  isTimed: false,
  look:
    against.length > shownExamples
      ? [...against.slice(0, shownExamples), `… and ${against.length - shownExamples} more`]
      : against
})

/** A claim about a number. Nothing measured is no proof. */
export const atMost = (name: string, value: number, limit: number, unit: string, look: string): Claim => ({
  name: `${name} ≤ ${limit} ${unit}`.trimEnd(),
  holds: value <= limit,
  found: `${value.toFixed(limit < 10 ? 3 : 1)} ${unit}`.trimEnd(),
  isTimed: unit === "ms" || unit === "×",
  look: [look]
})

/** A claim that something happened often enough to mean anything. */
export const atLeast = (name: string, value: number, limit: number, look: string): Claim => ({
  name: `${name} ≥ ${limit}`,
  holds: value >= limit,
  found: String(value),
  isTimed: false,
  look: [look]
})

/** How much of the full amount a run does. */
export const amountOf = ({ scale }: ProofRun, full: number, least: number): number =>
  Math.max(least, Math.round(full * scale))
