/**
 * A person who answers every question about a call alike, and of whom it is noted what was asked.
 */
import { Effect } from "effect"
import { type ApprovalDecision, type ApprovalRequest, Interaction } from "../Interaction.ts"

/** The interaction of calls in tests of approval, and the questions in their order. */
export const answering = (answer: ApprovalDecision | Effect.Effect<ApprovalDecision>) => {
  const asked: Array<ApprovalRequest> = []
  const interaction: Interaction = {
    ...Interaction.decline,
    approve: (request) =>
      Effect.suspend(() => {
        asked.push(request)
        return Effect.isEffect(answer) ? answer : Effect.succeed(answer)
      })
  }
  return { asked, interaction }
}
