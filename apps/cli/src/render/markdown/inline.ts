/**
 * What stands within a line of Markdown: emphasis, code, links. A line is read as it comes: what is decided is handed on,
 * and what may still become something else is kept. Where the line is cut makes no difference to what comes of it. Pure.
 */

/** How a piece of text looks. */
export interface Look {
  readonly bold?: true
  readonly italic?: true
  readonly strike?: true
  readonly code?: true
  readonly link?: true
  /** The address of a link, beside its text. */
  readonly address?: true
}

/** A piece of text of one look. */
export interface Piece {
  readonly text: string
  readonly look: Look
}

/** What is decided of a line, and what is not. */
export interface Inline {
  readonly pieces: ReadonlyArray<Piece>
  readonly rest: string
}

/** What one construct comes to: `undefined` where the text decides nothing yet, `length` 0 where it is none. */
type Read = { readonly length: number; readonly pieces: ReadonlyArray<Piece> } | undefined

const none = { length: 0, pieces: [] }

const special = /[\\`*_~[!<]/
const isSpace = (character: string | undefined): boolean => character === undefined || /\s/.test(character)
const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}_]/u.test(character)

const runAt = (text: string, at: number): number => {
  let end = at
  while (end < text.length && text[end] === text[at]) end++
  return end - at
}

/** Where the code that begins with so many backticks ends; -1 where it does not. */
const closingBackticks = (text: string, from: number, length: number): number => {
  for (let at = text.indexOf("`", from); at >= 0; at = text.indexOf("`", at)) {
    const run = runAt(text, at)
    if (run === length) return at
    at += run
  }
  return -1
}

const readCode = (text: string, isComplete: boolean, look: Look): Read => {
  const run = runAt(text, 0)
  if (run === text.length && !isComplete) return undefined
  const end = closingBackticks(text, run, run)
  // One more may follow, and then it is another run.
  if (!isComplete && (end < 0 || end + run === text.length)) return undefined
  if (end < 0) return { length: run, pieces: [{ text: text.slice(0, run), look }] }
  const code = text.slice(run, end)
  const inner = /^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code
  return { length: end + run, pieces: [{ text: inner, look: { ...look, code: true } }] }
}

/** The place behind the code that begins at a backtick, or behind its backticks where it does not end. */
const behindCode = (text: string, at: number, isComplete: boolean): number | undefined => {
  const run = runAt(text, at)
  const end = closingBackticks(text, at + run, run)
  if (end >= 0) return end + run
  // What follows may be code, in which nothing ends.
  return isComplete ? at + run : undefined
}

const isClosing = (text: string, at: number, run: number): boolean =>
  !isSpace(text[at - 1]) && (text[at] !== "_" || !isWord(text[at + run]))

/** Where emphasis ends that begins with `marker`; -1 where it does not, or not yet. */
const closingMarker = (text: string, from: number, marker: string, isComplete: boolean): number => {
  let at: number | undefined = from
  while (at !== undefined && at < text.length) {
    const character = text[at]
    if (character === "`") at = behindCode(text, at, isComplete)
    else if (character !== marker[0]) at += character === "\\" ? 2 : 1
    else {
      const run = runAt(text, at)
      // Of three that close, the inner emphasis takes its own first.
      if ((run === marker.length || run >= 3) && isClosing(text, at, run)) return at + run - marker.length
      at += run
    }
  }
  return -1
}

const looks: Readonly<Record<string, Look>> = {
  "*": { italic: true },
  _: { italic: true },
  "**": { bold: true },
  __: { bold: true },
  "***": { bold: true, italic: true },
  ___: { bold: true, italic: true },
  "~~": { strike: true }
}

/** Whether emphasis may begin with a marker, by what stands around it. */
const mayOpen = (marker: string, before: string | undefined, after: string | undefined): boolean =>
  looks[marker] !== undefined && !isSpace(after) && !(marker.startsWith("_") && isWord(before))

const readEmphasis = (text: string, before: string | undefined, isComplete: boolean, look: Look): Read => {
  const run = runAt(text, 0)
  if (run === text.length && !isComplete) return undefined
  const marker = text.slice(0, run)
  const opens = mayOpen(marker, before, text[run])
  const end = opens ? closingMarker(text, run, marker, isComplete) : -1
  if (opens && !isComplete && (end < 0 || end + run === text.length)) return undefined
  return end < 0
    ? { length: run, pieces: [{ text: marker, look }] }
    : { length: end + run, pieces: readAll(text.slice(run, end), { ...look, ...looks[marker] }) }
}

/** The bracket that closes the first one; -1 where none does. */
const closingBracket = (text: string): number => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === "[") depth++
    else if (text[at] === "]" && --depth === 0) return at
  }
  return -1
}

const readLink = (text: string, isComplete: boolean, look: Look): Read => {
  const end = closingBracket(text)
  const literal = { length: 1, pieces: [{ text: "[", look }] }
  if (end < 0 || end + 1 === text.length) return isComplete ? literal : undefined
  if (text[end + 1] !== "(") return literal
  const target = /^\(\s*<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?:\s+"[^"]*")?\s*\)/.exec(text.slice(end + 1))
  if (target === null) return isComplete ? literal : undefined
  const label = readAll(text.slice(1, end), { ...look, link: true })
  const address = target[1] ?? ""
  const isSame = label.map((piece) => piece.text).join("") === address
  const shown: ReadonlyArray<Piece> =
    isSame || address === "" ? [] : [{ text: ` (${address})`, look: { address: true } }]
  return { length: end + 1 + target[0].length, pieces: [...label, ...shown] }
}

const readAddress = (text: string, isComplete: boolean, look: Look): Read => {
  const address = /^<((?:https?|mailto):[^\s<>]*)>/.exec(text)
  if (address !== null)
    return { length: address[0].length, pieces: [{ text: address[1] ?? "", look: { ...look, link: true } }] }
  return !isComplete && /^<[^\s<>]*$/.test(text) ? undefined : none
}

const readSpecial = (text: string, before: string | undefined, isComplete: boolean, look: Look): Read => {
  switch (text[0]) {
    case "\\": {
      const next = text[1]
      if (next === undefined) return isComplete ? none : undefined
      return /[!-/:-@[-`{-~]/.test(next) ? { length: 2, pieces: [{ text: next, look }] } : none
    }
    case "`":
      return readCode(text, isComplete, look)
    case "[":
      return readLink(text, isComplete, look)
    case "<":
      return readAddress(text, isComplete, look)
    case "!": {
      if (text.length === 1) return isComplete ? none : undefined
      if (text[1] !== "[") return none
      const image = readLink(text.slice(1), isComplete, look)
      if (image === undefined) return undefined
      if (image.length === 1) return none
      return { length: image.length + 1, pieces: [{ text: "image: ", look: { address: true } }, ...image.pieces] }
    }
    default:
      return readEmphasis(text, before, isComplete, look)
  }
}

/** Reads as much as is decided. `before` is the character before the text. */
export const readInline = (text: string, isComplete: boolean, before?: string, look: Look = {}): Inline => {
  const pieces: Array<Piece> = []
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at)
    const next = rest.search(special)
    if (next !== 0) {
      const plain = next < 0 ? rest : rest.slice(0, next)
      pieces.push({ text: plain, look })
      at += plain.length
      continue
    }
    const read = readSpecial(rest, at === 0 ? before : text[at - 1], isComplete, look)
    if (read === undefined) return { pieces, rest }
    pieces.push(...(read.length === 0 ? [{ text: rest.slice(0, 1), look }] : read.pieces))
    at += Math.max(1, read.length)
  }
  return { pieces, rest: "" }
}

const readAll = (text: string, look: Look): ReadonlyArray<Piece> => readInline(text, true, undefined, look).pieces
