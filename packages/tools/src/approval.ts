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
  request: ApprovalRequest,
  { interaction }: CallContext
): Effect.fn.Return<void, NotApproved> {
  const answer = yield* interaction.approve(request)
  if (!answer.isApproved) return yield* notApproved(request, answer)
})
