/** What cannot be taken back is asked about at the terminal; a script says that it means it. */
import { Effect } from "effect"
import { makeAsking } from "./chat/questions/Asking.ts"
import { isSomebodyThere } from "./chat/questions/terminalInteraction.ts"
import { ConfirmationRefused, ConfirmationRequired } from "./errors.ts"

/** Goes on after a yes. `deed` is an infinitive, such as `delete trip for good`, and `about` a sentence on what it concerns. */
export const confirmed = Effect.fnUntraced(function* (yes: boolean, deed: string, about: string) {
  if (yes) return
  if (!(yield* isSomebodyThere)) return yield* new ConfirmationRequired({ deed })
  const asking = yield* makeAsking
  yield* asking.show(about)
  const answer = yield* asking.confirm(`${deed.slice(0, 1).toUpperCase()}${deed.slice(1)}?`, false)
  // Whoever leaves the question leaves the command.
  if (answer === undefined) return yield* Effect.interrupt
  if (!answer) return yield* new ConfirmationRefused({ deed })
}, Effect.scoped)
