/** How many records and tokens conversations have, by type. */
import { type ChatEvent, tokenDistribution } from "@signalbox/conversation"
import { TokenCounter } from "@signalbox/model/tokens"
import { Effect, Option } from "effect"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { findConversation, ofEach, withReadStore } from "./keptConversations.ts"

/** What of a record a model would be shown. */
const shownText = (event: ChatEvent): string =>
  JSON.stringify(
    event.type === "meta" ? event.data : event.type === "tool_call" ? event.arguments : (event.content ?? "")
  )

const count = Effect.fnUntraced(function* (events: ReadonlyArray<ChatEvent>) {
  const counter = yield* TokenCounter.make()
  const counts = new Map(
    yield* Effect.forEach(events, (event) =>
      Effect.map(
        event.token_count === undefined ? counter.countText(shownText(event)) : Effect.succeed(event.token_count),
        (tokens) => [event, tokens] as const
      )
    )
  )
  return tokenDistribution(events, { countTokens: (event) => counts.get(event) ?? 0 })
})

/** The work of `history stats`: one conversation, or all. */
export const historyStats = (name: Option.Option<string>) =>
  withReadStore(
    Effect.gen(function* () {
      const found = Option.isSome(name) ? [yield* findConversation(name.value)] : yield* ofEach(findConversation)
      const { byType, total } = yield* count(found.flatMap(({ events }) => events))
      return { conversations: found.length, total, by_type: byType }
    })
  ).pipe(
    report({
      render: ({ by_type, conversations, total }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          const rows = Object.entries({ ...by_type, all: total }).map(([type, { events, tokens }]) => [
            style.bold(type),
            `${events}`,
            `${tokens}`
          ])
          yield* line(renderTable([[`of ${conversations}`, "records", "tokens"], ...rows]))
        })
    })
  )
