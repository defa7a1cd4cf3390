/**
 * Markdown as a model writes it, made readable on a terminal while it comes. What has been printed stays: words are printed
 * once they are decided, tables once they are complete. Where the text is cut makes no difference to what is printed.
 */
import { stripVTControlCharacters } from "node:util"
import { displayWidth } from "../displayWidth.ts"
import type { Style } from "../style.ts"
import { type Block, blockOf, closesFence, mayCloseFence } from "./blocks.ts"
import { type Look, readInline } from "./inline.ts"
import { isTable, renderMarkdownTable } from "./table.ts"
import { makeWrapper } from "./wrapper.ts"

export interface Markdown {
  /** What can be printed by now. */
  readonly write: (text: string) => string
  /** The rest, when no more comes. What is written next begins anew. */
  readonly end: () => string
}

/** Lines that go over the whole of a wide terminal are hard to read. */
const widest = 100
const longestRule = 40

const widthOf = (prefix: string): number => displayWidth(stripVTControlCharacters(prefix))

/** `isShown` within a line of which something has been printed. */
interface OpenCode {
  readonly _tag: "Code"
  readonly fence: string
  readonly indent: number
  readonly isShown: boolean
}

/** Whether what is there of a line may come to end the code. */
const mayClose = ({ fence, isShown }: OpenCode, line: string): boolean =>
  !isShown && (line.trim() === "" || mayCloseFence(line, fence))

/** Code within a list is indented as far as its fence. */
const withoutIndent = ({ indent, isShown }: OpenCode, line: string): string =>
  isShown ? line : line.slice(Math.min(indent, line.length - line.trimStart().length))

/** What stands before a line of this kind, and before what of it does not fit. */
const prefixesOf = (
  block: Extract<Block, { readonly content: string }>,
  style: Style
): { readonly look: Look; readonly first: string; readonly next: string } => {
  switch (block._tag) {
    case "Heading":
      return { look: block.level === 1 ? { bold: true, link: true } : { bold: true }, first: "", next: "" }
    case "Item": {
      const indent = " ".repeat(block.indent)
      const next = indent + " ".repeat(displayWidth(block.marker) + 1)
      return { look: {}, first: `${indent}${block.marker} `, next }
    }
    case "Quote":
      return { look: { italic: true }, first: style.dim("▎ "), next: style.dim("▎ ") }
    case "Paragraph":
      return { look: {}, first: " ".repeat(block.indent), next: " ".repeat(block.indent) }
  }
}

/** What the lines before have begun. */
type Open =
  | { readonly _tag: "Nothing" }
  | OpenCode
  | { readonly _tag: "Table"; readonly rows: ReadonlyArray<string> }
  /** A line whose kind is known, and of which more may come. */
  | { readonly _tag: "Line"; readonly look: Look; readonly before: string }

/** Makes one for a terminal of so many columns. */
export const makeMarkdown = (style: Style, terminalColumns: number): Markdown => {
  const columns = Math.max(20, Math.min(widest, terminalColumns - 1))
  const words = makeWrapper(style, columns, widthOf)
  let open: Open = { _tag: "Nothing" }
  let rest = ""
  // The first half of a character.
  let half = ""

  const frame = (corner: string, title: string): string => {
    const label = title === "" ? "" : ` ${title} `
    return style.dim(`${corner}─${label}${"─".repeat(Math.max(0, longestRule - 2 - displayWidth(label)))}`)
  }

  /** Takes the next line where it is complete. */
  const takeLine = (): string | undefined => {
    const end = rest.indexOf("\n")
    if (end < 0) return undefined
    const line = rest.slice(0, end)
    rest = rest.slice(end + 1)
    return line
  }

  const beginLine = (block: Extract<Block, { readonly content: string }>): string => {
    const { first, look, next } = prefixesOf(block, style)
    open = { _tag: "Line", look, before: "" }
    return words.begin(first, next)
  }

  /** A line of which nothing is known yet. */
  const readStart = (isEnd: boolean): string | undefined => {
    const end = rest.indexOf("\n")
    const line = end < 0 ? rest : rest.slice(0, end)
    if (end < 0 && line === "") return undefined
    const block = blockOf(line, isEnd || end >= 0)
    if (block === undefined) return undefined
    const table = block._tag === "Row" ? "" : closeTable()
    if ("content" in block) {
      rest = block.content + rest.slice(line.length)
      return table + beginLine(block)
    }
    rest = rest.slice(line.length + 1)
    switch (block._tag) {
      case "Blank":
        return `${table}\n`
      case "Rule":
        return `${table}${style.dim("─".repeat(Math.min(columns, longestRule)))}\n`
      case "Fence":
        open = { _tag: "Code", fence: block.fence, indent: line.length - line.trimStart().length, isShown: false }
        return `${table}${frame("╭", block.language)}\n`
      case "Row":
        open = { _tag: "Table", rows: [...(open._tag === "Table" ? open.rows : []), block.line] }
        return ""
    }
  }

  const closeTable = (): string => {
    if (open._tag !== "Table") return ""
    const { rows } = open
    open = { _tag: "Nothing" }
    return `${isTable(rows) ? renderMarkdownTable(rows, style, columns) : rows.join("\n")}\n`
  }

  const closeCode = (): string => {
    open = { _tag: "Nothing" }
    return frame("╰", "")
  }

  const readCode = (code: OpenCode, isEnd: boolean): string | undefined => {
    const isWhole = rest.includes("\n")
    if (!isWhole && !isEnd && mayClose(code, rest)) return undefined
    const line = takeLine() ?? rest
    if (!isWhole) rest = ""
    if (!code.isShown && closesFence(line, code.fence)) return `${closeCode()}\n`
    open = { ...code, isShown: !isWhole }
    return withoutIndent(code, line) + (isWhole ? "\n" : "")
  }

  const readWords = (
    { before, look }: Extract<Open, { readonly _tag: "Line" }>,
    isEnd: boolean
  ): string | undefined => {
    const end = rest.indexOf("\n")
    const line = end < 0 ? rest : rest.slice(0, end)
    if (end < 0 && line === "" && !isEnd) return undefined
    const { pieces, rest: undecided } = readInline(line, isEnd || end >= 0, before, look)
    const text = pieces.map(words.add).join("")
    rest = undecided + rest.slice(line.length)
    if (end >= 0) {
      rest = rest.slice(1)
      open = { _tag: "Nothing" }
      return text + words.end()
    }
    const read = line.slice(0, line.length - undecided.length)
    open = { _tag: "Line", look, before: read === "" ? before : read.slice(-1) }
    return text === "" && read === "" ? undefined : text
  }

  const step = (isEnd: boolean): string | undefined => {
    if (rest === "") return undefined
    if (open._tag === "Code") return readCode(open, isEnd)
    return open._tag === "Line" ? readWords(open, isEnd) : readStart(isEnd)
  }

  const readAll = (isEnd: boolean): string => {
    let out = ""
    for (let text = step(isEnd); text !== undefined; text = step(isEnd)) out += text
    return out
  }

  return {
    write: (text) => {
      const whole = half + text
      half = /[\ud800-\udbff]$/.exec(whole)?.[0] ?? ""
      rest += whole.slice(0, whole.length - half.length)
      return readAll(false)
    },
    end: () => {
      rest += half
      half = ""
      let out = readAll(true)
      if (open._tag === "Line") out += words.flush()
      if (open._tag === "Code") out += (open.isShown ? "\n" : "") + closeCode()
      out += closeTable()
      open = { _tag: "Nothing" }
      rest = ""
      return out
    }
  }
}
