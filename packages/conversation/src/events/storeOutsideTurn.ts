/** A store whose work is no part of the turn that it keeps. */
import type { Effect } from "effect"
import { outsideTurn } from "../turnSurroundings.ts"
import { EventStore } from "./EventStore.ts"

const outside =
  <Args extends ReadonlyArray<unknown>, A, E, R>(verb: (...args: Args) => Effect.Effect<A, E, R>) =>
  (...args: Args): Effect.Effect<A, E, R> =>
    outsideTurn(verb(...args))

/** The same store, by the clock and the random numbers of the program. */
export const storeOutsideTurn = (store: EventStore["Service"]): EventStore["Service"] =>
  EventStore.of({
    addEvent: outside(store.addEvent),
    addEvents: outside(store.addEvents),
    eventExists: outside(store.eventExists),
    getEvents: outside(store.getEvents),
    lastTokens: outside(store.lastTokens),
    getEventByRequestId: outside(store.getEventByRequestId),
    getLastAssistantReplyId: outside(store.getLastAssistantReplyId),
    compactDeltas: outside(store.compactDeltas),
    listConversations: outsideTurn(store.listConversations),
    removeConversation: outside(store.removeConversation),
    compact: outside(store.compact),
    lockTurn: outside(store.lockTurn)
  })
