/** Removes a conversation for good. */
import { EventStore, overviewOf } from "@signalbox/conversation"
import { Effect } from "effect"
import { confirmed } from "../confirming.ts"
import { Output } from "../Output.ts"
import { counted, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { findConversation, patience, tellRunning, withStore } from "./keptConversations.ts"

/** The work of `sessions delete`. */
export const sessionsDelete = (given: string, yes: boolean) =>
  withStore(
    Effect.gen(function* () {
      const found = yield* findConversation(given)
      const { events, name } = found
      const { turns } = overviewOf(events)
      const about = `${name} has ${counted(turns.length, "turn")} in ${counted(events.length, "record")}.`
      yield* confirmed(yes, `delete ${name} for good`, about)
      yield* tellRunning(found)
      // Whoever is in the middle of a turn would write the rest of it to a conversation without a beginning.
      const store = yield* EventStore
      yield* Effect.scoped(Effect.andThen(store.lockTurn(name, patience), store.removeConversation(name)))
      return { name, records: events.length }
    })
  ).pipe(
    report({
      render: (deleted) =>
        Effect.flatMap(Output, ({ line, style }) => line(`${style.green("✓")} ${printable(deleted.name)} is deleted`))
    })
  )
