/**
 * One request of a person, taken apart: its literals, its words, and what it asks to be done.
 * A question only ever asks to look, whatever verbs it contains.
 */
import { type Literal, literalsOf, withoutLiterals } from "./literals.ts"
import { actionsOf, onlyLooks, plainWords } from "./meaning.ts"
import { isStopWord, stem, wordsOf } from "./words.ts"

export interface Understood {
  /** The request as typed, without "please" and its kin. */
  readonly text: string
  readonly literals: ReadonlyArray<Literal>
  /** The text with its literals replaced by spaces; positions are those of `text`. */
  readonly open: string
  /** Stems of what is left, without words that say nothing, in order. */
  readonly stems: ReadonlyArray<string>
  /** The word that says what to do, if there is one, as a stem. */
  readonly verb: string | undefined
  readonly actions: ReadonlySet<string>
  readonly isQuestion: boolean
  /** Whether the request can only be meant to look at something. */
  readonly isLooking: boolean
}

const politeness =
  /^(?:\s*(?:please|kindly|hey|hi|ok(?:ay)?|so|now|then|and|also|well|just|next|finally|first(?=,)|(?:can|could|would|will) you(?: please)?|i(?:'d| would) like (?:you )?to|i (?:want|need)(?: you)? to|help me(?: to)?|let(?:'s| us)|try to|go ahead and)\b[\s,:]*)+/i

const question =
  /^\s*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|does|do(?= +(?:you|i|we|they|these|those|the|my)\b)|did|has|have|am|should)\b/i

const questionActions: ReadonlySet<string> = new Set(["see", "read", "list", "know", "search"])

/** What a person says before the request itself: "could you please". */
export const withoutPoliteness = (text: string): string =>
  text
    .replace(politeness, "")
    .replace(/[\s,]*(?:\bplease|\bthanks?(?: you)?|\bfor me)\s*[.!?]*\s*$/i, "")
    .trim()

/** Takes a request apart. */
export const understand = (given: string): Understood => {
  const text = withoutPoliteness(given)
  const literals = literalsOf(text)
  const open = withoutLiterals(text, literals)
  const plain = plainWords(open)
  const words = wordsOf(plain)
  const verb = words
    .slice(0, 12)
    .map(stem)
    .find((each) => actionsOf(each).size > 0)
  const isQuestion = question.test(text)
  const own = verb === undefined ? new Set<string>() : actionsOf(verb)
  return {
    text,
    literals,
    open,
    stems: words.filter((word) => !isStopWord(word) && !/^\d+$/.test(word)).map(stem),
    verb,
    actions: isQuestion ? new Set([...questionActions, ...(onlyLooks(own) ? own : [])]) : own,
    isQuestion,
    isLooking: isQuestion || own.size === 0 || onlyLooks(own)
  }
}
