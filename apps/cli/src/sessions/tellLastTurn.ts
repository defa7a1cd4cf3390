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

/** Tells it before the turn is closed, or that it runs in another program. Nothing where it ended. */
export const tellLastTurn = Effect.fnUntraced(function* (name: string) {
  const { conversationStore: store } = yield* Host
  if (store === undefined) return
  const { events, isRunning } = yield* Effect.provideService(findShown(name), EventStore, store)
  if (overviewOf(events).turns.at(-1)?.end !== "open") return
  const { errorStyle, status } = yield* Output
  if (isRunning) {
    return yield* status(
      `${errorStyle.yellow("!")} A turn of ${printable(name)} runs in another program: what you say waits until it is over`
    )
  }
  const begun = unfinishedSteps(events)
    .flatMap(({ calls }) => calls.filter(({ state }) => state === "begun"))
    .map(({ call }) => `${call.name} ${oneLine(JSON.stringify(call.input), shownArguments)}`)
  const unknown =
    begun.length === 0
      ? "."
      : `; ${begun.join(", ")} had begun: nobody knows whether ${begun.length === 1 ? "it" : "they"} took effect.`
  yield* status(`${errorStyle.yellow("!")} The last turn was cut off${printable(unknown)}`)
})
