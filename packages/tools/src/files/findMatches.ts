/**
 * What fits in the lines of one text: whole lines, parts of them, or what goes over several. A part is found in linear time, but
 * all of them may take more: then the search ends before the text does, and says so.
 */
import type { Span } from "@signalbox/model"
import { Effect } from "effect"

/** What fits: lines from 0, the last one included. */
export interface Match {
  readonly first: number
  readonly last: number
  /** The part alone, where it is asked for. */
  readonly part?: string
}

/** What was found, and whether the search was given up before the end. */
export interface Matches {
  readonly matches: ReadonlyArray<Match>
  readonly isCut: boolean
}

/** Finds what fits in the lines of a text. */
export type FindMatches = (lines: ReadonlyArray<string>) => Effect.Effect<Matches>

/** A pattern, as a test of a text and as a search for parts of it. */
export interface Pattern {
  readonly test: (text: string) => boolean
  /** Gives `undefined` where others should get their turn. */
  readonly spans: (text: string) => Iterable<Span | undefined>
}

/** Matches of one text beyond these are not looked for. */
const maxMatches = 10_000

/** A search that others had to be let in for so often is given up. */
const maxPauses = 100

const wholeLines =
  ({ test }: Pattern): FindMatches =>
  (lines) =>
    Effect.sync(() => {
      const matches: Array<Match> = []
      for (const [index, line] of lines.entries()) {
        if (matches.length >= maxMatches) break
        if (test(line)) matches.push({ first: index, last: index })
      }
      return { matches, isCut: false }
    })

const spansIn = Effect.fnUntraced(function* ({ spans, test }: Pattern, text: string) {
  const found: Array<Span> = []
  if (!test(text)) return { found, isCut: false }
  let pauses = 0
  for (const span of spans(text)) {
    if (span !== undefined) found.push(span)
    else yield* Effect.yieldNow
    if (span === undefined && ++pauses > maxPauses) return { found, isCut: true }
    if (found.length >= maxMatches) break
  }
  return { found, isCut: false }
})

const partsOfLines = (pattern: Pattern): FindMatches =>
  Effect.fnUntraced(function* (lines) {
    const matches: Array<Match> = []
    for (const [index, line] of lines.entries()) {
      const { found, isCut } = yield* spansIn(pattern, line)
      const parts = found.filter(({ end, start }) => end > start)
      matches.push(...parts.map(({ end, start }) => ({ first: index, last: index, part: line.slice(start, end) })))
      if (isCut) return { matches, isCut }
      if (matches.length >= maxMatches) break
    }
    return { matches: matches.slice(0, maxMatches), isCut: false }
  })

const overLines = (pattern: Pattern, asParts: boolean): FindMatches =>
  Effect.fnUntraced(function* (lines) {
    const text = lines.join("\n")
    const { found, isCut } = yield* spansIn(pattern, text)
    let line = 0
    let lineEnd = lines[0]?.length ?? 0
    /** Places come in order. */
    const lineAt = (place: number): number => {
      while (place > lineEnd && line < lines.length - 1) lineEnd += 1 + (lines[++line]?.length ?? 0)
      return line
    }
    const matches = found.flatMap(({ end, start }): ReadonlyArray<Match> => {
      const first = lineAt(start)
      const last = lineAt(Math.max(start, end - 1))
      if (!asParts) return [{ first, last }]
      return end > start ? [{ first, last, part: text.slice(start, end) }] : []
    })
    return { matches, isCut }
  })

/** How what fits is found. */
export const findMatches = (
  pattern: Pattern,
  { asParts, overLines: isOverLines }: { readonly asParts: boolean; readonly overLines: boolean }
): FindMatches => {
  if (isOverLines) return overLines(pattern, asParts)
  return asParts ? partsOfLines(pattern) : wholeLines(pattern)
}
