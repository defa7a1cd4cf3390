/** Notes of a cassette by their names. What is none of this version is passed over: a replay then does without it. */
import { entriesOf, type Player } from "@signalbox/conversation/replay"
import { Result, Schema } from "effect"

/** The values of all notes of that name, in order. */
export const notesOf = <A>({ cassette }: Player, wanted: string, schema: Schema.Decoder<A>): ReadonlyArray<A> => {
  const decode = Schema.decodeUnknownResult(schema)
  return entriesOf(cassette, "note")
    .filter(({ name }) => name === wanted)
    .flatMap(({ value }) => Result.match(decode(value), { onSuccess: (note) => [note], onFailure: () => [] }))
}
