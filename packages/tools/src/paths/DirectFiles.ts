/**
 * What the file tools need of an operating system beyond Effect's `FileSystem`: to open a thing without following a
 * link, to know what was opened, and to work inside an opened folder wherever its name points by now. Between looking
 * at a path and opening it somebody may put a link there; what is open cannot be exchanged any more.
 */
import { Context, Data, type Effect, type Scope } from "effect"

/** What can stand under a name. */
export type EntryKind = "file" | "folder" | "link" | "other"

/** Why the file system did not do it. `Link`: there is a symbolic link where none may be followed. */
export type FaultKind = "NotFound" | "Denied" | "Link" | "NotFolder" | "IsFolder" | "Exists" | "Other"

/** A failure of the file system, without a path: whoever asked knows by which name it was asked for. */
export class FileFault extends Data.TaggedError("FileFault")<{ readonly kind: FaultKind; readonly detail: string }> {}

/** What is known of a thing without opening it. */
export interface EntryDetails {
  readonly kind: EntryKind
  readonly size: number
  readonly mode: number
  readonly modifiedMillis: number
}

/** A file that is open for reading. */
export interface OpenedFile extends EntryDetails {
  /** Where it really is. */
  readonly place: string
  /** Reads into the buffer; 0 at the end. */
  readonly read: (into: Uint8Array, position: number) => Effect.Effect<number, FileFault>
}

/** A folder that is open. Names are those of its direct entries. */
export interface OpenedFolder {
  /** Where it really is. */
  readonly place: string
  readonly entries: Effect.Effect<ReadonlyArray<{ readonly name: string; readonly kind: EntryKind }>, FileFault>
  /** Looks at an entry, and not at what a link points to. */
  readonly details: (name: string) => Effect.Effect<EntryDetails, FileFault>
  readonly makeFolder: (name: string) => Effect.Effect<void, FileFault>
  /**
   * Puts a file under the name, in place of what is there, at once: a reader, or a crash, sees the old or the new one.
   * A link under the name is replaced, not followed. Without a mode it has that of any new file.
   */
  readonly replace: (name: string, bytes: Uint8Array, mode: number | undefined) => Effect.Effect<void, FileFault>
  readonly remove: (name: string) => Effect.Effect<void, FileFault>
}

/** Opens files and folders without following links. On Node: `layerDirectFiles` of `@signalbox/tools/node`. */
export class DirectFiles extends Context.Service<
  DirectFiles,
  {
    /** The path with all links resolved. */
    readonly realPath: (path: string) => Effect.Effect<string, FileFault>
    /** Looks at what stands there, and not at what a link points to. */
    readonly details: (path: string) => Effect.Effect<EntryDetails, FileFault>
    /** Opens for reading; what is neither a file nor a folder is opened without waiting for anybody. */
    readonly openFile: (path: string) => Effect.Effect<OpenedFile, FileFault, Scope.Scope>
    readonly openFolder: (path: string) => Effect.Effect<OpenedFolder, FileFault, Scope.Scope>
  }
>()("@signalbox/tools/DirectFiles") {}
