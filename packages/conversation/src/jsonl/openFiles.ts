/**
 * The conversations that are in memory: those in use, and some that were used last. A conversation that is dropped is read
 * again when it is needed.
 */
import { Effect, Semaphore } from "effect"
import type { AppendRequest } from "./appender.ts"
import type { ConversationFile } from "./ConversationFile.ts"

/** One conversation, and who wants something of it. */
export interface OpenConversation {
  readonly file: ConversationFile
  /** Whoever reads or changes what is in memory. Where the lock of the file is needed too, that one comes first. */
  readonly mutex: Semaphore.Semaphore
  readonly pending: Array<AppendRequest>
  isWriting: boolean
  users: number
}

/** How many are kept that nobody uses. */
const maxIdle = 32

export const makeOpenFiles = (open: (conversationId: string) => Effect.Effect<ConversationFile>) => {
  // In the order of last use.
  const conversations = new Map<string, OpenConversation>()

  const acquire = Effect.fnUntraced(function* (id: string) {
    const known = conversations.get(id)
    const file = known?.file ?? (yield* open(id))
    // Another fiber may have been faster.
    const conversation = conversations.get(id) ?? {
      file,
      mutex: Semaphore.makeUnsafe(1),
      pending: [],
      isWriting: false,
      users: 0
    }
    conversations.delete(id)
    conversations.set(id, conversation)
    conversation.users++
    return conversation
  })

  const isIdle = ({ isWriting, users }: OpenConversation) => users === 0 && !isWriting

  const release = Effect.fnUntraced(function* (conversation: OpenConversation) {
    conversation.users--
    const idle = [...conversations].filter(([, other]) => isIdle(other))
    for (const [id, other] of idle.slice(0, Math.max(0, idle.length - maxIdle))) {
      conversations.delete(id)
      yield* other.file.closeHandle
    }
  })

  const use = <A, E, R>(id: string, effect: (conversation: OpenConversation) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(acquire(id), effect, release)

  const closeAll = Effect.suspend(() =>
    Effect.forEach([...conversations.values()], ({ file }) => file.closeHandle, { discard: true })
  )
  return { closeAll, use }
}
