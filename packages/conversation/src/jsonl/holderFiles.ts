/**
 * The files that locks are links to: one of each process in each folder, with its name in it. While the process holds
 * anything it touches its files now and then; whoever cannot see the process itself sees that.
 */
import { Clock, Duration, Effect, FileSystem, Option, Path, Schema, type Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { HistoryUnavailable } from "../events/errors.ts"
import { ProcessIdentities } from "./ProcessIdentities.ts"

/** What a lock says of its holder. */
export const Holder = Schema.Struct({
  pid: Schema.Int,
  host: Schema.String,
  startTime: Schema.String,
  nonce: Schema.NonEmptyString
})
export type Holder = typeof Holder.Type

const HolderText = Schema.fromJsonString(Holder)

/** How often a process that holds something shows that it lives. */
export const beat = Duration.seconds(5)

/** After a hold of this length it is looked whether the lock is still ours: somebody may have thought us dead. */
const longHold = Duration.seconds(10)

const holderPrefix = ".holder-"

/** Taking and letting go of files of which each can only be there once. */
export interface HolderFiles {
  readonly self: Holder
  /** Whether it was free. */
  readonly take: (file: string) => Effect.Effect<boolean, HistoryUnavailable>
  readonly release: (file: string) => Effect.Effect<void>
  /** Whose it is; nothing where it is gone or cannot be read. */
  readonly read: (file: string) => Effect.Effect<Holder | undefined>
}

const unusable = (file: string) => (error: { readonly message: string }) =>
  new HistoryUnavailable({ file, reason: `it cannot be locked: ${error.message}` })

export const makeHolderFiles: Effect.Effect<
  HolderFiles,
  never,
  FileSystem.FileSystem | Path.Path | ProcessIdentities | Scope.Scope
> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const identities = yield* ProcessIdentities
  const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
  const scope = yield* Effect.scope
  const start = yield* identities.startOf(identities.pid)
  const self: Holder = {
    pid: identities.pid,
    host: identities.host,
    startTime: start._tag === "Alive" ? start.startTime : "",
    nonce: yield* random.uuidV4()
  }
  const text = JSON.stringify(self)
  const folders = new Set<string>()
  const held = new Map<string, number>()
  const cardOf = (folder: string) => path.join(folder, `${holderPrefix}${self.nonce}`)

  const read = (file: string) =>
    fs.readFileString(file).pipe(
      Effect.flatMap((content) => Schema.decodeEffect(HolderText)(content)),
      Effect.option,
      Effect.map(Option.getOrUndefined)
    )

  /** Puts our file into a folder, and takes away those of processes that are gone. */
  const enter = Effect.fnUntraced(function* (folder: string) {
    yield* fs.makeDirectory(folder, { recursive: true, mode: 0o700 })
    yield* fs.writeFileString(cardOf(folder), text, { mode: 0o600 })
    folders.add(folder)
    for (const name of yield* fs.readDirectory(folder)) {
      if (!name.startsWith(holderPrefix)) continue
      const file = path.join(folder, name)
      const holder = yield* read(file)
      if (holder === undefined || holder.host !== self.host) continue
      const found = yield* identities.startOf(holder.pid)
      const isGone = found._tag === "Gone" || (found._tag === "Alive" && found.startTime !== holder.startTime)
      // Another process does the same.
      if (isGone) yield* Effect.ignore(fs.remove(file, { force: true }))
    }
  })

  const link = (file: string) =>
    Effect.suspend(() => fs.link(cardOf(path.dirname(file)), file)).pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => error.reason._tag === "AlreadyExists",
        () => Effect.succeed(false)
      )
    )

  let isBeating = false
  /** Ends when nothing is held any more. */
  const beatWhileHeld = Effect.gen(function* () {
    while (true) {
      yield* Effect.sleep(beat)
      if (held.size === 0) break
      const now = (yield* Clock.currentTimeMillis) / 1000
      // A folder that is gone holds no locks.
      for (const folder of folders) yield* Effect.ignore(fs.utimes(cardOf(folder), now, now))
    }
    isBeating = false
  })

  const take = Effect.fnUntraced(function* (file: string) {
    const folder = path.dirname(file)
    if (!folders.has(folder)) yield* Effect.mapError(enter(folder), unusable(file))
    const isTaken = yield* link(file).pipe(
      // Somebody has emptied the folder.
      Effect.catchIf(
        (error) => error.reason._tag === "NotFound",
        () => Effect.andThen(enter(folder), link(file))
      ),
      Effect.mapError(unusable(file))
    )
    if (!isTaken) return false
    held.set(file, yield* Clock.currentTimeMillis)
    if (isBeating) return true
    isBeating = true
    yield* Effect.forkIn(beatWhileHeld, scope)
    return true
  })

  const release = Effect.fnUntraced(function* (file: string) {
    const since = held.get(file) ?? 0
    held.delete(file)
    const isLong = (yield* Clock.currentTimeMillis) - since >= Duration.toMillis(longHold)
    if (isLong && (yield* read(file))?.nonce !== self.nonce) {
      return yield* Effect.logWarning("A lock was taken from this process while it held it.", file)
    }
    yield* Effect.catch(fs.remove(file), (error) =>
      Effect.logWarning("A lock could not be removed.", file, error.message)
    )
  })

  yield* Effect.addFinalizer(() =>
    // What stays behind is taken away by the next process that comes.
    Effect.forEach(folders, (folder) => Effect.ignore(fs.remove(cardOf(folder), { force: true })), { discard: true })
  )
  return { self, take, release, read }
})
