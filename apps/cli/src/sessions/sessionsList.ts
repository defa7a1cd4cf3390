/** The conversations that are kept, those used last at the end. */
import { EventStore } from "@signalbox/conversation"
import { textOf } from "@signalbox/model"
import { DateTime, Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { withStore } from "./keptConversations.ts"

const summaries = Effect.gen(function* () {
  const store = yield* EventStore
  const found = yield* Effect.forEach(yield* store.listConversations, (name) =>
    Effect.map(store.getEvents(name), (events) => {
      const last = events.at(-1)
      const said = events.findLast((event) => event.type === "user_message")
      return {
        name,
        messages: events.filter(({ type }) => type === "user_message" || type === "assistant_message").length,
        last_used: last === undefined ? null : DateTime.formatIso(last.timestamp),
        last_said: said?.type === "user_message" ? textOf(said.content) : ""
      }
    })
  )
  return found.toSorted((a, b) => (a.last_used ?? "").localeCompare(b.last_used ?? ""))
})

/** The work of `sessions list`. */
export const sessionsList = withStore(summaries).pipe(
  report({
    render: (all) =>
      Effect.gen(function* () {
        const { columns, line, status, style } = yield* Output
        if (all.length === 0) return yield* status("Nothing is kept yet. Begin with: signalbox chat --session NAME")
        const rows = all.map(({ last_said, last_used, messages, name }) => [
          style.bold(printable(name)),
          counted(messages, "message"),
          last_used ?? "",
          printable(last_said)
        ])
        yield* line(renderTable(rows, { columns, paint: style.dim }))
      })
  })
)
