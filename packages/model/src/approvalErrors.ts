/**
 * A call that was not run because nobody approved it: the one pair of errors for the gate before a call and for a tool that
 * asks while it runs.
 */
import { defineError, exitCodes, statuses } from "@signalbox/errors"
import { Schema } from "effect"
import type { ApprovalDecision, ApprovalRequest } from "./Interaction.ts"
import { sourceOf } from "./naming.ts"

const refusedCall = { toolName: Schema.String, source: Schema.String }

/** A person was asked whether the call may run, and said no. */
export class ApprovalRefused extends defineError<ApprovalRefused>()("ApprovalRefused", {
  code: "APPROVAL_REFUSED",
  status: statuses.forbidden,
  fields: { ...refusedCall, answer: Schema.String },
  message: ({ answer, source, toolName }) =>
    `"${toolName}" of "${source}" was not run: the user refused it${answer === "" ? "" : `, saying: ${answer}`}.`,
  hint: () => "Do not try it again unless the user asks for it."
}) {}

/** The call needs a yes of somebody, and there was nobody to ask. */
export class ApprovalRequired extends defineError<ApprovalRequired>()("ApprovalRequired", {
  code: "APPROVAL_REQUIRED",
  status: { ...statuses.forbidden, exit: exitCodes.notPermitted },
  fields: { ...refusedCall, reason: Schema.String, remedy: Schema.String },
  message: ({ reason, source, toolName }) =>
    `"${toolName}" of "${source}" was not run: it needs approval, because ${reason}.`,
  hint: ({ remedy }) => remedy
}) {}

/** The error for an answer that is no yes. Use it wherever `Interaction.approve` is asked. */
export const notApproved = (
  { reason, tool }: Pick<ApprovalRequest, "reason" | "tool">,
  answer: Extract<ApprovalDecision, { readonly isApproved: false }>
): ApprovalRefused | ApprovalRequired => {
  const about = { toolName: tool.name, source: sourceOf(tool.runBy) ?? "" }
  return answer.because === "refused"
    ? new ApprovalRefused({ ...about, answer: answer.reason })
    : new ApprovalRequired({ ...about, reason, remedy: answer.reason })
}
