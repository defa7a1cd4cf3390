/** The instructions of the project as they were when conversations began: the files may say something else by now, or be gone. */
import { outsideTurn, type Player, type Recorder } from "@signalbox/conversation/replay"
import { Effect, Schema } from "effect"
import type { Instructions } from "../rules/Instructions.ts"
import { notesOf } from "./cassetteNotes.ts"

const noteName = "instructions"

/** `turn` is the one before which they were read; 0 before the first. */
const Note = Schema.Struct({
  turn: Schema.Int,
  text: Schema.NullOr(Schema.String),
  files: Schema.Array(Schema.String),
  notes: Schema.Array(Schema.String)
})

/** Writes down what was read, as often as it is something else. */
export const recordedInstructions = (recorder: Recorder) => {
  let known: string | undefined
  return (read: Effect.Effect<Instructions>): Effect.Effect<Instructions> =>
    Effect.tap(outsideTurn(read), ({ files, notes, text = null }) =>
      Effect.sync(() => {
        const now = JSON.stringify([text, files, notes])
        if (now === known) return
        known = now
        const value: typeof Note.Type = { turn: recorder.turn(), text, files, notes }
        recorder.note({ type: "note", name: noteName, value })
      })
    )
}

/** Answers with what was read then. */
export const playedInstructions = (player: Player) => {
  const known = notesOf(player, noteName, Note)
  return (read: Effect.Effect<Instructions>): Effect.Effect<Instructions> =>
    Effect.suspend(() => {
      const note = known.findLast(({ turn }) => turn <= player.turn()) ?? known[0]
      if (note === undefined) return read
      const { files, notes, text } = note
      return Effect.succeed({ text: text ?? undefined, files, notes })
    })
}
