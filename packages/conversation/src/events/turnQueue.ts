/** The turns of one process: those of a conversation wait for each other, in the order in which they came. */
import { Duration, Effect, type Scope, Semaphore } from "effect"
import { LockTimeout } from "./errors.ts"

interface TurnLock {
  readonly semaphore: Semaphore.Semaphore
  /** The one who has it included. */
  users: number
}

/** Holds the conversation until the scope is closed, or fails when others do so for too long. */
export type TurnQueue = (
  conversationId: string,
  timeout: Duration.Input
) => Effect.Effect<void, LockTimeout, Scope.Scope>

/** For a store: the part of `lockTurn` that is about this process alone. */
export const makeTurnQueue = (): TurnQueue => {
  const turns = new Map<string, TurnLock>()

  const enter = (id: string) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const lock = turns.get(id) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
        lock.users++
        turns.set(id, lock)
        return lock
      }),
      (lock) => Effect.sync(() => void (--lock.users === 0 && turns.delete(id)))
    )

  return Effect.fnUntraced(function* (id, timeout) {
    const { semaphore } = yield* enter(id)
    yield* Semaphore.takeScoped(semaphore, 1).pipe(
      Effect.timeoutOrElse({
        duration: Duration.fromInputUnsafe(timeout),
        orElse: () => Effect.fail(turnTimeout(id))
      })
    )
  })
}

/** What a turn fails with that waited too long. */
export const turnTimeout = (conversationId: string): LockTimeout =>
  new LockTimeout({ file: `conversation ${conversationId}`, isTurn: true })
