/**
 * What requests bring and nobody here can use: tools that only the vendor runs (search, interpreter, image maker),
 * and what such tools left in a conversation. Coding agents send some with every request, so they are no reason to
 * refuse it; the log says what is missing.
 */
import { Effect } from "effect"

/** Logs what was left out: the types of tools, or of items of a conversation. */
export const leaveOut = (what: "tools" | "items", types: ReadonlyArray<string>): Effect.Effect<void> =>
  types.length === 0
    ? Effect.void
    : Effect.logInfo(`A request has ${what} that are not served here; they were left out`).pipe(
        Effect.annotateLogs({ types: [...new Set(types)].join(", ") })
      )
