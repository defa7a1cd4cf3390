/** Which conversation is gone on with, and with which model. */
import { forkOriginsOf } from "@signalbox/conversation"
import { Effect, Option } from "effect"
import { report } from "../report.ts"
import { findConversation, latestConversation, withStore } from "./keptConversations.ts"

/** What `chat` is told of it. */
export interface Resumed {
  readonly name: string
  /** That of the fork, where one was named. */
  readonly model: string | undefined
}

/** The conversation of a name, or the one that was used last. Nothing where there is none: that is told. */
export const findToResume = (given: Option.Option<string>) =>
  Effect.gen(function* () {
    let found: Resumed | undefined
    const find = Effect.gen(function* () {
      const wanted = Option.isSome(given) ? given.value : yield* latestConversation
      const { events, name } = yield* findConversation(wanted)
      found = { name, model: forkOriginsOf(events)[0]?.model }
    })
    yield* withStore(find).pipe(report({ render: () => Effect.void, hasAnswered: () => true }))
    return found
  })
