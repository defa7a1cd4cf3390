/** All records of a conversation, a line of JSON for each: what `history import` reads. */
import { ChatEvent } from "@signalbox/conversation"
import { Effect, Schema } from "effect"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { recordsOf, withStore } from "./keptConversations.ts"

const encode = Schema.encodeEffect(ChatEvent)

/** The work of `sessions export`. */
export const sessionsExport = (name: string) =>
  withStore(recordsOf(name)).pipe(
    Effect.flatMap((events) => Effect.forEach(events, (event) => Effect.orDie(encode(event)))),
    report({
      render: (records) =>
        Effect.flatMap(Output, ({ line }) =>
          Effect.forEach(records, (record) => line(JSON.stringify(record)), { discard: true })
        )
    })
  )
