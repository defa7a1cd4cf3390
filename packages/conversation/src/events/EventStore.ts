/**
 * Where conversations are kept. A record that was acknowledged is there for good, for every process that looks; one that
 * was not may be there or not.
 */
import { Context, type Duration, Effect, Layer, type Scope } from "effect"
import type { ChatEvent, ChatEventType, NewEvent } from "./ChatEvent.ts"
import type { StoreError } from "./errors.ts"
import { EventLog } from "./EventLog.ts"
import { type CompactedAnswer, type EventQuery, eventVerbs } from "./eventVerbs.ts"
import { makePrepare, place } from "./prepareEvents.ts"
import { makeTurnQueue } from "./turnQueue.ts"
import type { CountTokens } from "./windows.ts"

/** Conversations that outlive the program, record by record. */
export class EventStore extends Context.Service<
  EventStore,
  {
    /** Whether it was added; `false` for what is there already. */
    readonly addEvent: (conversationId: string, event: NewEvent) => Effect.Effect<boolean, StoreError>
    /** Adds all in one write, in this order and with no record of others between them. */
    readonly addEvents: (
      conversationId: string,
      events: ReadonlyArray<NewEvent>
    ) => Effect.Effect<ReadonlyArray<boolean>, StoreError>
    readonly eventExists: (
      conversationId: string,
      type: ChatEventType,
      requestId: string
    ) => Effect.Effect<boolean, StoreError>
    /** Oldest first. */
    readonly getEvents: (
      conversationId: string,
      query?: EventQuery
    ) => Effect.Effect<ReadonlyArray<ChatEvent>, StoreError>
    /** The newest that fit, oldest first. Never a result without its call. */
    readonly lastTokens: (
      conversationId: string,
      options: CountTokens & { readonly tokens: number }
    ) => Effect.Effect<ReadonlyArray<ChatEvent>, StoreError>
    readonly getEventByRequestId: (
      conversationId: string,
      requestId: string,
      type?: ChatEventType
    ) => Effect.Effect<ChatEvent | undefined, StoreError>
    /** The id of the newest answer of a request. */
    readonly getLastAssistantReplyId: (
      conversationId: string,
      requestId: string
    ) => Effect.Effect<string | undefined, StoreError>
    /** Puts the whole answer in place of its pieces, and answers with its id: the same one each time. */
    readonly compactDeltas: (
      conversationId: string,
      requestId: string,
      answer: CompactedAnswer
    ) => Effect.Effect<string, StoreError>
    /** In no order that means anything. */
    readonly listConversations: Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Whether there was one. */
    readonly removeConversation: (conversationId: string) => Effect.Effect<boolean, StoreError>
    /** Frees the space of what later records made superfluous, and answers with the number of bytes that became free. */
    readonly compact: (conversationId: string) => Effect.Effect<number, StoreError>
    /** Keeps turns of the conversation in other programs, and in this one, waiting until the scope is closed. */
    readonly lockTurn: (conversationId: string, timeout: Duration.Input) => Effect.Effect<void, StoreError, Scope.Scope>
  }
>()("@signalbox/conversation/EventStore") {
  /** Keeps conversations in memory: they are forgotten with the program. */
  static readonly layerMemory: Layer.Layer<EventStore> = Layer.effect(
    EventStore,
    Effect.suspend(() => makeMemory)
  )
}

/** Records go through their written form all the same: what this store takes, every other one takes. */
const makeMemory = Effect.map(makePrepare, (prepare) => {
  const logs = new Map<string, EventLog>()
  const lockTurn = makeTurnQueue()

  const append = Effect.fnUntraced(function* (conversationId: string, events: ReadonlyArray<NewEvent>) {
    const prepared = yield* prepare(conversationId, events)
    const log = logs.get(conversationId) ?? new EventLog()
    logs.set(conversationId, log)
    return prepared.map((event) => place(log, event))
  })

  return EventStore.of({
    ...eventVerbs({ read: (id) => Effect.sync(() => logs.get(id) ?? new EventLog()), append }),
    listConversations: Effect.sync(() => [...logs.keys()]),
    removeConversation: (id) => Effect.sync(() => logs.delete(id)),
    compact: (id) =>
      Effect.sync(() => {
        const log = logs.get(id)
        if (log === undefined) return 0
        const kept = new EventLog()
        for (const event of log.all) if (!log.isSuperfluous(event)) kept.add(event)
        logs.set(id, kept)
        return JSON.stringify(log.all).length - JSON.stringify(kept.all).length
      }),
    lockTurn
  })
})
