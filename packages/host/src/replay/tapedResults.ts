/**
 * Long results of tools that are kept beside conversations, on their way into a cassette and out of one. A replay keeps its own
 * in memory, under the ids of then, and has of those that were kept before the recording what was read of them.
 */
import type { ResultStore } from "@signalbox/conversation"
import {
  IsWithinAnswer,
  outsideTurn,
  type Player,
  RecordedFailure,
  type Recorder
} from "@signalbox/conversation/replay"
import { makeCorrelationId } from "@signalbox/errors"
import { Effect, Schema } from "effect"
import { notesOf } from "./cassetteNotes.ts"

type MaybeStore = ResultStore | undefined

/** Whether results are kept at all, each that was kept, and each that was read and is of before. */
const notes = { are: "results_are_kept", kept: "result_kept", read: "result_read" } as const

const Kept = Schema.Struct({
  owner: Schema.String,
  characters: Schema.Int,
  id: Schema.optionalKey(Schema.String),
  failed: Schema.optionalKey(Schema.String)
})
const Read = Schema.Struct({ id: Schema.String, text: Schema.String })

/** A store whose ids are written down, and what was kept in it before. */
export const recordedResults =
  (recorder: Recorder) =>
  (store: MaybeStore): MaybeStore => {
    recorder.noteOnce({ type: "note", name: notes.are, value: store !== undefined })
    if (store === undefined) return undefined
    /** Those whose text is in the cassette already. */
    const told = new Set<string>()
    const noteKept = (value: typeof Kept.Type) => recorder.note({ type: "note", name: notes.kept, value })
    const noteRead = (value: typeof Read.Type) => {
      if (told.has(value.id)) return
      told.add(value.id)
      recorder.note({ type: "note", name: notes.read, value })
    }
    return {
      ...store,
      keep: (owner, text) =>
        outsideTurn(store.keep(owner, text)).pipe(
          Effect.tap((id) =>
            Effect.sync(() => {
              told.add(id)
              noteKept({ owner, characters: text.length, id })
            })
          ),
          Effect.tapError(({ message }) =>
            Effect.sync(() => noteKept({ owner, characters: text.length, failed: message }))
          )
        ),
      read: (owner, id) =>
        Effect.gen(function* () {
          const text = yield* outsideTurn(store.read(owner, id))
          if (text !== undefined && !(yield* IsWithinAnswer)) noteRead({ id, text })
          return text
        })
    }
  }

/** A store that goes with the replay. */
export const playedResults = (player: Player): MaybeStore => {
  const [areKept = true] = notesOf(player, notes.are, Schema.Boolean)
  if (!areKept) return undefined
  const left = new Set(notesOf(player, notes.kept, Kept))
  const texts = new Map(notesOf(player, notes.read, Read).map(({ id, text }) => [id, text]))

  /** The same result, or what comes nearest. */
  const take = (owner: string, characters: number): typeof Kept.Type | undefined => {
    const mine = [...left].filter((kept) => kept.owner === owner)
    const taken = player.isLive() ? undefined : (mine.find((kept) => kept.characters === characters) ?? mine[0])
    if (taken !== undefined) left.delete(taken)
    return taken
  }
  return {
    keep: (owner, text) =>
      Effect.gen(function* () {
        const recorded = take(owner, text.length)
        if (recorded?.failed !== undefined)
          return yield* new RecordedFailure({ text: recorded.failed, hint: undefined })
        const id = recorded?.id ?? `r_${(yield* makeCorrelationId).toLowerCase()}`
        texts.set(id, text)
        return id
      }),
    // A replay does not know which conversation is a fork of which, whose results it reads as well. An id is of one result.
    read: (_, id) => Effect.sync(() => texts.get(id)),
    forget: () => Effect.void
  }
}
