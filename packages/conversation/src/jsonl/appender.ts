/**
 * Writes to one file for all who want to at the same time: one of them holds the lock, and whatever has come meanwhile goes
 * along in the next write. The lock is kept while records keep coming, and let go of when another process has waited for a
 * while.
 */
import { Clock, Deferred, Duration, Effect, Exit, Fiber, type Scope } from "effect"
import type { ChatEvent } from "../events/ChatEvent.ts"
import type { StoreError } from "../events/errors.ts"
import { lineAt, place, type PreparedEvent } from "../events/prepareEvents.ts"
import type { FileLock } from "./FileLock.ts"
import type { OpenConversation } from "./openFiles.ts"
import { waitForLock } from "./waitForLock.ts"

/** Records of one caller, and where it is told what became of them. */
export interface AppendRequest {
  readonly events: ReadonlyArray<PreparedEvent>
  readonly done: Deferred.Deferred<ReadonlyArray<ChatEvent | undefined>, StoreError>
}

/** How long others wait at the most while records keep coming here. */
const holdMillis = 50

/** How often a process that waits for the lock reads what others have written: it would do it at their cost with the lock. */
const readAheadPause = Duration.millis(200)

/** How often others get a turn before the lock is let go of for want of records: a caller that is told adds more at once. */
const idleYields = 4

export interface AppenderOptions {
  readonly lock: FileLock["Service"]
  readonly lockTimeout: Duration.Duration
  /** Runs when a file was made: its name has to reach the disk as well. */
  readonly onCreated: Effect.Effect<void>
  /** Where the writing goes on when its caller goes away. */
  readonly scope: Scope.Scope
}

/** Ends when a file cannot be read without the lock: whoever gets it sees why. */
const readAhead = ({ file, mutex }: OpenConversation) =>
  mutex
    // What was begun is not read again with the lock.
    .withPermit(Effect.uninterruptible(file.lookAhead))
    .pipe(Effect.delay(readAheadPause), Effect.repeat({ while: (isTold) => isTold }), Effect.exit)

export const makeAppender = ({ lock, lockTimeout, onCreated, scope }: AppenderOptions) => {
  /** One write for all requests that there are. */
  const writeAll = Effect.fnUntraced(function* ({ file, pending }: OpenConversation, isFirst: boolean) {
    // Nobody else has written since the first.
    const { isNew, state } = yield* isFirst ? file.prepare : file.current
    const isNamed = pending.some(({ events }) => events.some(({ event }) => state.log.dependsOnWaiting(event)))
    if (isNamed) yield* file.readWhole
    const requests = pending.splice(0)
    let text = ""
    const answers = requests.map(({ events }) =>
      events.map((prepared) => {
        const event = place(state.log, prepared)
        if (event !== undefined) text += lineAt(event.seq, prepared.rest)
        return event
      })
    )
    const exit = yield* Effect.exit(
      text === "" ? Effect.void : Effect.andThen(file.write(text), isNew ? onCreated : Effect.void)
    )
    for (const [index, { done }] of requests.entries()) {
      Deferred.doneUnsafe(done, Effect.as(exit, answers[index] ?? []))
    }
  })

  const hold = Effect.fnUntraced(function* (conversation: OpenConversation) {
    const { file, mutex, pending } = conversation
    const reading = yield* Effect.forkChild(readAhead(conversation), { startImmediately: true })
    yield* Effect.ensuring(waitForLock(lock, file.path, lockTimeout), Fiber.interrupt(reading))
    let isFirst = true
    let looked = Number.POSITIVE_INFINITY
    while (pending.length > 0) {
      const write = mutex.withPermit(Effect.uninterruptible(writeAll(conversation, isFirst)))
      const isDue = (yield* Clock.currentTimeMillis) - looked >= holdMillis
      if (isDue) {
        const [, isWanted] = yield* Effect.all([write, lock.isWanted(file.path)], { concurrency: 2 })
        if (isWanted) return
      } else {
        yield* write
      }
      if (isDue || isFirst) looked = yield* Clock.currentTimeMillis
      isFirst = false
      for (let yields = 0; pending.length === 0 && yields < idleYields; yields++) yield* Effect.yieldNow
    }
  })

  const work = Effect.fnUntraced(function* (conversation: OpenConversation) {
    const { pending } = conversation
    while (pending.length > 0) {
      const exit = yield* Effect.exit(Effect.scoped(hold(conversation)))
      if (Exit.isSuccess(exit)) continue
      // Nobody gets what this attempt did not: they would wait as long for nothing.
      for (const { done } of pending.splice(0)) Deferred.doneUnsafe(done, Exit.failCause(exit.cause))
    }
    // At once: whoever comes now starts anew.
    conversation.isWriting = false
  })

  const append = Effect.fnUntraced(function* (conversation: OpenConversation, events: ReadonlyArray<PreparedEvent>) {
    const done = yield* Deferred.make<ReadonlyArray<ChatEvent | undefined>, StoreError>()
    const request: AppendRequest = { events, done }
    conversation.pending.push(request)
    if (!conversation.isWriting) {
      conversation.isWriting = true
      yield* Effect.forkIn(work(conversation), scope, { startImmediately: true })
    }
    return yield* Effect.onInterrupt(Deferred.await(done), () =>
      Effect.sync(() => {
        const index = conversation.pending.indexOf(request)
        if (index !== -1) conversation.pending.splice(index, 1)
      })
    )
  })
  return append
}
