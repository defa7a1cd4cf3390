/**
 * One text, several requests: "… then …", "… ; …", numbered lists, and "… and …" where a command follows.
 * Never inside quotes, code or JSON, and never after "that" or a colon: there a person's own words begin.
 */
import { literalsOf, standsApart } from "./literals.ts"
import { actionsOf } from "./meaning.ts"
import { withoutPoliteness } from "./understand.ts"
import { stem, wordsOf } from "./words.ts"

const listItem = /(?<=^|\s)(?:\d{1,2}[.)]|[-*•])\s+(?=\p{L})/gu
const sentenceEnd = /[.!]\s+(?=\p{Lu}\p{Ll})|\n+/gu
const separators: ReadonlyArray<RegExp> = [
  /(?:[;.,]\s+|(?<=\s))(?:and\s+)?then\b[\s,:]+/gi,
  /(?:[;.,]\s+(?:and\s+)?|(?<=\s)and\s+)(?:after that|afterwards|next|finally)\b[\s,:]+/gi,
  /;\s*(?:and\s+)?/g,
  listItem,
  sentenceEnd
]

/** Verbs that may follow a bare "and" as a command of their own. Words that are mostly nouns are not among them. */
const startsCommand = (text: string): boolean => {
  const [first] = wordsOf(withoutPoliteness(text))
  return (
    first !== undefined &&
    actionsOf(stem(first)).size > 0 &&
    !/^(?:note|log|plan|name|list|time|text|change|match|total|load|post|mail|type|key|point|display)s?$/.test(first)
  )
}

interface Cut {
  readonly start: number
  readonly end: number
}

const isApart = (a: Cut, b: Cut): boolean => a.end <= b.start || a.start >= b.end

const matchesOf = (text: string, pattern: RegExp): ReadonlyArray<Cut> =>
  Array.from(text.matchAll(pattern), (match) => ({ start: match.index, end: match.index + match[0].length }))

/** A new line always begins a request; a new sentence does only where a command begins. */
const beginsRequest = (text: string, { end, start }: Cut): boolean =>
  text.slice(start, end).includes("\n") || startsCommand(text.slice(end))

const separatorsIn = (text: string, pattern: RegExp): ReadonlyArray<Cut> => {
  const matches = matchesOf(text, pattern)
  // A single "1." or "-" is no list.
  if (pattern === listItem && matches.length < 2) return []
  return pattern === sentenceEnd ? matches.filter((cut) => beginsRequest(text, cut)) : matches
}

const joint = /(?:,\s*)?(?<=\s)and\s+(?:also\s+)?|,\s+(?=\p{L})/giu

/** The words between a place and the cut before it. */
const wordsBefore = (text: string, at: number, cuts: ReadonlyArray<Cut>): ReadonlyArray<string> => {
  const start = cuts.reduce((last, cut) => (cut.end <= at ? Math.max(last, cut.end) : last), 0)
  return wordsOf(text.slice(start, at))
}

/** "with notes," and "use the notes server," say where the request that follows belongs. */
const isAddress = (words: ReadonlyArray<string>): boolean =>
  words.length <= 4 &&
  (/^(?:with|on|using|via)$/.test(words[0] ?? "") ||
    (/^(?:use|ask)$/.test(words[0] ?? "") && /^(?:server|source)$/.test(words.at(-1) ?? "")))

const isRequest = (words: ReadonlyArray<string>): boolean => words.length >= 2 && !isAddress(words)

const cutsOf = (text: string): ReadonlyArray<Cut> => {
  const shields = literalsOf(text).filter(standsApart)
  const cuts: Array<Cut> = []
  const add = (cut: Cut) => {
    if (shields.every((literal) => isApart(cut, literal)) && cuts.every((other) => isApart(cut, other))) cuts.push(cut)
  }
  for (const pattern of separators) for (const cut of separatorsIn(text, pattern)) add(cut)
  const ownWords = /\bthat\b|:\s/.exec(text)?.index ?? text.length
  for (const cut of matchesOf(text, joint)) {
    const hasRequestBefore = isRequest(wordsBefore(text, cut.start, cuts))
    if (cut.start < ownWords && hasRequestBefore && startsCommand(text.slice(cut.end))) add(cut)
  }
  return cuts.toSorted((a, b) => a.start - b.start)
}

/** The requests in a text, in order. A text without any split is one request. */
export const splitRequests = (text: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let start = 0
  for (const cut of [...cutsOf(text), { start: text.length, end: text.length }]) {
    const part = text.slice(start, cut.start).trim()
    if (/[\p{L}\p{N}]/u.test(part)) parts.push(part)
    start = cut.end
  }
  return parts
}
