/**
 * Tables of Markdown, in columns that fit the terminal: cells that are too long go on in the next line. Pure.
 */
import { displayWidth } from "../displayWidth.ts"
import type { Style } from "../style.ts"
import { readInline } from "./inline.ts"

const leastColumn = 4

/** The cells of a row. A bar with a backslash before it is part of a cell. */
const cellsOf = (row: string): ReadonlyArray<string> => {
  const inner = row.trim().replace(/^\|/, "")
  const cells = inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"))
  return /(?<!\\)\|$/.test(inner) ? cells.slice(0, -1) : cells
}

const isRule = (row: string): boolean => cellsOf(row).every((cell) => /^:?-+:?$/.test(cell))

const plainText = (cell: string): string =>
  readInline(cell, true)
    .pieces.map(({ text }) => text)
    .join("")

/** Widths that fit into the room; the widest columns give way. */
const fitted = (wanted: ReadonlyArray<number>, room: number): ReadonlyArray<number> => {
  const widths = [...wanted]
  let over = widths.reduce((sum, width) => sum + width, 0) - room
  while (over > 0) {
    const widest = Math.max(...widths)
    if (widest <= leastColumn) return widths
    widths[widths.indexOf(widest)] = widest - 1
    over--
  }
  return widths
}

/** The lines of a cell: between words where they fit, within them where not. */
const wrapCell = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(/\s+/)) {
    const joined = line === "" ? word : `${line} ${word}`
    if (displayWidth(joined) <= width) {
      line = joined
      continue
    }
    if (line !== "") lines.push(line)
    line = ""
    for (const character of word) {
      if (displayWidth(line + character) > width) {
        lines.push(line)
        line = ""
      }
      line += character
    }
  }
  return [...lines, line]
}

const padded = (text: string, width: number, isRight: boolean): string => {
  const blanks = " ".repeat(Math.max(0, width - displayWidth(text)))
  return isRight ? blanks + text : text + blanks
}

/** Whether these rows are a table: the second one is a rule, as wide as the first. */
export const isTable = ([first = "", second = ""]: ReadonlyArray<string>): boolean =>
  second !== "" && isRule(second) && cellsOf(first).length === cellsOf(second).length

/** Renders rows that are a table. */
export const renderMarkdownTable = (rows: ReadonlyArray<string>, style: Style, columns: number): string => {
  const [head = "", rule = "", ...body] = rows
  const aligned = cellsOf(rule).map((cell) => cell.endsWith(":") && !cell.startsWith(":"))
  const cells = [head, ...body].map((row) => {
    const found = cellsOf(row).map(plainText)
    return aligned.map((_, index) => found[index] ?? "")
  })
  const wanted = aligned.map((_, index) => Math.max(1, ...cells.map((row) => displayWidth(row[index] ?? ""))))
  const widths = fitted(wanted, columns - 3 * wanted.length - 1)
  const bar = style.dim("│")
  const border = (left: string, middle: string, right: string): string =>
    style.dim(left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right)
  const renderRow = (row: ReadonlyArray<string>, paint: (text: string) => string): string => {
    const wrapped = row.map((cell, index) => wrapCell(cell, widths[index] ?? 1))
    const height = Math.max(...wrapped.map((lines) => lines.length))
    return Array.from({ length: height }, (_, line) => {
      const shown = wrapped.map((lines, index) =>
        paint(padded(lines[line] ?? "", widths[index] ?? 1, aligned[index] ?? false))
      )
      return `${bar} ${shown.join(` ${bar} `)} ${bar}`
    }).join("\n")
  }
  const [first = [], ...others] = cells
  return [
    border("┌", "┬", "┐"),
    renderRow(first, style.bold),
    border("├", "┼", "┤"),
    ...others.map((row) => renderRow(row, (text) => text)),
    border("└", "┴", "┘")
  ].join("\n")
}
