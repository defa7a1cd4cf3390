/**
 * The conversations that are in memory, each with its file.
 */
import { Effect, Semaphore } from "effect"
import { makeOpenConversations, type OpenConversations } from "../store/openConversations.ts"
import type { AppendRequest } from "./appender.ts"
import type { ConversationFile } from "./ConversationFile.ts"

/** One conversation, and who wants something of it. */
export interface OpenConversation {
  readonly file: ConversationFile
  /** Whoever reads or changes what is in memory. Where the lock of the file is needed too, that one comes first. */
  readonly mutex: Semaphore.Semaphore
  readonly pending: Array<AppendRequest>
  isWriting: boolean
}

export const makeOpenFiles = (
  open: (conversationId: string) => Effect.Effect<ConversationFile>
): OpenConversations<OpenConversation> =>
  makeOpenConversations({
    open: (conversationId) =>
      Effect.map(open(conversationId), (file) => ({
        file,
        mutex: Semaphore.makeUnsafe(1),
        pending: [],
        isWriting: false
      })),
    isBusy: ({ isWriting }) => isWriting,
    close: ({ file }) => file.closeHandle
  })
