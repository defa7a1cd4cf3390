/**
 * What fits in the lines of one text: whole lines, parts of them, or what goes over several. A part is found in linear time, but
 * all of them may take more: then the search ends before the text does, and says so.
 */
import type { Span, StateTest, Turn } from "@signalbox/model"
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
  readonly testing: StateTest["testing"]
  /** Gives `undefined` where others should get their turn. */
  readonly spans: (text: string) => Iterable<Span | undefined>
}

/** Matches of one text beyond these are not looked for. */
const maxMatches = 10_000

/** A search that others had to be let in for so often is given up. */
const maxPauses = 100

/** Whether something in the text fits. Others get their turn meanwhile. No effect of its own: there are many lines. */
function* fits({ testing }: Pattern, text: string, turn: Turn): Effect.fn.Return<boolean> {
  const test = testing(text, turn)
  for (let step = test.next(); ; step = test.next()) {
    if (step.done === true) return step.value
    yield* Effect.yieldNow
  }
}

const wholeLines = (pattern: Pattern): FindMatches =>
  Effect.fnUntraced(function* (lines) {
    const turn = { left: 0 }
    const matches: Array<Match> = []
    for (const [index, line] of lines.entries()) {
      if (matches.length >= maxMatches) break
      if (yield* fits(pattern, line, turn)) matches.push({ first: index, last: index })
    }
    return { matches, isCut: false }
  })

const spansIn = Effect.fnUntraced(function* (pattern: Pattern, text: string, turn: Turn) {
  const { spans } = pattern
  const found: Array<Span> = []
  if (!(yield* fits(pattern, text, turn))) return { found, isCut: false }
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
    const turn = { left: 0 }
    const matches: Array<Match> = []
    for (const [index, line] of lines.entries()) {
      const { found, isCut } = yield* spansIn(pattern, line, turn)
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
    const { found, isCut } = yield* spansIn(pattern, text, { left: 0 })
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
