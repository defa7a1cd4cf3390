/** Puts a summary in the place of the older turns because somebody wants it, however much room there is. */
import type { LanguageModel, Message, ModelRequest } from "@signalbox/model"
import { Effect } from "effect"
import { pendingCallsOf } from "../history.ts"
import { charactersPerTokenOfRoom } from "./compactHistory.ts"
import { isSaid, leaveTurns, withSummary } from "./cuts.ts"
import { summarise } from "./summarise.ts"
import type { TurnContext } from "./TurnContext.ts"

/** What became of a history that was to be compacted. */
export type CompactResult =
  | {
      readonly _tag: "Compacted"
      readonly summary: string
      /** Messages that it stands for. */
      readonly replaced: number
      /** How many messages that a user said are left, the newest ones. */
      readonly turnsLeft: number
      /** Tokens of the messages, as they are counted here. */
      readonly tokensBefore: number
      readonly tokensAfter: number
    }
  /** There was nothing to gain. */
  | { readonly _tag: "NotCompacted"; readonly reason: string }

const notCompacted = (reason: string): CompactResult => ({ _tag: "NotCompacted", reason })

/** The newest place that leaves so many of the newest messages: that of a question, or the end, where no turn is old enough. */
const placeToKeep = (messages: ReadonlyArray<Message>, preserveRecent: number): number => {
  const question = messages.findLastIndex(
    (message, index) => index > 0 && messages.length - index >= preserveRecent && isSaid(message)
  )
  if (question !== -1) return question
  // One long turn can be summarised as a whole, but not while somebody has still to answer its calls.
  return messages.length <= preserveRecent || pendingCallsOf(messages).length > 0 ? 0 : messages.length
}

export interface CompactNowOptions {
  readonly context: TurnContext | undefined
  readonly model: LanguageModel["Service"]
  /** A request with the whole history. */
  readonly request: ModelRequest
}

/** Writes the summary. What a summary may be as long as is not worth one. */
export const compactNow = Effect.fnUntraced(function* ({ context, model, request }: CompactNowOptions) {
  const { messages } = request
  if (context?.summary === undefined || context.window === undefined) return notCompacted("summaries are switched off")
  const { summary: wanted, window } = context
  const place = placeToKeep(messages, window.preserveRecent)
  if (place === 0)
    return notCompacted(`there is nothing before the newest ${window.preserveRecent} messages, which are kept`)
  const tokensOf = yield* window.count(request)
  const sum = (some: ReadonlyArray<Message>) => some.reduce((total, message) => total + tokensOf(message), 0)
  const replacedTokens = sum(messages.slice(0, place))
  if (replacedTokens <= wanted.maxTokens)
    return notCompacted(`the older messages have ${replacedTokens} tokens, and a summary may have ${wanted.maxTokens}`)
  const room = yield* window.room(request)
  const maxLength = Math.max(room, 1) * charactersPerTokenOfRoom
  const summary = yield* summarise(messages.slice(0, place), { model, ...wanted }, maxLength)
  if (summary === "") return notCompacted("the model wrote nothing")
  const turnsLeft = messages.slice(place).filter(isSaid).length
  const after = withSummary(leaveTurns(messages, turnsLeft), summary)
  const countAfter = yield* window.count({ ...request, messages: after })
  const tokensBefore = sum(messages)
  const tokensAfter = after.reduce((total, message) => total + countAfter(message), 0)
  if (tokensAfter >= tokensBefore) return notCompacted("the summary is no shorter than what it would stand for")
  return { _tag: "Compacted", summary, replaced: place, turnsLeft, tokensBefore, tokensAfter } satisfies CompactResult
})
