/**
 * Asks the person behind a call about what the policies leave to them. Who answers, and what is remembered of it, is the
 * business of whoever makes the call; where there is nobody to ask, the answer is no.
 */
import {
  type ApprovalRefused,
  type ApprovalRequest,
  type ApprovalRequired,
  type CallContext,
  notApproved
} from "@signalbox/model"
import { Effect } from "effect"

/** Why a call was not run that its policy leaves to a person. */
export type NotApproved = ApprovalRefused | ApprovalRequired

/** Goes on once the call is approved. */
export const requireApproval = Effect.fnUntraced(function* (
  request: Pick<ApprovalRequest, "input" | "reason" | "tool">,
  { interaction, toolCallId }: CallContext
): Effect.fn.Return<void, NotApproved> {
  // Nothing has been done, so the call can wait where nobody can be asked now.
  const answer = yield* interaction.approve({ ...request, callId: toolCallId, isAskedByTool: true })
  if (!answer.isApproved) return yield* notApproved(request, answer)
})
