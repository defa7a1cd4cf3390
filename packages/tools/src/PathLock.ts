/**
 * One change of a file at a time: two edits of the same file read what the other has written. Locks are kept only
 * while somebody holds or waits for them.
 */
import { Effect, Semaphore } from "effect"

/** Runs effects that name the same key one after the other. */
export interface PathLock {
  readonly hold: (key: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Makes a lock that nobody holds. */
export const makePathLock = (): PathLock => {
  const held = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return {
    hold: (key) => (effect) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const entry = held.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
          entry.users++
          held.set(key, entry)
          return entry
        }),
        ({ semaphore }) => semaphore.withPermit(effect),
        (entry) =>
          Effect.sync(() => {
            entry.users--
            if (entry.users === 0) held.delete(key)
          })
      )
  }
}
