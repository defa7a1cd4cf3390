/**
 * A kept result a piece at a time: by line, by character where lines are long, or the lines that fit a pattern.
 */
import { linearPattern } from "@signalbox/model"
import { Effect, Result } from "effect"

/** Which piece. Without any of it, the beginning. */
export interface ResultPiece {
  /** From 1. */
  readonly line?: number
  /** As many as fit where it is absent. */
  readonly lines?: number
  /** A character, from 0, instead of `line`. */
  readonly offset?: number
  /** A regular expression; only lines that it fits are read, from `line` or `offset` on. Of long lines, parts. */
  readonly pattern?: string
}

/** A longer line is searched in parts, of which those are shown that fit; so much of one is in the next, too. */
const longestPart = 400
const overlap = 100

/** Characters that are searched before others run. */
const searchedInARow = 100_000

const byOffset = (text: string, offset: number, maxLength: number): string => {
  const piece = text.slice(offset, offset + maxLength)
  const end = offset + piece.length
  const more = end < text.length ? ` Go on with {"offset":${end}}.` : " That is the end."
  return `[Characters ${offset} to ${end} of ${text.length}.${more}]\n${piece}`
}

const byLine = (text: string, line: number, lines: number, maxLength: number): string => {
  const all = text.split("\n")
  const taken: Array<string> = []
  let left = maxLength
  for (const next of all.slice(line - 1, line - 1 + lines)) {
    left -= next.length + 1
    if (left < 0) break
    taken.push(next)
  }
  if (taken.length === 0) {
    if (line > all.length) return `[There are ${all.length} lines.]`
    return `[Line ${line} is long: it is read by characters.]\n${byOffset(text, startOf(text, line), maxLength)}`
  }
  const next = line + taken.length
  const more = next <= all.length ? ` Go on with {"line":${next}}.` : " That is the end."
  return `[Lines ${line} to ${next - 1} of ${all.length}.${more}]\n${taken.join("\n")}`
}

/** What is no regular expression that takes linear time is looked for as it stands. */
const testOf = (pattern: string): ((text: string) => boolean) =>
  Result.getOrElse(linearPattern(pattern, { ignoresCase: true, isSearch: true }), () => {
    const wanted = pattern.toLowerCase()
    return (text: string) => text.toLowerCase().includes(wanted)
  })

/** A line, or a part of a long one. */
interface SearchedPart {
  readonly line: number
  /** Where it begins in the whole text. */
  readonly offset: number
  readonly content: string
  readonly isWhole: boolean
}

/** The parts of a text from a character on. Those of a long line overlap, so that what stands where it is parted is found. */
function* partsFrom(text: string, from: number): Generator<SearchedPart> {
  let start = 0
  for (const [index, content] of text.split("\n").entries()) {
    const isWhole = content.length <= longestPart
    for (let at = 0; at === 0 || at < content.length - overlap; at += longestPart - overlap) {
      const part = { line: index + 1, offset: start + at, content: content.slice(at, at + longestPart), isWhole }
      if (part.offset >= from) yield part
    }
    start += content.length + 1
  }
}

const byPattern = Effect.fnUntraced(function* (text: string, pattern: string, from: number, maxLength: number) {
  const fits = testOf(pattern)
  const found: Array<string> = []
  let left = maxLength
  let searched = 0
  let next: number | undefined
  for (const { content, isWhole, line, offset } of partsFrom(text, from)) {
    searched += content.length
    if (searched > searchedInARow) {
      searched = 0
      yield* Effect.yieldNow
    }
    if (!fits(content)) continue
    const shown = isWhole ? `${line}: ${content}` : `${line}, offset ${offset}: …${content}…`
    left -= shown.length + 1
    if (left < 0 && found.length > 0) {
      next = offset
      break
    }
    found.push(shown)
  }
  if (found.length === 0) return "[Nothing fits.]"
  const more = next === undefined ? "" : ` There are more: go on with the same pattern and {"offset":${next}}.`
  return `[What fits, by line.${more}]\n${found.join("\n")}`
})

/** The character with which a line begins. */
const startOf = (text: string, line: number): number =>
  text
    .split("\n")
    .slice(0, line - 1)
    .reduce((sum, { length }) => sum + length + 1, 0)

/** The piece, of so many characters at the most and a note about it. */
export const readPiece = (
  text: string,
  { line = 1, lines = Number.MAX_SAFE_INTEGER, offset, pattern }: ResultPiece,
  maxLength: number
): Effect.Effect<string> => {
  if (pattern !== undefined) return byPattern(text, pattern, offset ?? startOf(text, line), maxLength)
  return Effect.sync(() =>
    offset === undefined ? byLine(text, line, lines, maxLength) : byOffset(text, offset, maxLength)
  )
}
