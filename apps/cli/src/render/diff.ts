/**
 * Two versions of a text as a unified diff for people: a few lines around each change, and not more of it than fits a look.
 */
import { structuredPatch } from "diff"
import { oneLine, printable, type Style } from "./style.ts"

/** A text before and after; nothing before where it is new. */
export interface TextChange {
  readonly path: string
  readonly before: string | undefined
  readonly after: string
}

/** A diff that was rendered. */
export interface RenderedDiff {
  readonly text: string
  /** Lines that are not shown. */
  readonly hidden: number
}

/** Lines around a change, as `diff -u` has them. */
const context = 3

/** A line keeps its blanks at the beginning: they may be what has changed. */
const cut = (line: string, width: number): string => {
  const text = printable(line).replaceAll("\t", "    ")
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`
}

const paintLine = (line: string, style: Style): string => {
  if (line.startsWith("+")) return style.green(line)
  if (line.startsWith("-")) return style.red(line)
  return line.startsWith("@") ? style.cyan(line) : line.startsWith("\\") ? style.dim(line) : line
}

const counted = (sign: string, lines: ReadonlyArray<string>): number =>
  lines.filter((line) => line.startsWith(sign)).length

/** Renders it. Nothing where both are the same. */
export const renderDiff = (
  { after, before, path }: TextChange,
  { style, width, most }: { readonly style: Style; readonly width: number; readonly most: number }
): RenderedDiff | undefined => {
  const { hunks } = structuredPatch(path, path, before ?? "", after, undefined, undefined, { context })
  if (hunks.length === 0 && before !== undefined) return undefined
  const lines = hunks.flatMap(({ lines, newLines, newStart, oldLines, oldStart }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines
  ])
  const size = `+${counted("+", lines)} -${counted("-", lines)}`
  const title = `${style.bold(oneLine(printable(path), Math.max(20, width - 20)))} ${style.dim(before === undefined ? `new, ${size}` : size)}`
  const hidden = Math.max(0, lines.length - most)
  const shown = lines.slice(0, most).map((line) => paintLine(cut(line, width - 2), style))
  const rest = hidden === 0 ? [] : [style.dim(`… ${hidden} more`)]
  return { text: [title, ...shown, ...rest].map((line) => `  ${line}`).join("\n"), hidden }
}
