/**
 * Puts a summary in the place of the oldest turns, once they leave too little room for the next one. Between turns only:
 * within a turn the window leaves out what does not fit. When no summary can be had, the same happens, and is told.
 */
import { type LanguageModel, type Message, type ModelRequest, textMessage } from "@signalbox/model"
import { Effect } from "effect"
import { isSaid } from "./cuts.ts"
import type { ContextWindow } from "./ContextWindow.ts"
import { endsOf } from "./endsOf.ts"
import { type SummaryOptions, summarise } from "./summarise.ts"
import type { TurnContext } from "./TurnContext.ts"

/** What became of a history. */
export type Compaction =
  | {
      readonly _tag: "Compacted"
      readonly summary: string
      /** Messages that it stands for. */
      readonly replaced: number
      /** How many messages that a user said before are left, the newest ones. */
      readonly turnsLeft: number
    }
  | { readonly _tag: "Failed"; readonly reason: string }

/** From this share of the room on there is too little for a turn, and this much of it the newest turns may keep. */
const fullFrom = 0.8
const filledAfter = 0.5

/** What frees less is not worth asking a model: that would be done turn after turn. */
const leastFreed = 0.1

/** A summary takes at most this share of what it stands for, or the next step would leave out messages again. */
const longestShare = 0.5

/** Characters of the conversation that a summary is made from, for each token of room. */
export const charactersPerTokenOfRoom = 2

/** The oldest place that may stay: that of a question, so that whole turns go. Nothing where none can go. */
const placeToKeep = (
  messages: ReadonlyArray<Message>,
  tokensOf: (message: Message) => number,
  room: number,
  preserveRecent: number
): number | undefined => {
  let found: number | undefined
  let tokens = 0
  for (let index = messages.length - 1; index > 0; index--) {
    const message = messages[index]
    if (message === undefined) break
    tokens += tokensOf(message)
    const isPreserved = messages.length - index <= preserveRecent
    if (tokens > room * filledAfter && !isPreserved && found !== undefined) break
    if (isSaid(message)) found = index
  }
  return found
}

/** A summary without its middle, where a model wrote more tokens than it may have. */
const shortened = Effect.fnUntraced(function* (
  summary: string,
  most: number,
  window: ContextWindow,
  request: ModelRequest
) {
  const message = textMessage("user", summary)
  const tokens = (yield* window.count({ ...request, messages: [message] }))(message)
  if (tokens <= most) return summary
  const { head, tail } = endsOf(summary, Math.floor((summary.length * most) / tokens))
  return `${head} […] ${tail}`
})

/** What a session is compacted with. */
export interface CompactOptions {
  readonly context: TurnContext
  readonly model: LanguageModel["Service"]
  /** The request that is to come, the new question at the end of its messages. */
  readonly request: ModelRequest
  /** How many messages there were before the question. */
  readonly given: number
}

/** Writes a summary where one is wanted and needed. */
export const compactHistory = Effect.fnUntraced(function* ({ context, given, model, request }: CompactOptions) {
  const { summary: wanted, window } = context
  const { messages } = request
  // What is said within the last message, after results that were waited for, goes on with its turn.
  if (wanted === undefined || window === undefined || messages.length === given) return undefined
  if ((yield* window.fill(request)) <= fullFrom) return undefined
  const room = yield* window.room(request)
  const tokensOf = yield* window.count(request)
  const place = placeToKeep(messages, tokensOf, room, window.preserveRecent)
  const freed = messages.slice(0, place ?? 0).reduce((sum, message) => sum + tokensOf(message), 0)
  if (place === undefined || freed < room * leastFreed) return undefined
  const options = { model, ...wanted } satisfies SummaryOptions
  const written = yield* summarise(
    messages.slice(0, place),
    options,
    Math.max(room, 1) * charactersPerTokenOfRoom
  ).pipe(
    Effect.map((summary) => ({ summary, reason: "the model wrote nothing" })),
    Effect.catch((error) => Effect.succeed({ summary: "", reason: error.message }))
  )
  if (written.summary === "") {
    yield* Effect.logWarning("The history could not be summarised", { reason: written.reason })
    return { _tag: "Failed", reason: written.reason } satisfies Compaction
  }
  const turnsLeft = messages.slice(place, given).filter(isSaid).length
  const summary = yield* shortened(written.summary, freed * longestShare, window, request)
  return { _tag: "Compacted", summary, replaced: place, turnsLeft } satisfies Compaction
})

/** What a person is told. */
export const compactionNotice = (compaction: Compaction): { readonly code: string; readonly text: string } =>
  compaction._tag === "Compacted"
    ? {
        code: "CONTEXT_COMPACTED",
        text: `The history was compacted: ${compaction.replaced} messages → 1 summary.`
      }
    : {
        code: "CONTEXT_SUMMARY_FAILED",
        text: `The history could not be summarised (${compaction.reason}); its oldest messages are left out where there is no room.`
      }
