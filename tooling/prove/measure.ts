/** Clocks and quantiles. */
import { monitorEventLoopDelay } from "node:perf_hooks"

/** Milliseconds since the epoch with fractions, as fx-mcp stamps its log. */
export const epochMillis = (): number => performance.timeOrigin + performance.now()

/** The value that this share of all values does not exceed (nearest rank); NaN, which holds no claim, when there are none. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** How much the values grow from one to the next: the median over all pairs (Theil and Sen), which a single step does not move. */
export const slopeOf = (values: ReadonlyArray<number>): number =>
  quantile(
    values.flatMap((later, end) => values.slice(0, end).map((earlier, begin) => (later - earlier) / (end - begin))),
    0.5
  )

/** How long this process was kept from doing anything, at the longest, since it was asked: a busy machine is nobody's fault. */
export const watchPauses = (): (() => number) => {
  const histogram = monitorEventLoopDelay({ resolution: 10 })
  histogram.enable()
  return () => {
    histogram.disable()
    return histogram.max / 1e6
  }
}
