/**
 * Rows in columns as wide as their widest cell. The last column gets what room is left, and is cut there.
 */
import { stripVTControlCharacters } from "node:util"
import { oneLine } from "./style.ts"

const widthOf = (text: string): number => Array.from(stripVTControlCharacters(text)).length

/** The least that is left of the last column, however narrow the terminal. */
const leastRoom = 20

export const renderTable = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  /** Characters of a line, for a table whose last column is plain text that may be long; `paint` colours it. */
  last?: { readonly columns: number; readonly paint: (text: string) => string }
): string => {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map((row) => widthOf(row[column] ?? "")))
  )
  const taken = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const finish = (cell: string): string =>
    last === undefined ? cell : last.paint(oneLine(cell, Math.max(leastRoom, last.columns - taken)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === count - 1 ? finish(cell) : cell + " ".repeat((widths[column] ?? 0) - widthOf(cell))
        )
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
