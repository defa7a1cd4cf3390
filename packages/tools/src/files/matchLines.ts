/**
 * What fits in one text as lines that are shown, with the lines around it. Pure.
 */
import type { Match } from "./findMatches.ts"
import { shownLine } from "./paging.ts"

/** Lines before and after each match. */
export interface Around {
  readonly before: number
  readonly after: number
}

/** A line that is shown, from number 1. */
export interface ShownLine {
  readonly line: number
  readonly text: string
  readonly isMatch: boolean
}

/** The parts that fit, line by line. */
export const partLines = (matches: ReadonlyArray<Match>): ReadonlyArray<ShownLine> =>
  matches.flatMap(({ first, part = "" }) =>
    part.split("\n").map((text, index) => ({ line: first + index + 1, text: shownLine(text), isMatch: true }))
  )

/** The lines of what fits with those around them, each once, in order. */
export const withContext = (
  lines: ReadonlyArray<string>,
  matches: ReadonlyArray<Match>,
  { after, before }: Around
): ReadonlyArray<ShownLine> => {
  const isMatch = new Set<number>()
  const wanted = new Set<number>()
  for (const { first, last } of matches) {
    for (let index = Math.max(0, first - before); index <= Math.min(last + after, lines.length - 1); index++) {
      wanted.add(index)
      if (index >= first && index <= last) isMatch.add(index)
    }
  }
  return [...wanted]
    .toSorted((a, b) => a - b)
    .map((index) => ({ line: index + 1, text: shownLine(lines[index] ?? ""), isMatch: isMatch.has(index) }))
}
