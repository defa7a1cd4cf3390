/**
 * The verbs of a store over two that each store has in its own way: the log of a conversation as it is now, and adding to it.
 */
import { Effect } from "effect"
import type { ChatEvent, ChatEventType, NewEvent } from "./ChatEvent.ts"
import type { StoreError } from "./errors.ts"
import { compaction, deltaKind, type EventLog } from "./EventLog.ts"
import { type CountTokens, lastTokens } from "./windows.ts"

/** Which records of a conversation. */
export interface EventQuery {
  /** So many of the newest, oldest first; all where it is absent. */
  readonly limit?: number
  /** `conversation`, the default, is what was said and done; `all` has what was noted beside it, without what later records made superfluous. */
  readonly include?: "conversation" | "all"
}

/** The whole answer that takes the place of its pieces. */
export type CompactedAnswer = Pick<
  Extract<NewEvent, { type: "assistant_message" }>,
  "content" | "index" | "model" | "usage"
>

/** What a store brings itself. */
export interface StoreParts {
  /** With all that other processes have added by now. */
  readonly read: (conversationId: string) => Effect.Effect<EventLog, StoreError>
  /** What was added; nothing in the place of what was there already. */
  readonly append: (
    conversationId: string,
    events: ReadonlyArray<NewEvent>
  ) => Effect.Effect<ReadonlyArray<ChatEvent | undefined>, StoreError>
}

/** To note where it was called from takes a tenth of what it takes to add a record. */
const noStack = { captureStackTrace: false }

/** The verbs that are the same for all stores. */
export const eventVerbs = ({ append, read }: StoreParts) => ({
  addEvent: (conversationId: string, event: NewEvent) =>
    append(conversationId, [event]).pipe(
      Effect.map(([added]) => added !== undefined),
      Effect.withSpan("EventStore.addEvent", {}, noStack)
    ),
  addEvents: (conversationId: string, events: ReadonlyArray<NewEvent>) =>
    append(conversationId, events).pipe(
      Effect.map((added) => added.map((event) => event !== undefined)),
      Effect.withSpan("EventStore.addEvents", {}, noStack)
    ),
  eventExists: Effect.fn("EventStore.eventExists")((conversationId: string, type: ChatEventType, requestId: string) =>
    Effect.map(read(conversationId), (log) => log.ofRequest(requestId, type).length > 0)
  ),
  getEvents: Effect.fn("EventStore.getEvents")((conversationId: string, query: EventQuery = {}) =>
    Effect.map(read(conversationId), (log) => {
      const found = query.include === "all" ? log.all.filter((event) => !log.isHidden(event)) : log.conversation()
      return query.limit === undefined ? found : query.limit <= 0 ? [] : found.slice(-query.limit)
    })
  ),
  lastTokens: Effect.fn("EventStore.lastTokens")(
    (conversationId: string, options: CountTokens & { readonly tokens: number }) =>
      Effect.map(read(conversationId), (log) => lastTokens(log.conversation(), options))
  ),
  getEventByRequestId: Effect.fn("EventStore.getEventByRequestId")(
    (conversationId: string, requestId: string, type?: ChatEventType) =>
      Effect.map(read(conversationId), (log) => log.ofRequest(requestId, type)[0])
  ),
  getLastAssistantReplyId: Effect.fn("EventStore.getLastAssistantReplyId")(
    (conversationId: string, requestId: string) =>
      Effect.map(read(conversationId), (log) => log.ofRequest(requestId, "assistant_message").at(-1)?.id)
  ),
  compactDeltas: Effect.fn("EventStore.compactDeltas")(function* (
    conversationId: string,
    requestId: string,
    answer: CompactedAnswer
  ) {
    const find = (log: EventLog) =>
      log.ofRequest(requestId, "assistant_message").find(({ index }) => (index ?? 0) === (answer.index ?? 0))
    const known = find(yield* read(conversationId))
    if (known !== undefined) return known.id
    const [added] = yield* append(conversationId, [
      { ...answer, type: "assistant_message", role: "assistant", request_id: requestId },
      compaction(requestId, [deltaKind])
    ])
    // Another process may have been faster between the two.
    return added?.id ?? find(yield* read(conversationId))?.id ?? requestId
  })
})
