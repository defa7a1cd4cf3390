/**
 * The conversations that are in memory. What is there is a part of what the database has: it is asked for the rest each time.
 */
import { type EventLog, makeOpenConversations } from "@signalbox/conversation/store"
import { Effect, Semaphore } from "effect"

/** What was read of a conversation, and of which state of it. */
export interface Loaded {
  readonly id: string
  readonly epoch: string
  readonly log: EventLog
  /** The place that was given away last. */
  lastSeq: number
}

export interface OpenLog {
  readonly conversationId: string
  readonly key: string
  /** Whoever reads or changes what is in memory. */
  readonly mutex: Semaphore.Semaphore
  loaded: Loaded | undefined
}

/** Runs something with the log of a conversation, alone. */
export const makeOpenLogs = (keyOf: (conversationId: string) => Effect.Effect<string>) => {
  const { use } = makeOpenConversations<OpenLog>({
    open: (conversationId) =>
      Effect.map(keyOf(conversationId), (key) => ({
        conversationId,
        key,
        mutex: Semaphore.makeUnsafe(1),
        loaded: undefined
      }))
  })
  return <A, E, R>(conversationId: string, effect: (open: OpenLog) => Effect.Effect<A, E, R>) =>
    use(conversationId, (open) => open.mutex.withPermit(effect(open)))
}
