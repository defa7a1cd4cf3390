/**
 * Conversations as files of a folder that any number of processes share. What was acknowledged is in the file, on the disk
 * with `durability: fsync`; records that are added at the same time go there in one write.
 */
import { Duration, Effect, FileSystem, Layer, Path } from "effect"
import type { NewEvent } from "../events/ChatEvent.ts"
import type { StoreError } from "../events/errors.ts"
import { EventStore } from "../events/EventStore.ts"
import { eventVerbs } from "../events/eventVerbs.ts"
import { makePrepare } from "../events/prepareEvents.ts"
import { makeAppender } from "./appender.ts"
import { compactFile } from "./compactFile.ts"
import { makeConversationFile } from "./ConversationFile.ts"
import { fileError, isMissing } from "./fileErrors.ts"
import { FileLock, lockTimeout } from "./FileLock.ts"
import { fileNameOf, idOfFileName } from "./fileNames.ts"
import { makeOpenFiles, type OpenConversation } from "./openFiles.ts"
import { resultFolderOf } from "./resultFiles.ts"
import { waitForLock } from "./waitForLock.ts"

/** How conversations are kept in files. */
export interface JsonlOptions {
  /** Made when something is first written. */
  readonly folder: string
  /** `fsync`: what counts survives a power cut. `flush`: it survives the end of the process. */
  readonly durability: "fsync" | "flush"
  /**
   * Whether `O_SYNC` puts what is written on the disk, as on Linux: a record is then one call of the system in the place of two.
   * On macOS only `fsync` does. `false` where it is absent.
   */
  readonly writesThrough?: boolean
  /** Refuses to start over a file with unreadable lines, instead of setting them aside. */
  readonly strict: boolean
  /** How long a file is waited for that another process has locked; 30 seconds where it is absent. */
  readonly lockTimeout?: Duration.Input
}

/** Keeps each conversation in a file `<id>.jsonl`. Fails when it is strict and finds lines that are no records. */
export const layerJsonl = (
  options: JsonlOptions
): Layer.Layer<EventStore, StoreError, FileLock | FileSystem.FileSystem | Path.Path> =>
  Layer.effect(EventStore, makeStore(options))

const makeStore = Effect.fnUntraced(function* (options: JsonlOptions) {
  const fs = yield* FileSystem.FileSystem
  const pathOf = yield* Path.Path
  const lock = yield* FileLock
  const scope = yield* Effect.scope
  const prepare = yield* makePrepare
  const timeout = Duration.fromInputUnsafe(options.lockTimeout ?? lockTimeout)
  const isDurable = options.durability === "fsync"
  const syncs = !isDurable ? "never" : options.writesThrough === true ? "onWrite" : "afterWrite"
  const { folder } = options
  const inFolder = (name: string) => pathOf.join(folder, name)

  const files = makeOpenFiles((conversationId) =>
    Effect.flatMap(fileNameOf(conversationId), (name) =>
      makeConversationFile({ path: inFolder(name), folder, conversationId, isStrict: options.strict, syncs })
    ).pipe(Effect.provideService(FileSystem.FileSystem, fs))
  )
  yield* Effect.addFinalizer(() => files.closeAll)

  /** Not every system can do it, and those that cannot keep names by themselves. */
  const syncFolder = Effect.flatMap(fs.open(folder), (folder) => folder.sync).pipe(
    Effect.scoped,
    // See above.
    Effect.ignore
  )
  const append = makeAppender({ lock, lockTimeout: timeout, onCreated: isDurable ? syncFolder : Effect.void, scope })

  const locked = <A, E>(conversation: OpenConversation, effect: Effect.Effect<A, E>) =>
    waitForLock(lock, conversation.file.path, timeout).pipe(
      Effect.andThen(Effect.uninterruptible(conversation.mutex.withPermit(effect))),
      Effect.scoped
    )

  const read = (id: string) =>
    files.use(id, (conversation) =>
      Effect.flatMap(conversation.mutex.withPermit(conversation.file.look), (log) =>
        log === undefined ? locked(conversation, conversation.file.lookLocked) : Effect.succeed(log)
      )
    )

  const names = fs.readDirectory(folder).pipe(
    Effect.catchIf(isMissing, () => Effect.succeed<Array<string>>([])),
    Effect.mapError(fileError(folder))
  )

  /** Only the file itself has the id that its name was cut from. */
  const idInFile = (name: string) =>
    makeConversationFile({ path: inFolder(name), folder, conversationId: name, isStrict: false, syncs: "never" }).pipe(
      Effect.flatMap(({ look }) => look),
      Effect.map((log) => log?.all[0]?.conversation_id),
      Effect.provideService(FileSystem.FileSystem, fs)
    )

  const listConversations = Effect.gen(function* () {
    const ids: Array<string> = []
    for (const name of yield* names) {
      const named = idOfFileName(name)
      const id = named === "cut" ? yield* idInFile(name) : named?.id
      if (id !== undefined) ids.push(id)
    }
    return ids
  })

  const store = EventStore.of({
    ...eventVerbs({
      read,
      append: Effect.fnUntraced(function* (id: string, events: ReadonlyArray<NewEvent>) {
        const prepared = yield* prepare(id, events)
        if (prepared.length === 0) return []
        return yield* files.use(id, (conversation) => append(conversation, prepared))
      })
    }),
    listConversations,
    removeConversation: Effect.fn("EventStore.removeConversation")((id) =>
      files.use(id, (conversation) => {
        const { file } = conversation
        const remove = fs.remove(file.path).pipe(
          Effect.as(true),
          Effect.catchIf(isMissing, () => Effect.succeed(false)),
          Effect.mapError(fileError(file.path)),
          // Most conversations have none.
          Effect.tap(() => Effect.ignore(fs.remove(`${file.path}.rejected`))),
          // See above; what is left of them goes after a day.
          Effect.tap(() => Effect.ignore(fs.remove(resultFolderOf(file.path), { recursive: true })))
        )
        return locked(conversation, Effect.andThen(file.forget, remove))
      })
    ),
    compact: Effect.fn("EventStore.compact")((id) =>
      files.use(id, (conversation) => {
        const { file } = conversation
        const rewrite = Effect.flatMap(file.lookLocked, (log) =>
          Effect.mapError(compactFile(file.path, log), fileError(file.path))
        ).pipe(
          Effect.provideService(FileSystem.FileSystem, fs),
          Effect.tap((freed) => (freed === 0 ? Effect.void : Effect.andThen(file.forget, syncFolder)))
        )
        return locked(conversation, rewrite)
      })
    ),
    lockTurn: Effect.fnUntraced(function* (id, turnTimeout) {
      yield* lock.acquire(inFolder(`${yield* fileNameOf(id)}.turn`), turnTimeout)
    })
  })
  if (options.strict) {
    for (const id of yield* listConversations) yield* read(id)
  }
  return store
})
