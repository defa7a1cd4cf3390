/**
 * What a tool keeps for itself: one JSON file for each conversation, changed under a lock that other processes keep,
 * too. The lock of a process that died is taken over.
 */
import type { CallContext } from "@signalbox/model"
import { Clock, Duration, Effect, FileSystem, Path, Random, Result, Schedule, Schema } from "effect"
import { ToolStateFailed } from "../errors.ts"

/** Reads and changes the state of one conversation. */
export interface StateFiles {
  readonly read: <A>(
    kind: string,
    schema: Schema.Codec<A, unknown>,
    empty: A,
    context: CallContext
  ) => Effect.Effect<A, ToolStateFailed>
  /** Replaces the state by what the change makes of it. */
  readonly update: <A, B, E>(
    kind: string,
    schema: Schema.Codec<A, unknown>,
    empty: A,
    context: CallContext,
    change: (state: A) => Effect.Effect<{ readonly state: A; readonly answer: B }, E>
  ) => Effect.Effect<B, E | ToolStateFailed>
}

/** A holder writes within milliseconds: who has not come back by then never will. */
const staleAfter = Duration.toMillis("10 seconds")
const patience = Schedule.spaced("10 millis").pipe(Schedule.jittered, Schedule.upTo({ duration: "15 seconds" }))

/** A name that is one file, whatever it holds. */
const fileName = (text: string): string =>
  `c-${encodeURIComponent(text.toWellFormed()).replaceAll("*", "%2A").slice(0, 120)}`

const failed = (file: string) => (cause: { readonly message: string }) =>
  new ToolStateFailed({ path: file, reason: cause.message, cause })

/** State below this folder. */
export const makeStateFiles = (folder: string): Effect.Effect<StateFiles, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path

    const fileFor = (kind: string, { conversationId, principal }: CallContext) =>
      path.join(folder, kind, fileName(principal), `${fileName(conversationId)}.json`)

    const load = Effect.fnUntraced(function* <A>(file: string, schema: Schema.Codec<A, unknown>, empty: A) {
      const text = yield* fs.readFileString(file).pipe(
        Effect.catchIf(
          ({ reason }) => reason._tag === "NotFound",
          () => Effect.undefined
        ),
        Effect.mapError(failed(file))
      )
      if (text === undefined) return empty
      const parsed = Result.try((): unknown => JSON.parse(text))
      if (Result.isFailure(parsed)) return yield* new ToolStateFailed({ path: file, reason: "it is no JSON" })
      return yield* Effect.mapError(Schema.decodeUnknownEffect(schema)(parsed.success), failed(file))
    })

    const save = Effect.fnUntraced(function* <A>(file: string, schema: Schema.Codec<A, unknown>, state: A) {
      const encoded = yield* Effect.mapError(Schema.encodeUnknownEffect(schema)(state), failed(file))
      const draft = `${file}.${yield* Random.nextIntBetween(0, 2 ** 31)}.draft`
      yield* fs
        .writeFileString(draft, `${JSON.stringify(encoded, null, 2)}\n`, { mode: 0o600 })
        .pipe(Effect.andThen(fs.rename(draft, file)), Effect.mapError(failed(file)))
    })

    /** A lock that is too old is moved away first: of two who find it only one can do that. */
    const breakStale = Effect.fnUntraced(function* (lock: string) {
      const now = yield* Clock.currentTimeMillis
      const info = yield* fs.stat(lock)
      const modified = info.mtime._tag === "Some" ? info.mtime.value.getTime() : now
      if (now - modified < staleAfter) return
      const grave = `${lock}.${yield* Random.nextIntBetween(0, 2 ** 31)}`
      yield* Effect.andThen(fs.rename(lock, grave), fs.remove(grave))
    })

    const locked =
      (file: string) =>
      <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | ToolStateFailed> => {
        const lock = `${file}.lock`
        const take = fs.writeFileString(lock, "", { flag: "wx", mode: 0o600 }).pipe(
          Effect.tapError(({ reason }) =>
            // Gone by now, or broken by somebody else: the next try will see.
            reason._tag === "AlreadyExists" ? Effect.ignore(breakStale(lock)) : Effect.void
          ),
          Effect.retry({ schedule: patience, while: ({ reason }) => reason._tag === "AlreadyExists" })
        )
        return Effect.acquireUseRelease(
          fs
            .makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 })
            .pipe(Effect.andThen(Effect.interruptible(take)), Effect.mapError(failed(lock))),
          () => effect,
          // Without it the next one waits until the lock is old.
          () => Effect.ignore(fs.remove(lock))
        )
      }

    return {
      read: (kind, schema, empty, context) => load(fileFor(kind, context), schema, empty),
      update: (kind, schema, empty, context, change) => {
        const file = fileFor(kind, context)
        return locked(file)(
          Effect.gen(function* () {
            const { answer, state } = yield* change(yield* load(file, schema, empty))
            yield* save(file, schema, state)
            return answer
          })
        )
      }
    }
  })
