/**
 * One text, several requests: "… then …", "… ; …", numbered lists, and "… and …" where a command follows.
 * Never inside quotes, code or JSON, and never after "that" or a colon: there a person's own words begin.
 */
import { literalsOf } from "./literals.ts"
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

const cutsOf = (text: string): ReadonlyArray<Cut> => {
  const shields = literalsOf(text).filter(({ kind }) => kind !== "name" && kind !== "number")
  const isOpen = (start: number, end: number) =>
    shields.every((literal) => end <= literal.start || start >= literal.end)
  const cuts: Array<Cut> = []
  const add = (start: number, end: number) => {
    if (isOpen(start, end) && cuts.every((cut) => end <= cut.start || start >= cut.end)) cuts.push({ start, end })
  }
  for (const pattern of separators) {
    const matches = [...text.matchAll(pattern)]
    // A single "1." or "-" is no list.
    if (pattern === listItem && matches.length < 2) continue
    for (const match of matches) {
      // A new sentence is a new request only where a command begins.
      if (
        pattern === sentenceEnd &&
        !match[0].includes("\n") &&
        !startsCommand(text.slice(match.index + match[0].length))
      )
        continue
      add(match.index, match.index + match[0].length)
    }
  }
  const ownWords = /\bthat\b|:\s/.exec(text)?.index ?? text.length
  for (const match of text.matchAll(/(?:,\s*)?(?<=\s)and\s+(?:also\s+)?|,\s+(?=\p{L})/giu)) {
    const end = match.index + match[0].length
    const before = wordsOf(
      text.slice(
        cuts.reduce((last, cut) => (cut.end <= match.index ? Math.max(last, cut.end) : last), 0),
        match.index
      )
    )
    if (match.index < ownWords && before.length >= 2 && startsCommand(text.slice(end))) add(match.index, end)
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
