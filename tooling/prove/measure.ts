/** Clocks and quantiles. */

/** Milliseconds since the epoch with fractions, as fx-mcp stamps its log. */
export const epochMillis = (): number => performance.timeOrigin + performance.now()

/** The value that this share of all values does not exceed (nearest rank); NaN, which holds no claim, when there are none. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
