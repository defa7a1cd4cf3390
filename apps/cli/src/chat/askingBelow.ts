/**
 * Questions of a turn come below what was said before them. The turn goes on while its text is still being printed, so a question
 * waits until that of its call has come through the printing.
 */
import type { TurnEvent } from "@signalbox/conversation"
import { Interaction } from "@signalbox/model"
import { Deferred, Effect } from "effect"

/** Longer than printing ever takes. Calls of agents within the turn have no events in it. */
const longestWait = "200 millis"

/** The interaction for a turn, and what is to be told of each event once it is printed. */
export const askingBelow = (interaction: Interaction) => {
  const printed = new Map<string, Deferred.Deferred<void>>()
  const of = (callId: string) => {
    const known = printed.get(callId) ?? Deferred.makeUnsafe<void>()
    printed.set(callId, known)
    return known
  }
  const untilPrinted = (callId: string) =>
    Deferred.await(of(callId)).pipe(
      Effect.timeout(longestWait),
      // Whoever has waited so long is asked all the same.
      Effect.ignore,
      // The same call may be asked about again, further below.
      Effect.ensuring(Effect.sync(() => printed.delete(callId)))
    )
  const asking: Interaction = {
    ...interaction,
    approve: (request) =>
      Effect.andThen(
        request.callId === undefined ? Effect.void : untilPrinted(request.callId),
        interaction.approve(request)
      )
  }
  return {
    // Where there is nobody to ask, nothing must look as if there were.
    interaction: interaction.approve === Interaction.decline.approve ? interaction : asking,
    isPrinted: (event: TurnEvent) =>
      event.type === "tool_asked" ? Effect.asVoid(Deferred.succeed(of(event.call.id), undefined)) : Effect.void
  }
}
