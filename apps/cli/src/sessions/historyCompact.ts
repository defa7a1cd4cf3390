/** Writes the files of conversations again without what later records have made superfluous. */
import { EventStore } from "@signalbox/conversation"
import { Effect, Option } from "effect"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { findConversation, ofEach, withStore } from "./keptConversations.ts"

/** The work of `history compact`: one conversation, or all. */
export const historyCompact = (name: Option.Option<string>) =>
  withStore(
    Effect.gen(function* () {
      const store = yield* EventStore
      const freed = Option.isSome(name)
        ? [yield* store.compact((yield* findConversation(name.value)).name)]
        : yield* ofEach(store.compact)
      return { conversations: freed.length, bytes_freed: freed.reduce((sum, bytes) => sum + bytes, 0) }
    })
  ).pipe(
    report({
      render: ({ bytes_freed, conversations }) =>
        Effect.flatMap(Output, ({ line }) => line(`${bytes_freed} bytes freed in ${conversations} conversations`))
    })
  )
