/**
 * What a line of Markdown is, told by its beginning. Pure.
 */

/** The kind of a line, and what of it is content. */
export type Block =
  | { readonly _tag: "Blank" }
  | { readonly _tag: "Heading"; readonly level: number; readonly content: string }
  | { readonly _tag: "Item"; readonly indent: number; readonly marker: string; readonly content: string }
  | { readonly _tag: "Quote"; readonly content: string }
  | { readonly _tag: "Paragraph"; readonly indent: number; readonly content: string }
  /** These are known by their whole line. */
  | { readonly _tag: "Rule" }
  | { readonly _tag: "Row"; readonly line: string }
  | { readonly _tag: "Fence"; readonly fence: string; readonly language: string }

const rule = /^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/
const fence = /^ *(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/

/** What of a line is not there yet may still change what it is. */
const isOpen = (line: string): boolean =>
  // Blanks, a row of a table, the marks of a rule or of a list, a fence, and what an item may begin with.
  /^\s*(?:\|.*|[*_\- ]*|#{1,6}\s*|`{1,2}|`{3,}[^`]*|~+|~{3,}.*|\d{1,9}[.)]?|>|[+])$/.test(line) ||
  /^\s*(?:[*+-]|\d{1,9}[.)])\s+\[?[ xX]?\]?$/.test(line)

const itemOf = (indent: number, marker: string, content: string): Block => {
  const [box, done] = /^\[([ xX])\]\s/.exec(content) ?? []
  const shown = /\d/.test(marker) ? marker : "•"
  return box === undefined
    ? { _tag: "Item", indent, marker: shown, content }
    : { _tag: "Item", indent, marker: done === " " ? "☐" : "☑", content: content.slice(box.length) }
}

const widthOfBlanks = (blanks: string): number => blanks.replaceAll("\t", "    ").length

/** The kinds in the order in which they are looked for; those that are known by their whole line get only such. */
const whole: ReadonlyArray<(line: string) => Block | undefined> = [
  (line) => (rule.test(line) ? { _tag: "Rule" } : undefined),
  (line) => {
    const [, marks, language = ""] = fence.exec(line) ?? []
    return marks === undefined ? undefined : { _tag: "Fence", fence: marks, language }
  }
]

const begun: ReadonlyArray<(line: string) => Block | undefined> = [
  (line) => (line.trimStart().startsWith("|") ? { _tag: "Row", line } : undefined),
  (line) => {
    const [, hashes, title = ""] = /^ {0,3}(#{1,6})(?:\s+(.*))?$/.exec(line) ?? []
    return hashes === undefined ? undefined : { _tag: "Heading", level: hashes.length, content: title }
  },
  (line) => {
    const [, blanks = "", marker, content = ""] = /^(\s*)([*+-]|\d{1,9}[.)])\s+(.*)$/.exec(line) ?? []
    return marker === undefined ? undefined : itemOf(widthOfBlanks(blanks), marker, content)
  },
  (line) => {
    const [quoted, content = ""] = /^ {0,3}>\s?(.*)$/.exec(line) ?? []
    return quoted === undefined ? undefined : { _tag: "Quote", content }
  }
]

/** The kind of a line; nothing where more of it has to come. */
export const blockOf = (line: string, isComplete: boolean): Block | undefined => {
  if (!isComplete && isOpen(line)) return undefined
  if (line.trim() === "") return { _tag: "Blank" }
  for (const read of [...(isComplete ? whole : []), ...begun]) {
    const block = read(line)
    if (block !== undefined) return block
  }
  const content = line.trimStart()
  return { _tag: "Paragraph", indent: widthOfBlanks(line.slice(0, line.length - content.length)), content }
}

/** Whether a line ends a block of code that the fence began. */
export const closesFence = (line: string, opened: string): boolean => {
  const marks = line.trim()
  return marks.length >= opened.length && marks === (opened[0] ?? "").repeat(marks.length)
}

/** Whether a line that is not complete may come to end it. */
export const mayCloseFence = (line: string, opened: string): boolean => {
  const marks = line.trim()
  return marks === (opened[0] ?? "").repeat(marks.length)
}
