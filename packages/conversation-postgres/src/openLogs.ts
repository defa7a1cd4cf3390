/**
 * The conversations that are in memory: those in use, and some that were used last. What is in memory is a part of what the
 * database has: it is asked for the rest each time.
 */
import type { EventLog } from "@signalbox/conversation/store"
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
  users: number
}

/** How many are kept that nobody uses. */
const maxIdle = 32

/** Runs something with the log of a conversation, alone. */
export const makeOpenLogs = (keyOf: (conversationId: string) => Effect.Effect<string>) => {
  // In the order of last use.
  const logs = new Map<string, OpenLog>()

  const acquire = Effect.fnUntraced(function* (conversationId: string) {
    const key = logs.get(conversationId)?.key ?? (yield* keyOf(conversationId))
    // Another fiber may have been faster.
    const open = logs.get(conversationId) ?? {
      conversationId,
      key,
      mutex: Semaphore.makeUnsafe(1),
      loaded: undefined,
      users: 0
    }
    logs.delete(conversationId)
    logs.set(conversationId, open)
    open.users++
    return open
  })

  const release = (open: OpenLog) =>
    Effect.sync(() => {
      open.users--
      const idle = [...logs].filter(([, { users }]) => users === 0)
      for (const [id] of idle.slice(0, Math.max(0, idle.length - maxIdle))) logs.delete(id)
    })

  return <A, E, R>(conversationId: string, effect: (open: OpenLog) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(acquire(conversationId), (open) => open.mutex.withPermit(effect(open)), release)
}
