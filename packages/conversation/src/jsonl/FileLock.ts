/**
 * A lock that processes share: a file that only one of them can make. It is a hard link to a file that says who the process
 * is, so it is never there without its content, and taking it is one call of the system.
 *
 * Who waits stands in a queue, and only the first one asks for the lock: a process that lets go and comes back at once finds
 * the next one there. The lock of a dead process is removed under a lock of its own, named by
 * the dead one's nonce: a lock that was taken meanwhile is never removed in its place.
 */
import { Clock, Context, Duration, Effect, type FileSystem, Layer, type Path, type Scope, Semaphore } from "effect"
import { type HistoryUnavailable, LockTimeout } from "../events/errors.ts"
import { type HolderFiles, makeHolderFiles } from "./holderFiles.ts"
import { makeDeadLocks } from "./deadLocks.ts"
import { makeLockQueue } from "./lockQueue.ts"
import type { ProcessIdentities } from "./ProcessIdentities.ts"

/** How long a lock is waited for where nobody says otherwise. */
export const lockTimeout = Duration.seconds(30)

/** Locks that are shared with other processes. */
export class FileLock extends Context.Service<
  FileLock,
  {
    /** Holds `<path>.lock` until the scope is closed. The wait can be interrupted. */
    readonly acquire: (
      path: string,
      timeout?: Duration.Input
    ) => Effect.Effect<void, LockTimeout | HistoryUnavailable, Scope.Scope>
    /** Whether somebody waits for the lock. */
    readonly isWanted: (path: string) => Effect.Effect<boolean>
  }
>()("@signalbox/conversation/FileLock") {
  static readonly layer: Layer.Layer<FileLock, never, FileSystem.FileSystem | Path.Path | ProcessIdentities> =
    Layer.effect(
      FileLock,
      Effect.suspend(() => makeFileLock)
    )
}

/** Where those before had the lock for long, the first one leaves this part of it in peace, and no more than so many milliseconds. */
const peace = { part: 0.4, maximum: 20 }

/** How often the first one asks for the lock: soon at first, then less and less often. */
const pollMillis = (waitedMillis: number, millisEach: number): number =>
  waitedMillis < 100
    ? // The clock may have gone back.
      Math.max(1, Math.min(millisEach * peace.part, peace.maximum) - Math.max(0, waitedMillis))
    : waitedMillis < 5000
      ? 5
      : 25

/** How often it is looked whether the holder still lives. It costs more than to ask. */
const lookMillis = 50

const makeFileLock = Effect.gen(function* () {
  const files: HolderFiles = yield* makeHolderFiles
  const dead = yield* makeDeadLocks(files)
  const queue = yield* makeLockQueue(files, dead)

  const poll = Effect.fnUntraced(function* (path: string, deadline: number, millisEach: number) {
    const lock = `${path}.lock`
    const start = yield* Clock.currentTimeMillis
    let nextLook = start
    while (!(yield* files.take(lock))) {
      const now = yield* Clock.currentTimeMillis
      if (now >= nextLook) {
        nextLook = now + lookMillis
        if (yield* dead.remove(lock)) continue
      }
      if (now >= deadline) return yield* timedOut(path)
      yield* Effect.interruptible(Effect.sleep(pollMillis(now - start, millisEach)))
    }
  })

  const timedOut = Effect.fnUntraced(function* (path: string) {
    const holder = yield* files.read(`${path}.lock`)
    return yield* new LockTimeout({
      file: path,
      ...(holder === undefined ? {} : { holder: { pid: holder.pid, host: holder.host } })
    })
  })

  const take = Effect.fnUntraced(function* (path: string, deadline: number) {
    if (!(yield* queue.isWaitedFor(path)) && (yield* files.take(`${path}.lock`))) return
    yield* queue.inOrder(path, (millisEach) => poll(path, deadline, millisEach), { deadline, timedOut: timedOut(path) })
  })

  /** Those of this process who want a lock: they wait for each other here, in order, and only one of them asks for the file. */
  const queues = new Map<string, Queue>()

  const enter = (path: string) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const queue = queues.get(path) ?? { semaphore: Semaphore.makeUnsafe(1), length: 0 }
        queue.length++
        queues.set(path, queue)
        return queue
      }),
      (queue) => Effect.sync(() => void (--queue.length === 0 && queues.delete(path)))
    )

  return FileLock.of({
    acquire: Effect.fnUntraced(function* (path, given = lockTimeout) {
      const timeout = Duration.fromInputUnsafe(given)
      const start = yield* Clock.currentTimeMillis
      const deadline = Duration.isFinite(timeout) ? start + Duration.toMillis(timeout) : Infinity
      const { semaphore } = yield* enter(path)
      yield* Semaphore.takeScoped(semaphore, 1).pipe(
        Duration.isFinite(timeout)
          ? Effect.timeoutOrElse({ duration: timeout, orElse: () => timedOut(path) })
          : (wait) => wait
      )
      yield* Effect.acquireRelease(take(path, deadline), () => files.release(`${path}.lock`))
    }),
    isWanted: (path) =>
      Effect.suspend(() => ((queues.get(path)?.length ?? 0) > 1 ? Effect.succeed(true) : queue.isWaitedFor(path)))
  })
})

interface Queue {
  readonly semaphore: Semaphore.Semaphore
  /** The one who has the lock included. */
  length: number
}
