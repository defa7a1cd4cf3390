/** The conversations that are kept, for the commands about them: no server is started and no model is looked for. */
import { type ChatEvent, EventStore, SessionNotFound } from "@signalbox/conversation"
import { keptStores } from "@signalbox/host/node"
import { Effect } from "effect"
import { Setting } from "../Setting.ts"
import { readConfig } from "../withHost.ts"
import { requireHistory } from "./requireHistory.ts"

/** Gives the work the store of the configuration. */
export const withStore = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const config = yield* readConfig([], "preset")
    yield* requireHistory(config)
    const { conversationStore: store } = yield* keptStores(config, (yield* Setting).environment)
    // They are kept, so there is a store.
    return store === undefined ? yield* Effect.interrupt : yield* Effect.provideService(work, EventStore, store)
  }).pipe(Effect.scoped)

/** All records of a conversation; a failure where there is none of that name. */
export const recordsOf = Effect.fnUntraced(function* (name: string) {
  const store = yield* EventStore
  const events: ReadonlyArray<ChatEvent> = yield* store.getEvents(name, { include: "all" })
  if (events.length > 0) return events
  const known = yield* store.listConversations
  if (known.includes(name)) return events
  return yield* new SessionNotFound({
    sessionId: name,
    hint:
      known.length === 0
        ? "Nothing is kept yet. Begin with: signalbox chat --session NAME"
        : "See: signalbox sessions list"
  })
})
