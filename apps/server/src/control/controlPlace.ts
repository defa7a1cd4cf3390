/**
 * Where the socket and the record of a host are: in a folder that only its user can use, under names made from the real
 * path of the configuration file. Both sides work the place out by themselves, so it must come out the same.
 */
import { Effect, FileSystem, Option, Path, type PlatformError } from "effect"
import { createHash } from "node:crypto"
import { tmpdir, userInfo } from "node:os"
import { ControlDirectoryUnusable } from "./errors.ts"

/** Where the host of one configuration is found. */
export interface ControlPlace {
  /** The real path of the configuration file. */
  readonly configFile: string
  readonly directory: string
  readonly socket: string
  readonly recordFile: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** `sun_path` of `unix(7)` has 108 bytes with the closing zero; BSD systems and macOS have 104. */
const longestSocketPath = process.platform === "linux" ? 107 : 103

const isWindows = process.platform === "win32"

/** The runtime folder of the XDG Base Directory Specification, where it is there; else one below the temporary folder. */
const findDirectory = Effect.fnUntraced(function* (environment: Environment) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const named = environment["XDG_RUNTIME_DIR"] ?? ""
  const isThere = path.isAbsolute(named) && (yield* Effect.orElseSucceed(fs.exists(named), () => false))
  if (isThere) return path.join(named, "signalbox")
  const { uid, username } = userInfo()
  return path.join(tmpdir(), `signalbox-${uid === -1 ? username : uid}`)
})

/** The place of the host of a configuration file. Nothing is made or looked at there. */
export const controlPlace = Effect.fnUntraced(function* (configFile: string, environment: Environment) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const real = yield* Effect.orElseSucceed(fs.realPath(configFile), () => path.resolve(configFile))
  const name = createHash("sha256").update(real).digest("hex").slice(0, 16)
  const directory = yield* findDirectory(environment)
  const socket = isWindows ? `\\\\.\\pipe\\signalbox-${name}` : path.join(directory, `${name}.sock`)
  if (!isWindows && Buffer.byteLength(socket) > longestSocketPath) {
    const reason = `${socket} is longer than the ${longestSocketPath} bytes that a socket may be called`
    return yield* new ControlDirectoryUnusable({ directory, reason })
  }
  return {
    configFile: real,
    directory,
    socket,
    recordFile: path.join(directory, `${name}.json`)
  } satisfies ControlPlace
})

/**
 * Whether the folder is there and may be trusted. Fails when it is somebody else's, or no folder: a link could lead
 * anywhere.
 */
export const checkDirectory = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const unusable = (reason: string) => new ControlDirectoryUnusable({ directory, reason })
  if (Option.isSome(yield* Effect.option(fs.readLink(directory)))) return yield* unusable("it is a symbolic link")
  const found = yield* fs.stat(directory).pipe(
    Effect.map(Option.some),
    Effect.catchIf(isMissing, () => Effect.succeed(Option.none())),
    Effect.mapError(({ message }) => unusable(message))
  )
  if (Option.isNone(found)) return false
  const { mode, type, uid } = found.value
  if (type !== "Directory") return yield* unusable("it is not a folder")
  if (isWindows) return true
  const own = userInfo().uid
  const owner = Option.getOrElse(uid, () => own)
  if (owner !== own) return yield* unusable(`it belongs to the user with the id ${owner}`)
  if ((mode & 0o777) !== 0o700) yield* Effect.mapError(fs.chmod(directory, 0o700), ({ message }) => unusable(message))
  return true
})

/** Makes the folder where it is missing, for its user alone, and checks it. */
export const makeDirectory = Effect.fnUntraced(function* (directory: string) {
  if (yield* checkDirectory(directory)) return
  const fs = yield* FileSystem.FileSystem
  // Another host may make it at the same moment.
  yield* fs
    .makeDirectory(directory, { mode: 0o700, recursive: true })
    .pipe(Effect.mapError(({ message }) => new ControlDirectoryUnusable({ directory, reason: message })))
  yield* checkDirectory(directory)
})

const isMissing = ({ reason }: PlatformError.PlatformError): boolean => reason._tag === "NotFound"
