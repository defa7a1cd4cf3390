/**
 * Files as the tools reach them: decided upon, opened, and looked at again once they are open. What was exchanged in
 * between is found by where the open thing really is, and is neither read nor written.
 */
import { Effect, Path, Result, type Scope } from "effect"
import {
  FileAccessDenied,
  FileBinary,
  FileFailed,
  FileKindWrong,
  FileNotFound,
  FileTooLarge,
  PathRefused
} from "../errors.ts"
import { makePathLock } from "../PathLock.ts"
import type { ToolsOptions } from "../ToolsOptions.ts"
import {
  DirectFiles,
  type EntryDetails,
  type EntryKind,
  type FileFault,
  type OpenedFile,
  type OpenedFolder
} from "./DirectFiles.ts"
import { makePathPolicy, type PathPolicy, type PathUse, type Place } from "./PathPolicy.ts"

/** What can go wrong on the way to a file. */
export type WorkspaceError =
  | PathRefused
  | FileNotFound
  | FileKindWrong
  | FileAccessDenied
  | FileFailed
  | FileTooLarge
  | FileBinary

/** A text and what writing it back needs. */
export interface TextFile {
  readonly place: Place
  readonly text: string
  readonly bytes: Uint8Array
  readonly mode: number
}

/** What is about to be written. `before` is absent where there was nothing, or nothing that could be kept. */
export interface FileWrite {
  readonly place: Place
  readonly before: { readonly bytes: Uint8Array; readonly mode: number } | undefined
  readonly wasThere: boolean
  readonly after: Uint8Array
}

/** Stands around every change of a file. */
export type AroundWrite = (
  change: FileWrite
) => <E>(write: Effect.Effect<void, E>) => Effect.Effect<void, E | FileFailed>

/** Files and folders within the policy. */
export interface Workspace {
  readonly policy: PathPolicy
  /** The place of a file that a tool is to work on. A path that names a folder by its end is refused. */
  readonly decideFile: (given: string, use: PathUse) => Effect.Effect<Place, PathRefused | FileKindWrong>
  readonly openFile: (place: Place) => Effect.Effect<OpenedFile, WorkspaceError, Scope.Scope>
  readonly openFolder: (place: Place) => Effect.Effect<OpenedFolder, WorkspaceError, Scope.Scope>
  /** All bytes of a file, within the limit of size. */
  readonly readBytes: (
    place: Place
  ) => Effect.Effect<{ readonly bytes: Uint8Array; readonly mode: number }, WorkspaceError>
  /** A whole text in UTF-8, within the limit of size. */
  readonly readText: (place: Place) => Effect.Effect<TextFile, WorkspaceError>
  /** Whether a change needs what was there before. */
  readonly keepsImages: boolean
  /** Puts a file there, at once, with the folders that it needs. The mode of what was there is kept. */
  readonly writeFile: (
    place: Place,
    bytes: Uint8Array,
    before: { readonly bytes: Uint8Array | undefined; readonly mode: number } | undefined
  ) => Effect.Effect<void, WorkspaceError>
  readonly removeFile: (place: Place) => Effect.Effect<void, WorkspaceError>
  /** One change of a place at a time. */
  readonly exclusive: (place: Place) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

const kindNames: Readonly<Record<EntryKind, string>> = {
  file: "a file",
  folder: "a folder",
  link: "a symbolic link",
  other: "neither a file nor a folder"
}

/** What stands behind the last slash where a folder is named. */
const folderEnds: ReadonlySet<string> = new Set(["", ".", ".."])

const changedMeanwhile = "it was exchanged while it was opened"

/** A failure of the file system as one of the tools. */
export const explainFault =
  ({ given }: Pick<Place, "given">) =>
  ({ detail, kind }: FileFault): WorkspaceError => {
    switch (kind) {
      case "NotFound":
        return new FileNotFound({ path: given })
      case "Denied":
        return new FileAccessDenied({ path: given })
      case "Link":
        return new PathRefused({ path: given, reason: changedMeanwhile })
      case "NotFolder":
        return new FileKindWrong({ path: given, expected: "a folder", found: "a file" })
      case "IsFolder":
        return new FileKindWrong({ path: given, expected: "a file", found: "a folder" })
      default:
        return new FileFailed({ path: given, reason: `the file system answered ${detail}` })
    }
  }

/** The text of bytes in UTF-8, from which the same bytes can be made again; nothing where they are none. */
const decodeText = (bytes: Uint8Array): string | undefined => {
  if (bytes.includes(0)) return undefined
  // A mark at the beginning stays, so that it is written back.
  const decoded = Result.try(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes))
  return Result.getOrUndefined(decoded)
}

/** What was opened, if it is what was decided upon. */
const same = <A extends { readonly place: string }>(place: Place, opened: A): Effect.Effect<A, PathRefused> =>
  opened.place === place.real
    ? Effect.succeed(opened)
    : Effect.fail(new PathRefused({ path: place.given, reason: changedMeanwhile }))

/** The file that a new one takes the place of, if one is there: nothing else is replaced. */
const replaceable = Effect.fnUntraced(function* (folder: OpenedFolder, name: string, place: Place) {
  const found = yield* folder.details(name).pipe(
    Effect.map((details): EntryDetails | undefined => details),
    Effect.catchIf(
      (fault) => fault.kind === "NotFound",
      () => Effect.undefined
    ),
    Effect.mapError(explainFault(place))
  )
  if (found === undefined || found.kind === "file") return found
  return yield* found.kind === "link"
    ? new PathRefused({ path: place.given, reason: "it is a symbolic link" })
    : new FileKindWrong({ path: place.given, expected: "a file", found: kindNames[found.kind] })
})

/** The workspace of these options. */
export const makeWorkspace = Effect.fnUntraced(function* (
  { limits, paths }: Pick<ToolsOptions, "limits" | "paths">,
  aroundWrite?: AroundWrite
) {
  const files = yield* DirectFiles
  const path = yield* Path.Path
  const policy = yield* makePathPolicy(paths)
  const lock = makePathLock()

  const namesFolder = (given: string): boolean =>
    folderEnds.has(given.split(path.sep === "/" ? "/" : /[\\/]/).at(-1) ?? "")

  const decideFile = (given: string, use: PathUse) =>
    Effect.filterOrFail(
      policy.decide(given, use),
      () => !namesFolder(given),
      () => new FileKindWrong({ path: given, expected: "a file", found: "the name of a folder" })
    )

  const openFile = Effect.fnUntraced(function* (place: Place) {
    const opened = yield* Effect.mapError(files.openFile(place.real), explainFault(place))
    yield* same(place, opened)
    if (opened.kind === "file") return opened
    return yield* new FileKindWrong({ path: place.given, expected: "a file", found: kindNames[opened.kind] })
  })

  const openFolder = (place: Place) =>
    Effect.flatMap(Effect.mapError(files.openFolder(place.real), explainFault(place)), (opened) => same(place, opened))

  const readAll = Effect.fnUntraced(function* (place: Place, opened: OpenedFile) {
    const limit = limits.maxFileBytes
    if (opened.size > limit) return yield* new FileTooLarge({ path: place.given, bytes: opened.size, limit })
    const buffer = new Uint8Array(opened.size)
    let length = 0
    while (length < buffer.length) {
      const count = yield* Effect.mapError(opened.read(buffer.subarray(length), length), explainFault(place))
      // It has become shorter meanwhile.
      if (count === 0) break
      length += count
    }
    return { bytes: buffer.subarray(0, length), mode: opened.mode }
  })

  const readBytes = (place: Place) => Effect.scoped(Effect.flatMap(openFile(place), (opened) => readAll(place, opened)))

  const readText = (place: Place) =>
    Effect.flatMap(readBytes(place), ({ bytes, mode }): Effect.Effect<TextFile, FileBinary> => {
      const text = decodeText(bytes)
      return text === undefined
        ? Effect.fail(new FileBinary({ path: place.given }))
        : Effect.succeed({ place, text, bytes, mode })
    })

  /** The folder of a place; what is missing of it is made, each step inside the one before. */
  const folderFor = (real: string, given: string): Effect.Effect<OpenedFolder, WorkspaceError, Scope.Scope> =>
    openFolder({ given, real, exists: true }).pipe(
      Effect.catchIf(
        (error) => error._tag === "FileNotFound" && policy.objection(path.dirname(real), "read") === undefined,
        () =>
          Effect.flatMap(folderFor(path.dirname(real), given), (parent) =>
            parent.makeFolder(path.basename(real)).pipe(
              // Somebody else made it: it is looked at when it is opened.
              Effect.catchIf(
                ({ kind }) => kind === "Exists",
                () => Effect.void
              ),
              Effect.mapError(explainFault({ given })),
              Effect.andThen(openFolder({ given, real, exists: true }))
            )
          )
      )
    )

  const writeFile: Workspace["writeFile"] = (place, bytes, before) =>
    Effect.scoped(
      Effect.gen(function* () {
        const limit = limits.maxFileBytes
        if (bytes.length > limit) return yield* new FileTooLarge({ path: place.given, bytes: bytes.length, limit })
        const folder = yield* folderFor(path.dirname(place.real), place.given)
        const name = path.basename(place.real)
        const found = yield* replaceable(folder, name, place)
        const kept = before?.bytes === undefined ? undefined : { bytes: before.bytes, mode: before.mode }
        const write = Effect.mapError(folder.replace(name, bytes, before?.mode ?? found?.mode), explainFault(place))
        const change = { place, before: kept, wasThere: found !== undefined, after: bytes }
        yield* aroundWrite === undefined ? write : aroundWrite(change)(write)
      })
    )

  const removeFile: Workspace["removeFile"] = (place) =>
    Effect.scoped(
      Effect.flatMap(openFolder({ ...place, real: path.dirname(place.real) }), (folder) =>
        Effect.mapError(folder.remove(path.basename(place.real)), explainFault(place))
      )
    )

  const workspace: Workspace = {
    policy,
    decideFile,
    openFile,
    openFolder,
    readBytes,
    readText,
    keepsImages: aroundWrite !== undefined,
    writeFile,
    removeFile,
    exclusive: (place) => lock.hold(place.real)
  }
  return workspace
})
