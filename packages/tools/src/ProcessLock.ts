/**
 * A file that says that somebody is at work, for all processes of this machine. The lock of a process that died is taken
 * over once it is old.
 */
import { Clock, Duration, Effect, FileSystem, Path, type PlatformError, Random, Schedule } from "effect"

/** Runs effects that name the same file one after the other, whatever process they are in. */
export interface ProcessLock {
  /** The folder of the file is made where it is missing. Fails where the lock cannot be taken. */
  readonly hold: (
    file: string
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | PlatformError.PlatformError, R>
}

/** A holder writes within milliseconds: who has not come back by then never will. */
const staleAfter = Duration.toMillis("10 seconds")
const patience = Schedule.spaced("10 millis").pipe(Schedule.jittered, Schedule.upTo({ duration: "15 seconds" }))

/** The lock over the files of a file system. */
export const makeProcessLock: Effect.Effect<ProcessLock, never, FileSystem.FileSystem | Path.Path> = Effect.gen(
  function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path

    /** A lock that is too old is moved away first: of two who find it only one can do that. */
    const breakStale = Effect.fnUntraced(function* (lock: string) {
      const now = yield* Clock.currentTimeMillis
      const info = yield* fs.stat(lock)
      const modified = info.mtime._tag === "Some" ? info.mtime.value.getTime() : now
      if (now - modified < staleAfter) return
      const grave = `${lock}.${yield* Random.nextIntBetween(0, 2 ** 31)}`
      yield* Effect.andThen(fs.rename(lock, grave), fs.remove(grave))
    })

    const take = (lock: string) =>
      fs.writeFileString(lock, "", { flag: "wx", mode: 0o600 }).pipe(
        Effect.tapError(({ reason }) =>
          // Gone by now, or broken by somebody else: the next try will see.
          reason._tag === "AlreadyExists" ? Effect.ignore(breakStale(lock)) : Effect.void
        ),
        Effect.retry({ schedule: patience, while: ({ reason }) => reason._tag === "AlreadyExists" })
      )

    return {
      hold: (file) => (effect) => {
        const lock = `${file}.lock`
        return Effect.acquireUseRelease(
          fs
            .makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 })
            .pipe(Effect.andThen(Effect.interruptible(take(lock)))),
          () => effect,
          // Without it the next one waits until the lock is old.
          () => Effect.ignore(fs.remove(lock))
        )
      }
    }
  }
)
