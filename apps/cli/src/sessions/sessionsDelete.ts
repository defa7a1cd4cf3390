/** Removes a conversation for good. */
import { EventStore } from "@signalbox/conversation"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { findConversation, withStore } from "./keptConversations.ts"

/** The work of `sessions delete`. */
export const sessionsDelete = (given: string) =>
  withStore(
    Effect.gen(function* () {
      const { events, name } = yield* findConversation(given)
      yield* (yield* EventStore).removeConversation(name)
      return { name, records: events.length }
    })
  ).pipe(
    report({
      render: (deleted) =>
        Effect.flatMap(Output, ({ line, style }) => line(`${style.green("✓")} ${printable(deleted.name)} is deleted`))
    })
  )
