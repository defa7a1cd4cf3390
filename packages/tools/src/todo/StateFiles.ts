/**
 * What a tool keeps for itself: one JSON file for each conversation, changed under a lock that other processes keep,
 * too.
 */
import type { CallContext } from "@signalbox/model"
import { Effect, FileSystem, Path, Random, Result, Schema } from "effect"
import { ToolStateFailed } from "../errors.ts"
import { makeProcessLock } from "../ProcessLock.ts"

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
    const lock = yield* makeProcessLock

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

    const locked =
      (file: string) =>
      <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | ToolStateFailed> =>
        // A failure of the effect itself is told as it is.
        lock
          .hold(file)(Effect.exit(effect))
          .pipe(Effect.mapError(failed(`${file}.lock`)), Effect.flatten)

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
