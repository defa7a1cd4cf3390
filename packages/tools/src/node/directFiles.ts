/**
 * `DirectFiles` on Node. On Linux an opened folder is reached as `/proc/self/fd/N`, which no exchange of names can
 * divert; elsewhere the same is approached by comparing what was opened with what stands under its name now.
 */
import { Effect, Layer } from "effect"
import {
  close,
  constants,
  type Dirent,
  fchmod,
  fstatSync,
  lstat,
  lstatSync,
  mkdir,
  open,
  read,
  readdir,
  readlinkSync,
  realpath,
  realpathSync,
  rename,
  type Stats,
  unlink,
  write
} from "node:fs"
import { randomBytes } from "node:crypto"
import {
  DirectFiles,
  type EntryDetails,
  type EntryKind,
  type FaultKind,
  FileFault,
  type OpenedFile,
  type OpenedFolder
} from "../paths/DirectFiles.ts"

const kinds: Readonly<Record<string, FaultKind>> = {
  ENOENT: "NotFound",
  EACCES: "Denied",
  EPERM: "Denied",
  EROFS: "Denied",
  ELOOP: "Link",
  ENOTDIR: "NotFolder",
  EISDIR: "IsFolder",
  EEXIST: "Exists"
}

const faultOf = (error: unknown): FileFault => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN"
  return new FileFault({ kind: kinds[code] ?? "Other", detail: code })
}

/**
 * One call with a callback. It cannot be taken back, so it is waited for: a descriptor that is closed meanwhile may
 * be that of another file when the call comes to it.
 */
const call = <A>(run: (done: (error: Error | null, value: A) => void) => void): Effect.Effect<A, FileFault> =>
  Effect.uninterruptible(
    Effect.callback((resume) =>
      run((error, value) => resume(error === null ? Effect.succeed(value) : Effect.fail(faultOf(error))))
    )
  )

/** A call that gives nothing. */
const act = (run: (done: (error: Error | null) => void) => void): Effect.Effect<void, FileFault> =>
  call<void>((done) => run((error) => done(error, undefined)))

const attempt = <A>(run: () => A): Effect.Effect<A, FileFault> => Effect.try({ try: run, catch: faultOf })

const kindOf = (entry: Stats | Dirent): EntryKind => {
  if (entry.isFile()) return "file"
  if (entry.isDirectory()) return "folder"
  return entry.isSymbolicLink() ? "link" : "other"
}

const detailsOf = (stats: Stats): EntryDetails => ({
  kind: kindOf(stats),
  size: stats.size,
  mode: stats.mode & 0o7777,
  modifiedMillis: stats.mtimeMs
})

// Windows has neither of them: there the comparison below has to do.
const noFollow = constants.O_NOFOLLOW ?? 0
const noWait = constants.O_NONBLOCK ?? 0
const onlyFolder = constants.O_DIRECTORY ?? 0

const descriptorPath = (descriptor: number): string => `/proc/self/fd/${descriptor}`

interface Opened {
  readonly descriptor: number
  readonly stats: Stats
  readonly place: string
  /** Whether `/proc` leads to what is open. */
  readonly isPinned: boolean
}

/** Where the opened thing is. Neither call waits for a disk. */
const locate = (path: string, descriptor: number): Omit<Opened, "descriptor"> => {
  const stats = fstatSync(descriptor)
  if (process.platform === "linux") return { stats, place: readlinkSync(descriptorPath(descriptor)), isPinned: true }
  const place = realpathSync.native(path)
  const now = lstatSync(place)
  const isSame = now.ino === stats.ino && now.dev === stats.dev
  return { stats, place: isSame ? place : "", isPinned: false }
}

const closing = (descriptor: number) =>
  // The thing was only read, or is closed already: nothing depends on this.
  Effect.ignore(act((done) => close(descriptor, done)))

const opening = (path: string, flags: number) =>
  Effect.acquireRelease(
    call<number>((done) => open(path, constants.O_RDONLY | noFollow | flags, done)),
    closing
  ).pipe(Effect.flatMap((descriptor) => attempt((): Opened => ({ descriptor, ...locate(path, descriptor) }))))

const details = (path: string) =>
  Effect.map(
    call<Stats>((done) => lstat(path, done)),
    detailsOf
  )

const openFile = (path: string) =>
  Effect.map(opening(path, noWait), ({ descriptor, place, stats }): OpenedFile => ({
    ...detailsOf(stats),
    place,
    read: (into, position) => call((done) => read(descriptor, into, 0, into.length, position, done))
  }))

const openFolder = (path: string) =>
  Effect.map(opening(path, onlyFolder), ({ descriptor, isPinned, place }): OpenedFolder => {
    const base = isPinned ? descriptorPath(descriptor) : place
    const at = (name: string) => `${base}/${name}`
    return {
      place,
      entries: Effect.map(
        call<Array<Dirent>>((done) => readdir(isPinned ? `${base}/` : base, { withFileTypes: true }, done)),
        (entries) => entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
      ),
      details: (name) => details(at(name)),
      makeFolder: (name) => act((done) => mkdir(at(name), done)),
      replace: (name, bytes, mode) => replace(at, name, bytes, mode),
      remove: (name) => act((done) => unlink(at(name), done))
    }
  })

const writeAll = (descriptor: number, bytes: Uint8Array, from: number): Effect.Effect<void, FileFault> =>
  Effect.flatMap(
    call<number>((done) => write(descriptor, bytes, from, bytes.length - from, null, done)),
    (written) => (from + written < bytes.length ? writeAll(descriptor, bytes, from + written) : Effect.void)
  )

/** What `open` is told is narrowed by the mask of the process, which usually takes nothing away. */
const setMode = (descriptor: number, mode: number) =>
  Effect.flatMap(
    attempt(() => fstatSync(descriptor).mode & 0o7777),
    (now) => (now === mode ? Effect.void : act((done) => fchmod(descriptor, mode, done)))
  )

const replace = (at: (name: string) => string, name: string, bytes: Uint8Array, mode: number | undefined) =>
  Effect.suspend(() => {
    const draft = at(`.${randomBytes(8).toString("hex")}.draft`)
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow
    const written = Effect.acquireUseRelease(
      call<number>((done) => open(draft, flags, mode ?? 0o666, done)),
      (descriptor) =>
        Effect.andThen(
          bytes.length === 0 ? Effect.void : writeAll(descriptor, bytes, 0),
          mode === undefined ? Effect.void : setMode(descriptor, mode)
        ),
      closing
    )
    return written.pipe(
      Effect.andThen(Effect.uninterruptible(act((done) => rename(draft, at(name), done)))),
      Effect.onExit((exit) =>
        // Where it is gone already, it has become the file.
        exit._tag === "Success" ? Effect.void : Effect.ignore(act((done) => unlink(draft, done)))
      )
    )
  })

/** Files of this machine. */
export const layerDirectFiles: Layer.Layer<DirectFiles> = Layer.succeed(DirectFiles, {
  realPath: (path) => call((done) => realpath.native(path, done)),
  details,
  openFile,
  openFolder
})
