/** Says of a conversation that is gone on with that its last turn was cut off, and of which calls nobody knows. */
import { EventStore, overviewOf } from "@signalbox/conversation"
import { Host } from "@signalbox/host"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { findShown } from "./keptConversations.ts"
import { unfinishedSteps } from "./openSteps.ts"

/** The longest arguments of a call that are shown. */
const shownArguments = 200

/** Tells it before the turn is closed. Nothing where it ended, or runs in another program. */
export const tellLastTurn = Effect.fnUntraced(function* (name: string) {
  const { conversationStore: store } = yield* Host
  if (store === undefined) return
  const { events, isRunning } = yield* Effect.provideService(findShown(name), EventStore, store)
  if (isRunning || overviewOf(events).turns.at(-1)?.end !== "open") return
  const { errorStyle, status } = yield* Output
  const begun = unfinishedSteps(events)
    .flatMap(({ calls }) => calls.filter(({ state }) => state === "begun"))
    .map(({ call }) => `${call.name} ${oneLine(JSON.stringify(call.input), shownArguments)}`)
  const unknown =
    begun.length === 0
      ? "."
      : `; ${begun.join(", ")} had begun: nobody knows whether ${begun.length === 1 ? "it" : "they"} took effect.`
  yield* status(`${errorStyle.yellow("!")} The last turn was cut off${printable(unknown)}`)
})
