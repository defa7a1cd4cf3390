/**
 * What requests bring and nobody here can use: tools that only the vendor runs (search, interpreter, image maker),
 * and what such tools left in a conversation. Coding agents send some with every request, so they are no reason to
 * refuse it; the log says what is missing, and so do `CallNotes`.
 */
import { CallNotes } from "@signalbox/model"
import { Effect } from "effect"

/** Says what was left out: the types of tools, or of items of a conversation. */
export const leaveOut = Effect.fnUntraced(function* (what: "tools" | "items", given: ReadonlyArray<string>) {
  if (given.length === 0) return
  const types = [...new Set(given)]
  yield* (yield* CallNotes)({ type: "left_out", what, types })
  yield* Effect.logInfo(`A request has ${what} that are not served here; they were left out`).pipe(
    Effect.annotateLogs({ types: types.join(", ") })
  )
})
