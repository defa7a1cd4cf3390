/**
 * The notices that a list of the server has changed. A notice that comes before the first reader is kept for it:
 * servers like to send one right after the handshake.
 */
import { Effect, PubSub, type Scope, Stream } from "effect"

/** The lists that change. */
export type ListKind = "tools" | "prompts" | "resources"
export const listKinds: ReadonlyArray<ListKind> = ["tools", "prompts", "resources"]

/** The changes of one list. */
export interface Changes {
  readonly announce: () => void
  /** Grows with each change, so that what was read before can be told from what was read after. */
  readonly revision: () => number
  readonly stream: Stream.Stream<void>
}

/** No changes yet. The scope ends the stream. */
export const makeChanges: Effect.Effect<Changes, never, Scope.Scope> = Effect.gen(function* () {
  const notices = yield* Effect.acquireRelease(PubSub.sliding<void>({ capacity: 1, replay: 1 }), PubSub.shutdown)
  let revision = 0
  return {
    announce: () => {
      revision += 1
      PubSub.publishUnsafe(notices, undefined)
    },
    revision: () => revision,
    stream: Stream.fromPubSub(notices)
  }
})
