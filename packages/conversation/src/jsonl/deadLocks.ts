/**
 * Locks of processes that are gone. On the same system a process is gone when its id is, or belongs to one that started at
 * another time; a living one is never robbed, however long it does nothing. Where that cannot be told, a lock counts as left
 * when its file was not touched for a while: measured with the clock of who looks, since those of two systems may differ.
 */
import { Clock, Duration, Effect, FileSystem, Option } from "effect"
import { HistoryUnavailable } from "../events/errors.ts"
import { beat, type Holder, type HolderFiles } from "./holderFiles.ts"
import { ProcessIdentities } from "./ProcessIdentities.ts"

/** So long nobody is silent who lives. */
const silence = Duration.times(beat, 4)

interface Seen {
  readonly nonce: string
  readonly touched: number
  readonly since: bigint
}

/** Finds and removes locks that nobody holds any more. */
export interface DeadLocks {
  /** Whether it was removed, or somebody else was faster. */
  readonly remove: (file: string) => Effect.Effect<boolean, HistoryUnavailable>
}

export const makeDeadLocks = Effect.fnUntraced(function* (files: HolderFiles) {
  const fs = yield* FileSystem.FileSystem
  const identities = yield* ProcessIdentities
  const seen = new Map<string, Seen>()

  /** Whether the file has not been touched for too long since we first saw it like this. */
  const isSilent = Effect.fnUntraced(function* (file: string, { nonce }: Holder) {
    const stat = Option.getOrUndefined(yield* Effect.option(fs.stat(file)))
    const touched = stat === undefined ? undefined : Option.getOrUndefined(stat.mtime)?.getTime()
    if (touched === undefined) return false
    const now = yield* Clock.monotonicTimeNanos
    const before = seen.get(file)
    if (before?.nonce === nonce && before.touched === touched)
      return now - before.since >= Duration.toNanosUnsafe(silence)
    seen.set(file, { nonce, touched, since: now })
    return false
  })

  const isDead = Effect.fnUntraced(function* (file: string, holder: Holder) {
    if (holder.nonce === files.self.nonce) return false
    if (holder.host !== identities.host) return yield* isSilent(file, holder)
    const found = yield* identities.startOf(holder.pid)
    if (found._tag === "Unknown") return yield* isSilent(file, holder)
    return found._tag === "Gone" || found.startTime !== holder.startTime
  })

  const remove = (file: string): Effect.Effect<boolean, HistoryUnavailable> =>
    Effect.gen(function* () {
      const holder = yield* files.read(file)
      if (holder === undefined || !(yield* isDead(file, holder))) return false
      seen.delete(file)
      // Only one process can remove the lock of this holder, and the lock cannot become this holder's again.
      const right = `${file}-${holder.nonce}`
      const isOurs = yield* files.take(right)
      if (!isOurs) return yield* remove(right)
      yield* Effect.ensuring(
        Effect.gen(function* () {
          if ((yield* files.read(file))?.nonce === holder.nonce) yield* fs.remove(file)
        }),
        files.release(right)
      ).pipe(
        Effect.mapError(({ message }) => new HistoryUnavailable({ file, reason: `a dead process left it: ${message}` }))
      )
      return true
    }).pipe(Effect.uninterruptible)

  return { remove } satisfies DeadLocks
})
