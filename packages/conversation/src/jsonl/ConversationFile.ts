/**
 * One conversation in one file, a line for each record. The file is the truth, and others write to it: what is in memory is
 * what was read up to an offset. A last line without its end is what a killed process left; nobody was told that it is there.
 */
import { Effect, Exit, FileSystem, Option, Scope } from "effect"
import { HistoryCorrupt, HistoryTooNew, type HistoryUnavailable, type StorageFull } from "../events/errors.ts"
import { EventLog } from "../events/EventLog.ts"
import { fileError, isMissing } from "./fileErrors.ts"
import { FileLog, type RejectedLine } from "./FileLog.ts"
import { makeLineCutter } from "./lines.ts"
import { quarantine } from "./quarantine.ts"

type FileFailure = StorageFull | HistoryUnavailable

interface Loaded {
  readonly log: FileLog
  /** Which file it was: another one may have taken its name. */
  readonly identity: string
  /** Where the next line begins, and its number. */
  offset: number
  line: number
}

interface Handle {
  readonly file: FileSystem.File
  readonly identity: string
  readonly close: Effect.Effect<void>
}

const pieceBytes = 256 * 1024

/** How many lines that waited are decoded before others get their turn: some milliseconds' worth. */
const linesPerTurn = 200

/** How many of the lines that are no records a warning names. */
const mostNamed = 5

const identityOf = ({ birthtime, dev, ino }: FileSystem.File.Info): string =>
  `${dev}-${Option.getOrElse(ino, () => Option.getOrUndefined(birthtime)?.getTime())}`

/** How far lines are read: as records, or only which records they are. */
type Depth = "records" | "heads"

export interface ConversationFileOptions {
  readonly path: string
  readonly folder: string
  readonly conversationId: string
  readonly isStrict: boolean
  /** What puts a write on the disk before it counts: a call of its own, or the way in which the file is opened. */
  readonly syncs: "never" | "afterWrite" | "onWrite"
}

/** Node's mode for appending where each write goes through to the disk (`O_SYNC`), which Effect hands on without knowing it. */
const writeThrough = "as+" as FileSystem.OpenFlag

export const makeConversationFile = Effect.fnUntraced(function* (options: ConversationFileOptions) {
  const fs = yield* FileSystem.FileSystem
  const { conversationId, path } = options
  const failed = fileError(path)
  // Whoever is strict wants to know at once of what is no record.
  const heads: Depth = options.isStrict ? "records" : "heads"
  let loaded: Loaded | undefined
  let handle: Handle | undefined

  const closeHandle = Effect.suspend(() => {
    const open = handle
    handle = undefined
    return open?.close ?? Effect.void
  })

  const forget = Effect.suspend(() => {
    loaded = undefined
    return closeHandle
  })

  const stat = fs.stat(path).pipe(
    Effect.asSome,
    Effect.catchIf(isMissing, () => Effect.succeedNone),
    Effect.mapError(failed)
  )

  /** Takes the lines that are new. Answers with those that are none, and whether there is more behind the last one. */
  const readOn = Effect.fnUntraced(function* (file: FileSystem.File, state: Loaded, size: number, depth: Depth) {
    const cut = makeLineCutter(state.offset)
    const rejected: Array<RejectedLine> = []
    let position = state.offset
    while (position < size) {
      const length = Math.min(pieceBytes, size - position)
      const piece = yield* Effect.mapError(file.readAlloc(length, { position: BigInt(position) }), failed)
      if (Option.isNone(piece)) break
      position += piece.value.length
      for (const { end, text } of cut(piece.value)) {
        const line = { number: state.line, text }
        const found = depth === "records" ? state.log.take(line) : state.log.takeUnread(line)
        for (const each of found) rejected.push(each)
        state.line++
        state.offset = end
      }
    }
    return { rejected, isTorn: position > state.offset }
  })

  /** What was read in part only would be read again, and be there twice. */
  const orForget = <A, E>(reading: Effect.Effect<A, E>) =>
    Effect.onError(reading, () =>
      Effect.sync(() => {
        loaded = undefined
      })
    )

  /** Decodes the lines that wait, some at a time: others get their turn. Answers with those that are no records. */
  const decodeWaiting = Effect.fnUntraced(function* ({ log }: Loaded) {
    const rejected: Array<RejectedLine> = []
    while (log.hasWaiting) {
      for (const each of log.decodeWaiting(linesPerTurn)) rejected.push(each)
      if (log.hasWaiting) yield* Effect.yieldNow
    }
    return rejected
  }, orForget)

  /** Reads on, once all that was read before is decoded where it is to be. */
  const readTo = Effect.fnUntraced(function* (file: FileSystem.File, state: Loaded, size: number, depth: Depth) {
    const waited = depth === "records" ? yield* decodeWaiting(state) : []
    const { isTorn, rejected } = yield* readOn(file, state, size, depth)
    return { isTorn, rejected: [...waited, ...rejected] }
  }, orForget)

  /** What is read already, if it is of this file. */
  const stateFor = (info: FileSystem.File.Info): Loaded => {
    const isSame = loaded?.identity === identityOf(info) && Number(info.size) >= loaded.offset
    if (loaded !== undefined && isSame) return loaded
    return { log: new FileLog(conversationId), identity: identityOf(info), offset: 0, line: 1 }
  }

  const readNew = Effect.fnUntraced(function* (depth: Depth) {
    const file = yield* fs.open(path, { flag: "r" }).pipe(Effect.mapError(failed))
    const info = yield* Effect.mapError(file.stat, failed)
    const copy = { ...stateFor(info) }
    const { rejected } = yield* readTo(file, copy, Number(info.size), depth)
    loaded = copy
    return rejected
  }, Effect.scoped)

  const lookFor = Effect.fnUntraced(function* (depth: Depth) {
    const info = yield* stat
    if (Option.isNone(info)) {
      yield* forget
      return new EventLog()
    }
    const state = stateFor(info.value)
    const isRead = state === loaded && Number(info.value.size) === state.offset
    const known = depth === "records" ? decodeWaiting(state) : Effect.succeed([])
    const rejected = yield* isRead ? known : readNew(depth)
    // A line that somebody is repairing right now looks like this.
    if (rejected.length > 0) loaded = undefined
    return loaded?.log.records
  })

  /** Reads what there is, without a lock. Nothing when it takes one to tell. */
  const look: Effect.Effect<EventLog | undefined, FileFailure> = lookFor("records")

  /** Reads as far as adding to it takes, without a lock. Answers with whether it can be told without one. */
  const lookAhead: Effect.Effect<boolean, FileFailure> = Effect.map(lookFor(heads), (log) => log !== undefined)

  /** To go on without the records of a later Signalbox would be to forget them. */
  const requireKnown = Effect.fnUntraced(function* (rejected: ReadonlyArray<RejectedLine>) {
    for (const { newerVersion, number } of rejected) {
      if (newerVersion === undefined) continue
      loaded = undefined
      return yield* new HistoryTooNew({ file: path, line: number, version: newerVersion })
    }
  })

  const setAside = Effect.fnUntraced(function* (rejected: ReadonlyArray<RejectedLine>) {
    const [first] = rejected
    if (first === undefined) return
    yield* requireKnown(rejected)
    if (options.isStrict) {
      loaded = undefined
      return yield* new HistoryCorrupt({
        file: path,
        lines: rejected.map(({ number }) => number),
        reason: first.problem
      })
    }
    const kept = yield* Effect.mapError(
      quarantine(path, rejected).pipe(Effect.provideService(FileSystem.FileSystem, fs)),
      failed
    )
    // One warning for all of them: a damaged file may have thousands.
    yield* Effect.logWarning("Lines of a conversation are unreadable and were set aside.", {
      file: path,
      count: rejected.length,
      lines: rejected.slice(0, mostNamed).map(({ number }) => number),
      reason: first.problem,
      kept_in: kept
    })
  })

  /** For a file that is locked: reads what is new, and cuts off what a killed process left behind. */
  const settle = Effect.fnUntraced(function* (
    file: FileSystem.File,
    info: FileSystem.File.Info,
    { cutsTail, depth }: { readonly cutsTail: boolean; readonly depth: Depth }
  ) {
    const state = stateFor(info)
    loaded = state
    const size = Number(info.size)
    if (size === state.offset && depth === "heads") return state
    const { isTorn, rejected } = yield* readTo(file, state, size, depth)
    yield* setAside(rejected)
    if (isTorn) {
      yield* Effect.logWarning("The last line of a conversation is cut off; it never counted.", {
        file: path,
        line: state.line
      })
      if (cutsTail) yield* Effect.mapError(file.truncate(state.offset), failed)
    }
    return state
  })

  /** For a file that is locked. */
  const lookLocked: Effect.Effect<EventLog, FileFailure | HistoryCorrupt | HistoryTooNew> = Effect.gen(function* () {
    const info = yield* stat
    if (Option.isNone(info)) {
      yield* forget
      return new EventLog()
    }
    const file = yield* Effect.mapError(fs.open(path, { flag: "r" }), failed)
    return (yield* settle(file, yield* Effect.mapError(file.stat, failed), { cutsTail: false, depth: "records" })).log
      .records
  }).pipe(Effect.scoped)

  const openHandle = Effect.fnUntraced(function* () {
    yield* closeHandle
    yield* Effect.mapError(fs.makeDirectory(options.folder, { recursive: true, mode: 0o700 }), failed)
    const scope = yield* Scope.make()
    const isNew = Option.isNone(yield* stat)
    const flag = options.syncs === "onWrite" ? writeThrough : "a+"
    const file = yield* fs.open(path, { flag, mode: 0o600 }).pipe(
      Scope.provide(scope),
      Effect.mapError(failed),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    const info = yield* Effect.mapError(file.stat, failed)
    handle = { file, identity: identityOf(info), close: Scope.close(scope, Exit.void) }
    return { file, info, isNew }
  })

  /** For a file that is locked: opens it for writing, and reads as far as adding to it takes. */
  const prepare = Effect.gen(function* () {
    const writing = { cutsTail: true, depth: heads }
    const info = yield* stat
    if (handle !== undefined && Option.isSome(info) && identityOf(info.value) === handle.identity) {
      return { file: handle.file, isNew: false, state: yield* settle(handle.file, info.value, writing) }
    }
    const opened = yield* openHandle()
    return { file: opened.file, isNew: opened.isNew, state: yield* settle(opened.file, opened.info, writing) }
  })

  /** For a file that is locked and prepared. What was not written as a whole is not there afterwards. */
  const write = Effect.fnUntraced(function* (text: string) {
    if (handle === undefined || loaded === undefined) return
    const { file } = handle
    const bytes = new TextEncoder().encode(text)
    const { offset } = loaded
    yield* Effect.andThen(file.writeAll(bytes), options.syncs === "afterWrite" ? file.sync : Effect.void).pipe(
      Effect.mapError(failed),
      Effect.onError(() =>
        // Whoever writes next cuts it off, if it cannot be done now.
        Effect.andThen(Effect.ignore(file.truncate(offset)), forget)
      )
    )
    loaded.offset = offset + bytes.length
    loaded.line += countLines(text)
  })

  /** For a file that is still locked and prepared. */
  const current = Effect.suspend(() =>
    loaded === undefined || handle === undefined ? prepare : Effect.succeed({ isNew: false, state: loaded })
  )

  /** For a file that is locked and prepared: reads what adding to it has left out. */
  const readWhole = Effect.suspend(() =>
    loaded === undefined ? Effect.void : Effect.flatMap(decodeWaiting(loaded), setAside)
  )

  return { closeHandle, current, forget, look, lookAhead, lookLocked, path, prepare, readWhole, write }
})

/** A conversation's file. */
export type ConversationFile = Effect.Success<ReturnType<typeof makeConversationFile>>

const countLines = (text: string): number => text.split("\n").length - 1
