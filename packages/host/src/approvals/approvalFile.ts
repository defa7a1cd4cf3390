/**
 * What a person approved for good, in a file of theirs that nobody else can read (0600). It is written as a whole, so that a
 * crash leaves the old file or the new one; what another process has added meanwhile is read first.
 */
import { fileTrouble } from "@signalbox/errors"
import type { ApprovalStore, KeptApproval } from "@signalbox/conversation"
import { JsonObject } from "@signalbox/model"
import { Effect, FileSystem, Path, type PlatformError, Schema, Semaphore } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import { ApprovalsUnusable } from "../errors.ts"

/** One approval as the file has it. */
export const StoredApproval = Schema.Struct({
  /** Short, to name it by. */
  id: Schema.String,
  /** The configuration whose server is meant. */
  config: Schema.String,
  source: Schema.String,
  tool: Schema.String,
  input: JsonObject,
  /** A digest of what the tool said of itself. */
  definition: Schema.String,
  since: Schema.DateTimeUtcFromString
})
export interface StoredApproval extends Schema.Schema.Type<typeof StoredApproval> {}

const Text = Schema.fromJsonString(
  Schema.Struct({ version: Schema.Literal(1), approvals: Schema.Array(StoredApproval) })
)

/** The file. */
export interface ApprovalFile {
  readonly list: Effect.Effect<ReadonlyArray<StoredApproval>, ApprovalsUnusable>
  readonly add: (approval: Omit<StoredApproval, "id">) => Effect.Effect<void, ApprovalsUnusable>
  /** Takes out those that are meant, and answers with them. */
  readonly remove: (
    isMeant: (approval: StoredApproval) => boolean
  ) => Effect.Effect<ReadonlyArray<StoredApproval>, ApprovalsUnusable>
  /** A short text that stands for a long one. */
  readonly digest: (text: string) => Effect.Effect<string>
}

const isMissing = (error: PlatformError.PlatformError): boolean => error.reason._tag === "NotFound"

/** Letters and digits of an id: enough to tell apart what one person has approved. */
const idLength = 8

/** The file at a place; it and its folder are made when something is kept. */
export const approvalFile = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const sha = yield* Effect.provide(Digest.Digest, Digest.layerWebCrypto)
  const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
  const one = yield* Semaphore.make(1)
  const exclusive = <A, E, R>(work: Effect.Effect<A, E, R>) => one.withPermit(work)
  const unusable = (reason: string) => new ApprovalsUnusable({ file, reason })

  const read = fs.readFileString(file).pipe(
    Effect.catchIf(isMissing, () => Effect.succeed(undefined)),
    Effect.mapError((error) => unusable(fileTrouble(error))),
    Effect.flatMap((text) =>
      text === undefined
        ? Effect.succeed([])
        : Schema.decodeEffect(Text)(text).pipe(
            Effect.map(({ approvals }) => approvals),
            Effect.mapError(() => unusable("it does not hold what Signalbox wrote"))
          )
    )
  )

  const replace = Effect.fnUntraced(function* (approvals: ReadonlyArray<StoredApproval>) {
    const directory = path.dirname(file)
    yield* fs.makeDirectory(directory, { recursive: true, mode: 0o700 })
    const draft = `${file}.${yield* random.uuidV4()}.tmp`
    // Only what was decoded or made by this schema comes here.
    const text = yield* Effect.orDie(Schema.encodeEffect(Text)({ version: 1, approvals }))
    yield* Effect.gen(function* () {
      const handle = yield* fs.open(draft, { flag: "wx", mode: 0o600 })
      yield* handle.writeAll(new TextEncoder().encode(`${text}\n`))
      yield* handle.sync
    }).pipe(
      Effect.scoped,
      Effect.andThen(fs.rename(draft, file)),
      // The failure is told; that its draft cannot be removed either says nothing new.
      Effect.onError(() => Effect.ignore(fs.remove(draft, { force: true })))
    )
  })

  const write = (approvals: ReadonlyArray<StoredApproval>) =>
    Effect.mapError(replace(approvals), (error) => unusable(error.message))

  return {
    list: read,
    add: Effect.fnUntraced(function* (approval) {
      const id = (yield* random.uuidV4()).replaceAll("-", "").slice(0, idLength)
      yield* write([...(yield* read), { id, ...approval }])
    }, exclusive),
    remove: Effect.fnUntraced(function* (isMeant) {
      const all = yield* read
      const removed = all.filter(isMeant)
      if (removed.length > 0) yield* write(all.filter((approval) => !isMeant(approval)))
      return removed
    }, exclusive),
    digest: (text) => sha.digestHex(Digest.sha256, new TextEncoder().encode(text))
  } satisfies ApprovalFile
})

/** The part of the file that is about one configuration. */
export const storeFor = (file: ApprovalFile, config: string): ApprovalStore => ({
  list: Effect.map(file.list, (all) => all.filter((approval) => approval.config === config)),
  add: (approval: KeptApproval) => file.add({ ...approval, config }),
  forgetTool: (source, tool) =>
    Effect.asVoid(
      file.remove((approval) => approval.config === config && approval.source === source && approval.tool === tool)
    ),
  digest: file.digest
})
