/**
 * The text that arguments are taken from. What one argument has taken is not given to another:
 * a `Source` keeps count, literal by literal and span by span. Made anew for every attempt to fill a tool.
 */
import type { DateTime } from "effect"
import { type Literal, type LiteralKind, standsApart } from "./literals.ts"
import { areAlike, conceptsOf } from "./meaning.ts"
import type { Understood } from "./understand.ts"
import { isStopWord, stem, stemsOf, wordsOf } from "./words.ts"

interface Span {
  readonly start: number
  readonly end: number
}

export interface Source {
  readonly request: Understood
  readonly now: DateTime.Utc
  /** Stems of the tool's own name and title: words that name the tool are no arguments of it. */
  readonly toolStems: ReadonlySet<string>
  /** Whether the tool says that it deals with folders. */
  readonly isAboutFolders: boolean
  /** What the step before answered; stands in for "it". */
  readonly previous: string | undefined
  readonly taken: Array<Span>
  /** Names of parameters that got what was left of the sentence. */
  readonly guessed: Set<string>
}

const overlaps = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end

/** Whether nothing has taken this part of the text yet. */
export const isFree = (source: Source, span: Span): boolean => source.taken.every((other) => !overlaps(span, other))

/** Marks a part of the text as used. */
export const take = (source: Source, span: Span): void => {
  source.taken.push({ start: span.start, end: span.end })
}

/** The literals of these kinds that are still free, in order. */
export const freeLiterals = (source: Source, ...kinds: ReadonlyArray<LiteralKind>): ReadonlyArray<Literal> =>
  source.request.literals.filter((literal) => kinds.includes(literal.kind) && isFree(source, literal))

/** The words just before and after a span, nearest first. */
export const neighbours = (source: Source, span: Span, count: number) => ({
  before: wordsOf(source.request.text.slice(Math.max(0, span.start - 60), span.start))
    .toReversed()
    .slice(0, count),
  after: wordsOf(source.request.text.slice(span.end, span.end + 60)).slice(0, count)
})

/** A value that was found, with the place it came from. */
export interface Found extends Span {
  readonly value: string
}

const trimmed = (text: string, start: number): Found | undefined => {
  const lead = /^[\s,:;"'“”‘’—–-]*/.exec(text)?.[0].length ?? 0
  const value = text.slice(lead).replace(/[\s,:;.!?"“”]+$/, "")
  return value === "" ? undefined : { value, start: start + lead, end: start + lead + value.length }
}

/**
 * What a pattern's first group matched, when it is still free. Where the place holds a literal, the
 * literal is meant: `called "x y"` gives `x y`.
 */
export const findPhrase = (source: Source, pattern: RegExp): Found | undefined => {
  const match = pattern.exec(source.request.text)
  const group = match?.[1]
  if (match === null || group === undefined) return undefined
  const start = match.index + match[0].lastIndexOf(group)
  const literal = source.request.literals.find((each) => each.start === start && standsApart(each))
  if (literal !== undefined) {
    return isFree(source, literal) ? { value: literal.value, start: literal.start, end: literal.end } : undefined
  }
  const found = trimmed(group, start)
  return found !== undefined && isFree(source, found) ? found : undefined
}

const vague = new Set(
  "something anything it this that them these those one stuff thing things everything nothing here there me you new another folder directory file files folders directories".split(
    " "
  )
)

/** Whether a text names nothing in particular: "something", "a file". */
export const isVague = (text: string): boolean => {
  const words = wordsOf(text).filter((word) => !/^(?:a|an|the|my|some|any|in|to|of|for)$/.test(word))
  return words.every((word) => vague.has(word))
}

const isOwnWord = (source: Source, word: string): boolean => {
  const stemmed = stem(word)
  if (source.toolStems.has(stemmed)) return true
  return conceptsOf(stemmed).size > 0 && [...source.toolStems].some((own) => areAlike(own, stemmed))
}

/** Whether a part of the text belongs to a value that nothing has taken. */
const isOpenValue = (source: Source, span: Span): boolean => {
  const literal = source.request.literals.find((each) => overlaps(each, span) && standsApart(each))
  return literal !== undefined && isFree(source, literal)
}

/** Where the text begins that is neither the verb, nor a word that names the tool, nor taken. */
const startOfRest = (source: Source): number => {
  const { text, verb } = source.request
  let start = 0
  let seenVerb = false
  for (const match of text.matchAll(/[\p{L}\p{N}'’]+/gu)) {
    const word = match[0].toLowerCase()
    const isVerb: boolean = !seenVerb && verb !== undefined && stemsOf(word).includes(verb)
    const span = { start: match.index, end: match.index + match[0].length }
    if (isOpenValue(source, span)) break
    if (!isVerb && isFree(source, span) && !isStopWord(word) && !isOwnWord(source, word)) break
    seenVerb ||= isVerb
    start = span.end
  }
  return start
}

/**
 * What is left of the request when the verb, words that name the tool, and everything taken is gone
 * from its beginning: "echo hello there" leaves "hello there".
 */
export const remainder = (source: Source): Found | undefined => {
  const { text } = source.request
  const start = startOfRest(source)
  const end = source.taken.reduce(
    (nearest, span) => (span.start >= start && span.start < nearest ? span.start : nearest),
    text.length
  )
  const rest = text.slice(start, end).replace(/\s+(?:in|to|of|from|with|on|at|for|and|into|as)\s*$/i, "")
  const literal = source.request.literals.find(
    (each) => each.kind === "quoted" && isFree(source, each) && each.start >= start
  )
  if (literal !== undefined) return { value: literal.value, start: literal.start, end: literal.end }
  return trimmed(rest, start)
}
