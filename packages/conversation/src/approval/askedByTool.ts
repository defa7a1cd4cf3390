/**
 * What a tool asks by itself while it runs, such as for a command that no list allows. It goes through the memory that the
 * gate before the call has, and a call that a person has just approved is not asked about once more.
 */
import { canonicalJson, type CallContext, identityOf, Interaction, type ApprovalRequest } from "@signalbox/model"
import { Effect } from "effect"
import type { Approval } from "./Approval.ts"
import type { JudgedCall } from "./ApprovalMemory.ts"

/** How a call asks. */
export interface AskedByToolOptions {
  readonly approval: Pick<Approval, "recall" | "remember">
  readonly context: Pick<CallContext, "principal" | "conversationId">
  readonly interaction: Interaction
  /** The call that a person was asked about, and approved, before it began. */
  readonly approved?: Pick<JudgedCall, "tool" | "input">
  /** Somebody is about to be asked. */
  readonly onAsk?: (reason: string) => Effect.Effect<unknown>
}

const isSame = (request: ApprovalRequest, { input, tool }: Pick<JudgedCall, "tool" | "input">): boolean =>
  identityOf(request.tool) === identityOf(tool) && canonicalJson(request.input) === canonicalJson(input)

const approvedAlready = { isApproved: true, remember: "once" } as const

/**
 * The interaction for a call that runs. Use it for calls that no turn makes, too, so that what was approved for good
 * is not asked about there.
 */
export const askedByTool = ({ approval, approved, context, interaction, onAsk }: AskedByToolOptions): Interaction => ({
  ...interaction,
  approve: Effect.fnUntraced(function* (request) {
    if (approved !== undefined && isSame(request, approved)) return approvedAlready
    const call: JudgedCall = { tool: request.tool, input: request.input, context }
    if ((yield* approval.recall(call)) !== undefined) return approvedAlready
    if (onAsk !== undefined && interaction.approve !== Interaction.decline.approve) yield* onAsk(request.reason)
    const answer = yield* interaction.approve(request)
    if (answer.isApproved) yield* approval.remember(call, answer.remember)
    return answer
  })
})
