/**
 * Calls that a person or a program makes by hand: who makes one wants it, so no rule is asked. What the tool itself leaves to
 * a person is asked all the same, unless that was approved for good.
 */
import { askedByTool } from "@signalbox/conversation"
import { type CallContext, localCall } from "@signalbox/model"
import type { Approvals } from "./Approvals.ts"

/** The context of such a call; `given` says whom it may ask. */
export const calledByHand = (
  { conversations }: Approvals["Service"],
  given: Partial<CallContext> = {}
): CallContext => {
  const context = localCall(given)
  return {
    ...context,
    interaction: askedByTool({ approval: conversations, context, interaction: context.interaction })
  }
}
