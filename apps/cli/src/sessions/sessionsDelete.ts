/** Removes a conversation for good. */
import { EventStore } from "@signalbox/conversation"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { recordsOf, withStore } from "./keptConversations.ts"

/** The work of `sessions delete`. */
export const sessionsDelete = (name: string) =>
  withStore(
    Effect.gen(function* () {
      const events = yield* recordsOf(name)
      yield* (yield* EventStore).removeConversation(name)
      return { name, records: events.length }
    })
  ).pipe(
    report({
      render: (deleted) =>
        Effect.flatMap(Output, ({ line, style }) => line(`${style.green("✓")} ${printable(deleted.name)} is deleted`))
    })
  )
