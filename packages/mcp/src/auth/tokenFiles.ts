/**
 * Logins as files. A lock is a file that only one process can create; one that a killed process left behind is
 * broken by its age. Should two break it at once, both renew, and the one whose token is refused finds the other's.
 */
import { Clock, Duration, Effect, Exit, FileSystem, Option, Path, type PlatformError, Schema } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import { TokenStoreUnusable } from "./authErrors.ts"
import { Login, type LoginKey } from "./Login.ts"

const TokenFile = Schema.Struct({
  version: Schema.Literal(1),
  url: Schema.String,
  principal: Schema.String,
  logins: Schema.Array(Login)
})

const Text = Schema.fromJsonString(TokenFile)

/** How often a lock is asked for, how often its owner shows that it lives, and the silence after which it counts as dead. */
const lockPolls = Duration.millis(25)
const lockBeat = Duration.seconds(2)
const lockAge = Duration.seconds(10)

type Merge = (logins: ReadonlyArray<Login>, login: Login) => ReadonlyArray<Login>

/** Reads and writes the files of a folder, which is made at the first write. */
export const makeTokenFiles = Effect.fnUntraced(function* (directory: string, merge: Merge) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const digest = yield* Effect.provide(Digest.Digest, Digest.layerWebCrypto)
  const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)

  /** The host for people, and a digest of all that distinguishes logins: addresses may hold more than a file name can. */
  const fileOf = Effect.fnUntraced(function* ({ principal, url }: LoginKey) {
    const hex = yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(JSON.stringify([url, principal])))
    return path.join(directory, `${new URL(url).hostname.replaceAll(/[^A-Za-z0-9.-]/g, "")}-${hex.slice(0, 24)}.json`)
  })

  const load = Effect.fnUntraced(function* (key: LoginKey, file: string) {
    const text = yield* fs.readFileString(file).pipe(
      Effect.asSome,
      Effect.catchIf(isMissing, () => Effect.succeedNone),
      Effect.mapError(failed(key, file, false))
    )
    if (Option.isNone(text)) return []
    const content = yield* Effect.mapError(Schema.decodeEffect(Text)(text.value), failed(key, file, true))
    return content.logins
  })

  const prepare = Effect.andThen(
    fs.makeDirectory(directory, { recursive: true, mode: 0o700 }),
    // A folder that was there before may be open to others.
    fs.chmod(directory, 0o700)
  )

  /** A crash leaves the old file or the new one: the new content is on the disk before it takes the name. */
  const replace = (file: string, text: string) =>
    Effect.gen(function* () {
      yield* prepare
      const draft = `${file}.${yield* random.uuidV4()}.tmp`
      yield* Effect.gen(function* () {
        const handle = yield* fs.open(draft, { flag: "wx", mode: 0o600 })
        yield* handle.writeAll(new TextEncoder().encode(text))
        yield* handle.sync
      }).pipe(
        Effect.scoped,
        Effect.andThen(fs.rename(draft, file)),
        // The failure is told; that its draft cannot be removed either says nothing new.
        Effect.onError(() => Effect.ignore(fs.remove(draft, { force: true })))
      )
    })

  const read = (key: LoginKey) => Effect.flatMap(fileOf(key), (file) => load(key, file))

  const write = Effect.fnUntraced(function* (key: LoginKey, login: Login) {
    const file = yield* fileOf(key)
    const logins = merge(yield* load(key, file), login)
    // Only what was decoded or made by this schema comes here.
    const text = yield* Effect.orDie(
      Schema.encodeEffect(Text)({ version: 1, url: key.url, principal: key.principal, logins })
    )
    yield* Effect.mapError(replace(file, `${text}\n`), failed(key, file, false))
  })

  const remove = Effect.fnUntraced(function* (key: LoginKey) {
    const file = yield* fileOf(key)
    return yield* fs.remove(file).pipe(
      Effect.as(true),
      Effect.catchIf(isMissing, () => Effect.succeed(false)),
      Effect.mapError(failed(key, file, false))
    )
  })

  /** Whether the lock was taken. One of a dead owner is moved away under a name of its own, which only one can do. */
  const tryLock = Effect.fnUntraced(function* (lock: string, mine: string) {
    const taken = yield* Effect.exit(fs.writeFileString(lock, mine, { flag: "wx", mode: 0o600 }))
    if (Exit.isSuccess(taken)) return true
    const held = yield* Effect.option(fs.stat(lock))
    const since = Option.getOrUndefined(Option.flatMap(held, ({ mtime }) => mtime))
    // It is gone already, or the folder cannot be written, which the next attempt tells.
    if (since === undefined)
      return yield* Effect.as(
        Effect.catchIf(taken, isTaken, () => Effect.void),
        false
      )
    const age = (yield* Clock.currentTimeMillis) - since.getTime()
    if (age <= Duration.toMillis(lockAge)) return false
    const grave = `${lock}.${mine}`
    // Another process may have been faster.
    yield* Effect.ignore(Effect.andThen(fs.rename(lock, grave), fs.remove(grave)))
    return false
  })

  const acquire = Effect.fnUntraced(function* (lock: string) {
    yield* prepare
    const mine = yield* random.uuidV4()
    while (!(yield* tryLock(lock, mine))) yield* Effect.interruptible(Effect.sleep(lockPolls))
    return mine
  })

  const release = (lock: string, mine: string) =>
    fs.readFileString(lock).pipe(
      Effect.flatMap((owner) => (owner === mine ? fs.remove(lock) : Effect.void)),
      // Whoever broke it has removed it as well.
      Effect.ignore
    )

  const beat = (lock: string) =>
    Clock.currentTimeMillis.pipe(
      Effect.flatMap((now) => fs.utimes(lock, now / 1000, now / 1000)),
      // It was broken: then there is nothing to hold on to.
      Effect.ignore,
      Effect.delay(lockBeat),
      Effect.forever
    )

  const exclusive = <A, E, R>(key: LoginKey, effect: Effect.Effect<A, E, R>) =>
    Effect.flatMap(fileOf(key), (file) =>
      Effect.acquireUseRelease(
        Effect.mapError(acquire(`${file}.lock`), failed(key, file, false)),
        () => Effect.raceFirst(effect, beat(`${file}.lock`)),
        (mine) => release(`${file}.lock`, mine)
      )
    )

  return { read, write, remove, exclusive }
})

const isMissing = (error: PlatformError.PlatformError): boolean => error.reason._tag === "NotFound"
const isTaken = (error: PlatformError.PlatformError): boolean =>
  error.reason._tag === "AlreadyExists" || error.reason._tag === "NotFound"

const failed = (key: LoginKey, file: string, isCorrupt: boolean) => (error: { readonly message: string }) =>
  new TokenStoreUnusable({
    serverName: key.serverName,
    file,
    isCorrupt,
    // A schema error quotes what it found, and that may be a token.
    reason: isCorrupt ? "it does not hold what Signalbox wrote" : error.message
  })
