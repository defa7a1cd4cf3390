/**
 * Lines of a text, numbered as editors and models do.
 */
import { headOf } from "../result.ts"

/** Longer lines are cut when they are shown. */
export const maxLineLength = 2000

const escapedControl = (control: string): string =>
  control < " " ? JSON.stringify(control).slice(1, -1) : `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`

/** A name as it is shown in a list: a line break in it must not look like another entry. */
export const shownName = (name: string): string => name.replaceAll(/[\p{Cc}\u2028\u2029]/gu, escapedControl)

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
