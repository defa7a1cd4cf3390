/**
 * Puts pieces of text on lines as wide as the terminal, word by word: what follows a word decides nothing any more, so it
 * is printed at once and stays where it is.
 */
import { Equal } from "effect"
import { displayWidth } from "../displayWidth.ts"
import type { Style } from "../style.ts"
import type { Look, Piece } from "./inline.ts"

const paint = (text: string, look: Look, style: Style): string => {
  let painted = text
  if (look.code === true) painted = style.cyan(painted)
  if (look.link === true) painted = style.underline(painted)
  if (look.address === true) return style.dim(painted)
  if (look.strike === true) painted = style.strike(painted)
  if (look.italic === true) painted = style.italic(painted)
  return look.bold === true ? style.bold(painted) : painted
}

const isWide = (text: string): boolean => displayWidth(text) === 2 && Array.from(text).length === 1

/** Scripts without blanks may be broken after each character. */
const breakable = (text: string): ReadonlyArray<string> => {
  if (/^[\u0021-\u007e]*$/.test(text)) return [text]
  const parts: Array<string> = []
  for (const character of text) {
    const last = parts.at(-1)
    if (last === undefined || isWide(character) || isWide(last)) parts.push(character)
    else parts[parts.length - 1] = last + character
  }
  return parts
}

export interface Wrapper {
  /** Begins a line: `first` stands before it, and `next` before what of it does not fit. */
  readonly begin: (first: string, next: string) => string
  /** Words that are complete by now. */
  readonly add: (piece: Piece) => string
  /** The last word, and the end of the line. */
  readonly end: () => string
  /** The last word. */
  readonly flush: () => string
}

/** Makes one for a terminal of so many columns. */
export const makeWrapper = (style: Style, columns: number, widthOf: (prefix: string) => number): Wrapper => {
  let column = 0
  let indent = ""
  let isFirst = true
  let blanks = ""
  let word: Array<Piece> = []
  let wordWidth = 0

  const addToWord = (text: string, look: Look): void => {
    const last = word.at(-1)
    // However it came, what looks alike is one piece.
    if (last !== undefined && Equal.equals(last.look, look)) word[word.length - 1] = { text: last.text + text, look }
    else word.push({ text, look })
    wordWidth += displayWidth(text)
  }

  const flush = (): string => {
    if (word.length === 0) return ""
    const breaks = !isFirst && column + blanks.length + wordWidth > columns
    const before = breaks ? `\n${indent}` : blanks
    column = (breaks ? widthOf(indent) : column + blanks.length) + wordWidth
    const text = before + word.map((piece) => paint(piece.text, piece.look, style)).join("")
    blanks = ""
    word = []
    wordWidth = 0
    isFirst = false
    return text
  }

  return {
    begin: (first, next) => {
      column = widthOf(first)
      indent = next
      isFirst = true
      blanks = ""
      return first
    },
    add: ({ look, text }) => {
      let out = ""
      for (const part of text.split(/(\s+)/)) {
        if (part === "") continue
        if (/^\s/.test(part)) {
          out += flush()
          blanks += part.replaceAll("\t", "    ")
        } else {
          for (const piece of breakable(part)) {
            addToWord(piece, look)
            if (isWide(piece)) out += flush()
          }
        }
      }
      return out
    },
    end: () => `${flush()}\n`,
    flush
  }
}
