/**
 * "Did you mean …?": the known name closest to a mistyped one.
 */

/** Two neighbours that have changed places are one slip. */
const isSwapped = (a: string, b: string, row: number, column: number): boolean =>
  row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]

const distance = (a: string, b: string): number => {
  let beforeThat: ReadonlyArray<number> = []
  let previous: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = isSwapped(a, b, row, column) ? (beforeThat[column - 2] ?? 0) + 1 : Infinity
      current.push(Math.min(substituted, swapped, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    beforeThat = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

/**
 * The nearest of `known` within a third of the length of `name` (by Levenshtein distance, two swapped letters counted as one), or nothing. Names of one
 * letter are near to none but themselves.
 */
export const nearestName = (name: string, known: Iterable<string>): string | undefined => {
  const wanted = name.toLowerCase()
  const limit = wanted.length < 2 ? 0 : Math.max(1, Math.floor(wanted.length / 3))
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const lower = candidate.toLowerCase()
    if (Math.abs(lower.length - wanted.length) > limit || (lower.length < 2 && lower !== wanted)) continue
    const found = distance(wanted, lower)
    if (found <= limit && (best === undefined || found < best.distance)) best = { name: candidate, distance: found }
  }
  return best?.name
}
