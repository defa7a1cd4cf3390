/**
 * Ratios with their interval. A benchmark never compares with a number from another run or another machine.
 */
import { makeRandom } from "@signalbox/testing"

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The 95 % bootstrap interval of a statistic over pairs of one round each. */
const bootstrap = <A>(rounds: ReadonlyArray<A>, statistic: (rounds: ReadonlyArray<A>) => number): Interval => {
  const { pick } = makeRandom(1)
  const values = Array.from({ length: 1000 }, () => statistic(Array.from(rounds, () => pick(rounds)))).toSorted(
    (a, b) => a - b
  )
  return { value: statistic(rounds), low: values[25] ?? 0, high: values[974] ?? 0 }
}

export interface Round {
  readonly baseline: number
  readonly candidate: number
}

/** Median of the candidate over median of the baseline. */
export const ratio = (rounds: ReadonlyArray<Round>): Interval =>
  bootstrap(
    rounds,
    (sample) => median(sample.map((round) => round.candidate)) / median(sample.map((round) => round.baseline))
  )

/** Median of the candidate less the median of the baseline. */
export const difference = (rounds: ReadonlyArray<Round>): Interval =>
  bootstrap(
    rounds,
    (sample) => median(sample.map((round) => round.candidate)) - median(sample.map((round) => round.baseline))
  )

/** The median of values that need no baseline. */
export const typical = (values: ReadonlyArray<number>): Interval => bootstrap(values, median)

const geometricMean = (values: ReadonlyArray<number>): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value) / values.length, 0))

/** The geometric mean of ratios of one round each, narrower than their median where each is a median itself. */
export const typicalRatio = (ratios: ReadonlyArray<number>): Interval => bootstrap(ratios, geometricMean)
