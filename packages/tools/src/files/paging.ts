/**
 * Lines of a text, numbered as editors and models do.
 */
import { headOf } from "../result.ts"

/** Longer lines are cut when they are shown. */
export const maxLineLength = 2000

/** The lines of a text without their ends. A last line end does not begin another line. */
export const linesOf = (text: string): ReadonlyArray<string> => {
  if (text === "") return []
  const lines = text.split("\n")
  if (lines.at(-1) === "") lines.pop()
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
}

/** A line as it is shown; so many characters more of it were not kept. */
export const shownLine = (line: string, skipped = 0): string =>
  line.length <= maxLineLength ? line : `${headOf(line, maxLineLength)} [... ${line.length + skipped} characters]`
