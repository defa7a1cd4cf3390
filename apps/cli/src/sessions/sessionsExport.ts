/** A conversation for elsewhere: all of its records as lines, which `history import` reads, or a document for people. */
import { ChatEvent } from "@signalbox/conversation"
import { Effect, Schema } from "effect"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { findShown, withReadStore } from "./keptConversations.ts"
import { markdownOf } from "./markdownOf.ts"

const encode = Schema.encodeEffect(ChatEvent)

/** What an export looks like. */
export type ExportFormat = "json" | "md"

/** The work of `sessions export`. */
export const sessionsExport = (given: string, format: ExportFormat) =>
  withReadStore(findShown(given)).pipe(
    Effect.flatMap(({ events, isRunning, name }) =>
      Effect.map(
        Effect.forEach(events, (event) => Effect.orDie(encode(event))),
        (records) => ({ events, isRunning, name, records })
      )
    ),
    report({
      json: ({ events, isRunning, name, records }) =>
        format === "md" ? { name, markdown: markdownOf(name, events, isRunning) } : records,
      render: ({ events, isRunning, name, records }) =>
        Effect.flatMap(Output, ({ line, write }) =>
          format === "md"
            ? write(markdownOf(name, events, isRunning))
            : Effect.forEach(records, (record) => line(JSON.stringify(record)), { discard: true })
        )
    })
  )
