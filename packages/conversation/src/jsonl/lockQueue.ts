/**
 * Who waits for a lock, across processes: a ticket each in one folder for all locks, in the order in which they came. Only the
 * first asks for the lock. Without it whoever asks at the right moment has it, and of many processes some wait for ever.
 */
import { Clock, Effect, FileSystem, Path, type Scope } from "effect"
import type { HistoryUnavailable, LockTimeout } from "../events/errors.ts"
import type { DeadLocks } from "./deadLocks.ts"
import type { HolderFiles } from "./holderFiles.ts"

const folderName = ".waiting"

/** How long a place in the queue takes where nobody has moved yet. */
const usualMillis = 10

/** Between these who waits looks where it stands. */
const pauses = { minimum: 5, maximum: 150 }

/** How long who waits sleeps: half of the time that those before it will take. */
const pauseMillis = (before: number, millisEach: number): number =>
  Math.max(pauses.minimum, Math.min((before * millisEach) / 2, pauses.maximum))

/** How often it is looked whether the first one still lives. It costs more than to look who it is. */
const lookMillis = 200

/** Milliseconds since 1970 take as many digits until the year 5188. */
const timeDigits = 9

/** Those who wait for locks. */
export interface LockQueue {
  /** Whether anybody waits for the lock. */
  readonly isWaitedFor: (path: string) => Effect.Effect<boolean>
  /**
   * Runs the effect when nobody who came earlier waits any more; who comes later waits until it is over. The effect is told how
   * many milliseconds each of those before had the lock.
   */
  readonly inOrder: <A, E, R>(
    path: string,
    turn: (millisEach: number) => Effect.Effect<A, E, R>,
    limits: { readonly deadline: number; readonly timedOut: Effect.Effect<never, LockTimeout> }
  ) => Effect.Effect<A, E | LockTimeout | HistoryUnavailable, R>
}

export const makeLockQueue = Effect.fnUntraced(function* (
  files: HolderFiles,
  dead: DeadLocks
): Effect.fn.Return<LockQueue, never, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const pathOf = yield* Path.Path
  const scope = yield* Effect.scope

  const folderOf = (path: string) => pathOf.join(pathOf.dirname(path), folderName)
  const prefixOf = (path: string) => `${pathOf.basename(path)}.`

  /** The tickets for a lock, oldest first. */
  const tickets = (path: string) =>
    fs.readDirectory(folderOf(path)).pipe(
      // Nobody has ever waited here, or the folder cannot be read: then the lock tells.
      Effect.orElseSucceed((): ReadonlyArray<string> => []),
      Effect.map((names) => {
        const prefix = prefixOf(path)
        return names.filter((name) => name.startsWith(prefix) && isTicket(name.slice(prefix.length))).toSorted()
      })
    )

  const enter = Effect.fnUntraced(function* (path: string) {
    const now = yield* Clock.currentTimeMillis
    const ticket = `${prefixOf(path)}${now.toString(36).padStart(timeDigits, "0")}.${files.self.nonce}`
    yield* files.take(pathOf.join(folderOf(path), ticket))
    return ticket
  })

  const ticketsBefore = (path: string, ticket: string) =>
    Effect.map(tickets(path), (all) => all.filter((other) => other < ticket))

  return {
    isWaitedFor: (path) => Effect.map(tickets(path), (all) => all.length > 0),
    inOrder: (path, turn, { deadline, timedOut }) =>
      Effect.acquireUseRelease(
        enter(path),
        Effect.fnUntraced(function* (ticket) {
          let nextLook = 0
          const start = yield* Clock.currentTimeMillis
          let length: number | undefined
          while (true) {
            const before = yield* ticketsBefore(path, ticket)
            const [first] = before
            const now = yield* Clock.currentTimeMillis
            length ??= before.length
            const moved = length - before.length
            const millisEach = moved > 0 ? (now - start) / moved : usualMillis
            if (first === undefined) return yield* turn(millisEach)
            if (now >= nextLook) {
              if (yield* dead.remove(pathOf.join(folderOf(path), first))) continue
              nextLook = now + lookMillis
            }
            if (now >= deadline) return yield* timedOut
            yield* Effect.interruptible(Effect.sleep(pauseMillis(before.length, millisEach)))
          }
        }),
        // The next one has time until the lock is free.
        (ticket) =>
          Effect.forkIn(Effect.uninterruptible(files.release(pathOf.join(folderOf(path), ticket))), scope, {
            startImmediately: true
          })
      )
  }
})

const isTicket = (name: string): boolean => /^[0-9a-z]{9}\.[0-9a-f-]{36}$/.test(name)
