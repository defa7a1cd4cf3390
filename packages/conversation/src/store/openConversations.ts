/**
 * What a store has in memory of its conversations: those in use, and some that were used last. One that is dropped is opened again
 * when it is needed.
 */
import { Effect } from "effect"

/** How many are kept that nobody uses. */
const maxIdle = 32

/** What a conversation in memory is. */
export interface OpenConversationsOptions<A> {
  /** May run twice for one conversation at the same time; the first result counts. */
  readonly open: (conversationId: string) => Effect.Effect<A>
  /** Whether it is still at work for nobody who waits; without it none is. */
  readonly isBusy?: (conversation: A) => boolean
  /** Runs for one that is dropped. */
  readonly close?: (conversation: A) => Effect.Effect<void>
}

/** The conversations of one store. */
export interface OpenConversations<A> {
  /** Gives the effect the conversation, which stays in memory until it is over. */
  readonly use: <B, E, R>(
    conversationId: string,
    effect: (conversation: A) => Effect.Effect<B, E, R>
  ) => Effect.Effect<B, E, R>
  /** Closes all, in use or not. */
  readonly closeAll: Effect.Effect<void>
}

interface Entry<A> {
  readonly conversation: A
  users: number
}

/** Begins without any. */
export const makeOpenConversations = <A>({
  close = () => Effect.void,
  isBusy = () => false,
  open
}: OpenConversationsOptions<A>): OpenConversations<A> => {
  // In the order of last use.
  const entries = new Map<string, Entry<A>>()

  const acquire = Effect.fnUntraced(function* (id: string) {
    const known = entries.get(id)
    const conversation = known === undefined ? yield* open(id) : known.conversation
    // Another fiber may have been faster.
    const entry = entries.get(id) ?? { conversation, users: 0 }
    entries.delete(id)
    entries.set(id, entry)
    entry.users++
    return entry
  })

  const release = Effect.fnUntraced(function* (entry: Entry<A>) {
    entry.users--
    if (entries.size <= maxIdle) return
    const idle = [...entries].filter(([, { conversation, users }]) => users === 0 && !isBusy(conversation))
    for (const [id, { conversation }] of idle.slice(0, Math.max(0, idle.length - maxIdle))) {
      entries.delete(id)
      yield* close(conversation)
    }
  })

  return {
    use: (id, effect) => Effect.acquireUseRelease(acquire(id), ({ conversation }) => effect(conversation), release),
    closeAll: Effect.suspend(() =>
      Effect.forEach([...entries.values()], ({ conversation }) => close(conversation), { discard: true })
    )
  }
}
