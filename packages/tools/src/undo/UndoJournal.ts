/**
 * Files as they were before the tools changed them: one image for each change, in a folder that all processes of a
 * configuration share, within limits. A change is taken back only while the file is still what the change made of it.
 */
import { DateTime, Effect, FileSystem, Path, Random, Result, Schema } from "effect"
import { FileFailed, UndoRefused } from "../errors.ts"
import { makeProcessLock } from "../ProcessLock.ts"
import type { AroundWrite, Workspace, WorkspaceError } from "../paths/Workspace.ts"
import type { ChangedFile } from "../files/previewChange.ts"
import type { UndoOptions } from "../ToolsOptions.ts"

/** One change that can be taken back. */
export const FileChange = Schema.Struct({
  id: Schema.String,
  /** Where the file is. */
  path: Schema.String,
  at: Schema.DateTimeUtcFromString,
  /** The file was new: taking it back removes it. */
  wasNew: Schema.Boolean,
  /** The size of the image. */
  bytes: Schema.Int,
  mode: Schema.Int,
  /** SHA-256 of what the change made of it. */
  after: Schema.String
})
export type FileChange = typeof FileChange.Type

/** What can be taken back, and the way to do it. */
export interface UndoJournal {
  /** The latest first. */
  readonly list: Effect.Effect<ReadonlyArray<FileChange>, FileFailed>
  /** Puts the file back as it was before the change. That is a change as well, and can be taken back. */
  readonly revert: (id: string, workspace: Workspace) => Effect.Effect<FileChange, UndoRefused | WorkspaceError>
  /** A file as it was before a change and as that left it; nothing where the latter is not there any more. */
  readonly changedFile: (id: string, workspace: Workspace) => Effect.Effect<ChangedFile | undefined, FileFailed>
  /** Keeps an image of what is written over; for the workspace. */
  readonly aroundWrite: AroundWrite
}

const ChangeJson = Schema.fromJsonString(FileChange)

const digestOf = (bytes: Uint8Array): Effect.Effect<string> =>
  // A copy in memory of its own: the type of what is digested must not be shared memory.
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new Uint8Array(bytes))),
    (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )

/** The journal in a folder. */
export const makeUndoJournal = Effect.fnUntraced(function* ({ folder, maxBytes, maxChanges }: UndoOptions) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const lock = yield* makeProcessLock
  const failed = (cause: { readonly message: string }) => new FileFailed({ path: folder, reason: cause.message, cause })
  const locked =
    (file: string) =>
    <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | FileFailed> =>
      // A failure of the effect itself is told as it is.
      lock.hold(file)(Effect.exit(effect)).pipe(Effect.mapError(failed), Effect.flatten)
  const recordFile = (id: string) => path.join(folder, `${id}.json`)
  const imageFile = (id: string) => path.join(folder, `${id}.before`)

  /** A record that cannot be read is no reason to lose the others. */
  const readRecord = (name: string) =>
    Effect.result(Effect.flatMap(fs.readFileString(path.join(folder, name)), Schema.decodeUnknownEffect(ChangeJson)))

  const list = Effect.gen(function* () {
    if (!(yield* fs.exists(folder))) return []
    const names = (yield* fs.readDirectory(folder)).filter((name) => name.endsWith(".json"))
    const records = yield* Effect.forEach(names, readRecord, { concurrency: 8 })
    return records
      .flatMap((record) => (Result.isSuccess(record) ? [record.success] : []))
      .toSorted((a, b) => (a.id < b.id ? 1 : -1))
  }).pipe(Effect.mapError(failed))

  const forget = (id: string) =>
    Effect.forEach([recordFile(id), imageFile(id)], (file) => fs.remove(file, { force: true }), { discard: true })

  const prune = Effect.gen(function* () {
    let bytes = 0
    for (const [index, change] of (yield* list).entries()) {
      bytes += change.bytes
      if (index >= maxChanges || bytes > maxBytes) yield* forget(change.id)
    }
  })

  const aroundWrite: AroundWrite =
    ({ after, before, place, wasThere }) =>
    (write) => {
      // Nothing to go back to: what was there was too large to be kept.
      if ((wasThere && before === undefined) || (before?.bytes.length ?? 0) > maxBytes) return write
      const keep = Effect.gen(function* () {
        const at = yield* DateTime.now
        const suffix = (yield* Random.nextIntBetween(0, 2 ** 31)).toString(16).padStart(8, "0")
        const id = `${String(DateTime.toEpochMillis(at)).padStart(15, "0")}-${suffix}`
        yield* fs.makeDirectory(folder, { recursive: true, mode: 0o700 })
        yield* fs.writeFile(imageFile(id), before?.bytes ?? new Uint8Array(), { flag: "wx", mode: 0o600 })
        const change: FileChange = {
          id,
          path: place.real,
          at,
          wasNew: !wasThere,
          bytes: before?.bytes.length ?? 0,
          mode: before?.mode ?? 0,
          after: yield* digestOf(after)
        }
        const record = yield* Schema.encodeEffect(ChangeJson)(change)
        yield* fs.writeFileString(recordFile(id), record, { flag: "wx", mode: 0o600 })
        return id
      }).pipe(Effect.mapError(failed))
      return locked(path.join(folder, "journal"))(Effect.andThen(Effect.mapError(prune, failed), keep)).pipe(
        // A write that failed has changed nothing.
        Effect.flatMap((id) => Effect.onError(write, () => Effect.ignore(forget(id))))
      )
    }

  /** One after the other: what is put back is a change itself, and takes the other lock. */
  const revert: UndoJournal["revert"] = (id, workspace) => locked(path.join(folder, "revert"))(takeBack(id, workspace))

  const takeBack = Effect.fnUntraced(function* (id: string, workspace: Workspace) {
    const change = (yield* list).find((change) => change.id === id)
    if (change === undefined) return yield* new UndoRefused({ path: id, reason: "there is no such change" })
    const refuse = (reason: string) => new UndoRefused({ path: change.path, reason })
    const place = yield* workspace.policy.decide(change.path, "write")
    const putBack = Effect.gen(function* () {
      if (!place.exists) return yield* refuse("the file is not there any more")
      const now = yield* workspace.readBytes(place)
      if ((yield* digestOf(now.bytes)) !== change.after) return yield* refuse("the file has been changed since")
      if (change.wasNew) return yield* workspace.removeFile(place)
      const before = yield* Effect.mapError(fs.readFile(imageFile(id)), failed)
      yield* workspace.writeFile(place, before, { bytes: now.bytes, mode: change.mode })
    })
    yield* workspace.exclusive(place)(putBack)
    yield* Effect.mapError(forget(id), failed)
    return change
  })

  /** What a change left: the image of the next one of the same file, or the file itself. */
  const bytesAfter = Effect.fnUntraced(function* (change: FileChange, workspace: Workspace) {
    const later = (yield* list).findLast((other) => other.path === change.path && other.id > change.id)
    if (later !== undefined) return yield* Effect.mapError(fs.readFile(imageFile(later.id)), failed)
    const place = yield* workspace.policy.decide(change.path, "read")
    return (yield* workspace.readBytes(place)).bytes
  })

  const changedFile: UndoJournal["changedFile"] = Effect.fnUntraced(function* (id, workspace) {
    const change = (yield* list).find((change) => change.id === id)
    if (change === undefined) return undefined
    const after = yield* Effect.orElseSucceed(bytesAfter(change, workspace), () => undefined)
    if (after === undefined || (yield* digestOf(after)) !== change.after) return undefined
    const before = change.wasNew ? undefined : yield* Effect.mapError(fs.readFile(imageFile(id)), failed)
    return { path: change.path, before, after }
  })

  const journal: UndoJournal = { list, revert, changedFile, aroundWrite }
  return journal
})
