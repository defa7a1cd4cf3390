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
  /** A character, from 0, instead of a line. */
  readonly offset?: number
  /** A regular expression; only lines that it fits are read, from `line` on. */
  readonly pattern?: string
}

/** The longest piece of a line that is shown of one that fits a pattern. */
const longestMatch = 400

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
    const offset = all.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0)
    return `[Line ${line} is long: it is read by characters.]\n${byOffset(text, offset, maxLength)}`
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

const byPattern = Effect.fnUntraced(function* (text: string, pattern: string, line: number, maxLength: number) {
  const fits = testOf(pattern)
  const found: Array<string> = []
  let left = maxLength
  let searched = 0
  let next: number | undefined
  for (const [index, content] of text.split("\n").entries()) {
    if (index + 1 < line) continue
    searched += content.length
    if (searched > searchedInARow) {
      searched = 0
      yield* Effect.yieldNow
    }
    if (!fits(content)) continue
    const shown = `${index + 1}: ${content.length > longestMatch ? `${content.slice(0, longestMatch)}…` : content}`
    left -= shown.length + 1
    if (left < 0) {
      next = index + 1
      break
    }
    found.push(shown)
  }
  if (found.length === 0) return "[No line fits.]"
  const more = next === undefined ? "" : ` There are more: go on with the same pattern and {"line":${next}}.`
  return `[${found.length} lines fit, by number.${more}]\n${found.join("\n")}`
})

/** The piece, of so many characters at the most and a note about it. */
export const readPiece = (
  text: string,
  { line = 1, lines = Number.MAX_SAFE_INTEGER, offset, pattern }: ResultPiece,
  maxLength: number
): Effect.Effect<string> => {
  if (pattern !== undefined) return byPattern(text, pattern, line, maxLength)
  return Effect.sync(() =>
    offset === undefined ? byLine(text, line, lines, maxLength) : byOffset(text, offset, maxLength)
  )
}
