/**
 * Where the values of a JSON text stand in it, so that one of them can be changed and all others keep every byte. Pure. The
 * text is one that `JSON.parse` has read.
 */

/** A part of a text. */
export interface Piece {
  readonly start: number
  readonly end: number
}

/** A list within a text, and what it holds. */
export interface ListPiece extends Piece {
  readonly items: ReadonlyArray<Piece>
}

const blank = /[ \t\r\n]/

const skipBlank = (text: string, from: number): number => {
  let at = from
  while (blank.test(text.charAt(at))) at++
  return at
}

/** Behind a string that begins here. */
const endOfString = (text: string, from: number): number => {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at + 1
}

/** Behind a value that begins here. */
const endOfValue = (text: string, from: number): number => {
  let depth = 0
  let at = from
  do {
    const char = text.charAt(at)
    if (char === '"') at = endOfString(text, at)
    else {
      if (char === "{" || char === "[") depth++
      if (char === "}" || char === "]") depth--
      at++
    }
    // A number or a word goes on until something else begins.
  } while (at < text.length && (depth > 0 || (/[\w.+-]/.test(text.charAt(at)) && /[\w.+-]/.test(text.charAt(at - 1)))))
  return at
}

/** The values behind an opening bracket, and behind each comma after it, until the closing one. */
const valuesFrom = (text: string, open: number, read: (at: number) => number): void => {
  let at = skipBlank(text, open + 1)
  while (at < text.length && text[at] !== "]" && text[at] !== "}") {
    at = skipBlank(text, read(at))
    if (text[at] === ",") at = skipBlank(text, at + 1)
  }
}

const listAt = (text: string, start: number, end: number): ListPiece => {
  const items: Array<Piece> = []
  valuesFrom(text, start, (from) => {
    const to = endOfValue(text, from)
    items.push({ start: from, end: to })
    return to
  })
  return { start, end, items }
}

/** The list under a key of the object that the text is. Of several under one key the last counts, as for `JSON.parse`. */
export const findList = (text: string, key: string): ListPiece | undefined => {
  let found: ListPiece | undefined
  valuesFrom(text, skipBlank(text, 0), (from) => {
    const keyEnd = endOfString(text, from)
    const start = skipBlank(text, skipBlank(text, keyEnd) + 1)
    const end = endOfValue(text, start)
    if (JSON.parse(text.slice(from, keyEnd)) === key && text[start] === "[") found = listAt(text, start, end)
    return end
  })
  return found
}
