/**
 * What a benchmark is: rounds in which baseline and candidate take turns, and a budget that the bad end of the
 * interval is held against.
 */
import type { Interval } from "./statistics.ts"

export interface BenchResult {
  /** What was compared: `echo over stdio, 1 ms tool`. */
  readonly name: string
  readonly unit: "ratio" | "µs" | "ms" | "MB"
  readonly measured: Interval
  /** The most that the bad end of the interval may be; absent where a figure is only reported. */
  readonly budget?: number
  readonly rounds: number
  /** Medians behind the figure, for orientation; they mean nothing on another machine. */
  readonly detail: Readonly<Record<string, number>>
}

export interface Bench {
  readonly description: string
  readonly run: () => Promise<ReadonlyArray<BenchResult>>
}

export const isWithinBudget = (result: BenchResult): boolean =>
  result.budget === undefined || result.measured.high <= result.budget
