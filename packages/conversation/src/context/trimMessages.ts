/**
 * A history cut to what a model takes. Pure, and the same history is always cut in the same place: the cut moves only when
 * there is no more room, and then by a good step, so that prompt caches hold from turn to turn, in every process.
 */
import type { Message } from "@signalbox/model"
import { estimateTokens } from "../estimateTokens.ts"
import { type Cut, cutAt, cutsOf, leftOutBy, summaryIn } from "./cuts.ts"
import { shortenResults } from "./shortenResults.ts"

/** How much may stay, and what must. */
export interface TrimOptions {
  /** Tokens of all messages together. */
  readonly budget: number
  /** So many of the newest messages stay, whatever has to go before them. */
  readonly preserveRecent: number
  readonly tokensOf: (message: Message) => number
}

/** What is left of a history. */
export interface TrimmedMessages {
  /** The very same where all of it fits. */
  readonly messages: ReadonlyArray<Message>
  /** Messages that are not there any more. */
  readonly leftOut: number
  /** The place of the message that made the cut move the last time; `undefined` where nothing was cut. */
  readonly movedAt: number | undefined
  /** `false` where the last question alone is too much. It stays all the same. */
  readonly fits: boolean
}

/** A cut leaves this much of the budget filled, so that it is a while until the next one. */
const filledAfterCut = 0.7

/** What the note about it costs. */
const noteTokens = 30

/** What a summary costs that stays at the beginning; rather too much. */
const summaryTokens = (messages: ReadonlyArray<Message>): number =>
  summaryIn(messages).reduce((sum, { text }) => sum + 2 * estimateTokens(text), 0)

/** What stands in the place of what was left out. */
const noteOf = (leftOut: number): string =>
  `[${leftOut === 1 ? "1 earlier message was" : `${leftOut} earlier messages were`} left out to fit the context window.]`

class History {
  readonly messages: ReadonlyArray<Message>
  readonly cuts: ReadonlyArray<Cut>
  /** Tokens before each place. */
  private readonly before: ReadonlyArray<number>
  private readonly summary: number

  constructor(messages: ReadonlyArray<Message>, tokensOf: TrimOptions["tokensOf"]) {
    this.messages = messages
    this.cuts = cutsOf(messages)
    this.summary = summaryTokens(messages)
    const before = [0]
    for (const message of messages) before.push((before.at(-1) ?? 0) + tokensOf(message))
    this.before = before
  }

  private between(from: number, end: number): number {
    return (this.before[end] ?? 0) - (this.before[from] ?? 0)
  }

  /** The tokens of what stays of the first `length` messages. */
  tokens(cut: Cut | undefined, length: number): number {
    if (cut === undefined) return this.between(0, length)
    const kept = noteTokens + (cut.question === 0 ? 0 : this.summary)
    return kept + this.between(cut.question, cut.question + 1) + this.between(cut.start, length)
  }

  /** A model was asked when the history was so long, or is now. */
  isAsked(length: number): boolean {
    return length === this.messages.length || this.messages[length - 1]?.role === "user"
  }
}

/** Goes through the history as it grew, and moves the cut where there was no more room. */
const followGrowth = (history: History, { budget, preserveRecent }: TrimOptions) => {
  let at = -1
  let movedAt: number | undefined
  const cutAfter = (from: number, length: number): number => {
    let found = from
    for (let index = from + 1; index < history.cuts.length; index++) {
      const cut = history.cuts[index]
      if (cut === undefined || cut.start > length - preserveRecent) break
      if (leftOutBy(cut) === 0) continue
      found = index
      if (history.tokens(cut, length) <= budget * filledAfterCut) break
    }
    return found
  }
  for (let length = 1; length <= history.messages.length; length++) {
    if (!history.isAsked(length) || history.tokens(history.cuts[at], length) <= budget) continue
    const next = cutAfter(at, length)
    if (next === at) continue
    at = next
    movedAt = length - 1
  }
  return { cut: history.cuts[at], movedAt }
}

/** The history after a cut, with shorter results where there is still no room. */
const fitted = (history: History, cut: Cut | undefined, { budget, tokensOf }: TrimOptions) => {
  const { messages } = history
  const kept = cut === undefined ? messages : cutAt(messages, cut, noteOf(leftOutBy(cut)))
  const over = history.tokens(cut, messages.length) - budget
  if (over <= 0) return { messages: kept, fits: true }
  // The question has a note now, and is counted as it was.
  const counted = (message: Message) =>
    cut !== undefined && message === kept[0] ? history.tokens(cut, cut.start) : tokensOf(message)
  const shorter = shortenResults(kept, counted, over)
  return { messages: shorter.messages, fits: shorter.freed >= over }
}

/** Cuts what does not fit. Where the newest messages alone are too much, their longest results of tools lose their middle. */
export const trimMessages = (messages: ReadonlyArray<Message>, options: TrimOptions): TrimmedMessages => {
  const history = new History(messages, options.tokensOf)
  const { cut, movedAt } = followGrowth(history, options)
  const leftOut = cut === undefined ? 0 : leftOutBy(cut)
  const first = fitted(history, cut, options)
  const last = history.cuts.at(-1)
  if (first.fits || last === undefined || last === cut || leftOutBy(last) === 0) return { ...first, leftOut, movedAt }
  return { ...fitted(history, last, options), leftOut: leftOutBy(last), movedAt: messages.length - 1 }
}
