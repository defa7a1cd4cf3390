/**
 * Whom a request is addressed to: a tool that it names exactly as listed, or a source of tools that it names.
 * Both may be ordinary words, so a name of one word counts for a tool only where the request begins, and a
 * source only ever tips the balance.
 */
import { sourceOf } from "../naming.ts"
import type { Catalogue, PreparedTool } from "./catalogue.ts"
import { actionsOf, areAlike } from "./meaning.ts"
import { understand, type Understood } from "./understand.ts"
import { spoken, stem, wordsOf } from "./words.ts"

interface Token {
  readonly word: string
  readonly start: number
  readonly end: number
}

/** Whom a request is addressed to, and what is asked. */
export interface Addressed {
  /** The request without the source that it begins or ends with. */
  readonly request: Understood
  /** The tools that are named exactly; several where sources share a name. */
  readonly named: ReadonlyArray<PreparedTool>
  /** Where in the request the name stands. */
  readonly at: Token | undefined
  /** How much being of its source speaks for a tool. */
  readonly bonus: (prepared: PreparedTool) => number
}

/** A source that is told to act, and one that is only mentioned: it may be an ordinary word. */
const toldBonus = 0.8
const mentionedBonus = 0.3

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
const wholeWord = (name: string): string => `(?<![\\p{L}\\p{N}_-])${escaped(name)}(?![\\p{L}\\p{N}_-])`
const kind = "(?:\\s+(?:mcp\\s+)?(?:server|source|tools?))"

/** "use the … server to", "on …,", "… server:", "…" at the beginning. */
const opening = (name: string): RegExp =>
  new RegExp(
    `^(?:(?:use|using|with|on|via|from|in|at|ask|let)\\s+)?(?:the\\s+)?${wholeWord(name)}${kind}?[\\s,:]+`,
    "iu"
  )

/** "… on the … server", "… using …" at the end. */
const closing = (name: string): RegExp =>
  new RegExp(
    `\\s+(?:(?:on|with|from|in|at)\\s+(?:the\\s+)?${wholeWord(name)}${kind}|(?:using|via)\\s+(?:the\\s+)?${wholeWord(name)}${kind}?)[\\s.!?]*$`,
    "iu"
  )

/** Anywhere: "on …", "… server". */
const telling = (name: string): RegExp =>
  new RegExp(
    `\\b(?:use|using|on|via|ask)\\s+(?:the\\s+)?${wholeWord(name)}|${wholeWord(name)}\\s+(?:mcp\\s+)?(?:server|source)\\b`,
    "iu"
  )

/** What is asked of the source at the beginning; nothing where no request follows it. */
const afterSource = (text: string, source: string): Understood | undefined => {
  const lead = opening(source).exec(text)?.[0]
  if (lead === undefined) return undefined
  const rest = understand(text.slice(lead.length).replace(/^(?:and|to)\s+/i, ""))
  const [first = ""] = wordsOf(rest.text)
  const isExplicit = /^(?:use|using|with|on|via|ask)\s/i.test(lead) || /[,:]\s*$/.test(lead)
  return isExplicit || rest.isQuestion || actionsOf(stem(first)).size > 0 ? rest : undefined
}

const beforeSource = (text: string, source: string): Understood | undefined => {
  const match = closing(source).exec(text)
  return match === null || match.index === 0 ? undefined : understand(text.slice(0, match.index))
}

interface Told {
  readonly request: Understood
  readonly bonuses: ReadonlyMap<string, number>
}

const readSources = (catalogue: Catalogue, given: Understood): Told => {
  const bonuses = new Map<string, number>()
  let request = given
  for (const source of catalogue.sources) {
    if (!new RegExp(wholeWord(source), "iu").test(given.open)) continue
    const rest = afterSource(request.text, source) ?? beforeSource(request.text, source)
    const isTold = rest !== undefined || telling(source).test(given.open)
    bonuses.set(source, isTold ? toldBonus : mentionedBonus)
    request = rest ?? request
  }
  return { request, bonuses }
}

const tokensOf = (text: string): ReadonlyArray<Token> =>
  Array.from(text.matchAll(/[\p{L}\p{N}_-]+/gu), (match) => ({
    word: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length
  }))

const invocation = /\b(?:use|using|call|run|invoke|execute|try|start)\s+(?:the\s+)?(?:tool\s+)?$/i

/** Whether the request does something else than call what it names: "remember that …", "do not use …". */
const isOnlyMentioned = (request: Understood, prepared: PreparedTool, { start }: Token): boolean => {
  const before = request.text.slice(0, start)
  if (/\b(?:not|never|without|avoid|instead of|n't|n’t)\s+(?:\S+\s+){0,2}$/i.test(before)) return true
  if (request.isQuestion && !prepared.isReadOnly) return true
  const hasVerb = wordsOf(before.replace(invocation, "")).some((word) => actionsOf(stem(word)).size > 0)
  return hasVerb && (prepared.isDestructive || prepared.isDeletion || /\bthat\b|:\s/i.test(before))
}

/** Whether the request also says the longer name of another tool, word by word. */
const saysLongerName = (catalogue: Catalogue, request: Understood): boolean =>
  catalogue.tools.some(
    ({ nameStems }) =>
      nameStems.length > 1 && nameStems.every((own) => request.stems.some((said) => areAlike(said, own)))
  )

/** A name of one word is a word like any other, unless it begins the request or is said to be called. */
const mayName = (catalogue: Catalogue, request: Understood, token: Token): boolean => {
  if (wordsOf(request.text.slice(token.start, token.end)).length > 1 || /[_-]/.test(token.word)) return true
  const before = request.text.slice(0, token.start)
  if (/^\s*tool\b/i.test(request.text.slice(token.end)) || invocation.test(before)) return true
  return before.trim() === "" && !saysLongerName(catalogue, request)
}

/** Reads whom a request is addressed to. */
export const readAddress = (catalogue: Catalogue, given: Understood): Addressed => {
  const { bonuses, request } = readSources(catalogue, given)
  const bonus = ({ tool }: PreparedTool): number => bonuses.get(sourceOf(tool.runBy) ?? "") ?? 0
  const [best] = tokensOf(request.open)
    .filter(({ word }) => catalogue.named(word).length > 0)
    .filter((token) => mayName(catalogue, request, token))
    .map((at) => ({ at, named: catalogue.named(at.word).filter((tool) => !isOnlyMentioned(request, tool, at)) }))
    .filter(({ named }) => named.length > 0)
    .toSorted((a, b) => b.at.word.length - a.at.word.length)
  const named = (best?.named ?? []).toSorted((a, b) => bonus(b) - bonus(a))
  return { request, named, at: best?.at, bonus }
}

/** The request with the exact name as a person would say it, so that no part of it is taken for a value. */
export const withSpokenName = ({ at, request }: Addressed, prepared: PreparedTool): Understood => {
  if (at === undefined) return request
  const before = request.text.slice(0, at.start).replace(invocation, "")
  const after = request.text.slice(at.end).replace(/^\s+tool\b/i, "")
  return understand(`${before}${spoken(prepared.tool.originalName)}${after.replace(/^\s+(?:to|and)\s+/i, " ")}`)
}
