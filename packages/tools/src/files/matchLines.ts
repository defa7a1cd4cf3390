/**
 * The lines of one text that fit, with the lines around them. Pure.
 */
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

/** The numbers of the lines that fit, from 0, at most so many. */
export const matchingLines = (
  lines: ReadonlyArray<string>,
  test: (line: string) => boolean,
  limit: number
): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (const [index, line] of lines.entries()) {
    if (found.length >= limit) break
    if (test(line)) found.push(index)
  }
  return found
}

/** These lines with those around them, each once, in order. */
export const withContext = (
  lines: ReadonlyArray<string>,
  matches: ReadonlyArray<number>,
  { after, before }: Around
): ReadonlyArray<ShownLine> => {
  const isMatch = new Set(matches)
  const wanted = new Set<number>()
  for (const match of matches) {
    for (let index = match - before; index <= match + after; index++) {
      if (index >= 0 && index < lines.length) wanted.add(index)
    }
  }
  return [...wanted]
    .toSorted((a, b) => a - b)
    .map((index) => ({ line: index + 1, text: shownLine(lines[index] ?? ""), isMatch: isMatch.has(index) }))
}
