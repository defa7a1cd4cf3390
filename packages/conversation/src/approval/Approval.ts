/**
 * The gate before a tool call: the policy decides, what was approved before counts, and else somebody is asked through the
 * call's own `Interaction`. One gate serves all turns over the same tools.
 */
import type { ApprovalReach, ToolDefinition } from "@signalbox/model"
import { Effect } from "effect"
import { type ApprovalMemory, type JudgedCall, makeApprovalMemory } from "./ApprovalMemory.ts"
import { type ApprovalPolicy, type ApprovalVerdict, judgeCall, mayAsk } from "./ApprovalPolicy.ts"

/** Use it wherever calls of a model must not simply run. Without one, all of them do. */
export interface Approval {
  /** What becomes of a call before anybody is asked. */
  readonly judge: (call: JudgedCall) => Effect.Effect<ApprovalVerdict>
  /** Whether calls of the tool may have to be asked about. */
  readonly mayAsk: (tool: ToolDefinition) => boolean
  /** Why the call was approved before; nothing where it was not. No rule and no mode is asked. */
  readonly recall: ApprovalMemory["recall"]
  /** A call was approved. */
  readonly remember: (call: JudgedCall, reach: ApprovalReach) => Effect.Effect<void>
  /** Forgets what was approved for a conversation. */
  readonly endConversation: ApprovalMemory["endConversation"]
}

/**
 * A gate with a policy, over what is remembered: nothing so far where that is left out. A policy that changes is given as
 * a function, which is asked at each call.
 */
export const makeApproval = (
  policy: ApprovalPolicy | (() => ApprovalPolicy),
  memory: ApprovalMemory = makeApprovalMemory()
): Approval => {
  const current = typeof policy === "function" ? policy : () => policy
  return {
    judge: (call) =>
      Effect.suspend(() => {
        const verdict = judgeCall(current(), call.tool, call.input)
        if (verdict.decision !== "ask") return Effect.succeed(verdict)
        return Effect.map(memory.recall(call), (reason) =>
          reason === undefined ? verdict : { decision: "allow" as const, reason }
        )
      }),
    recall: memory.recall,
    mayAsk: (tool) => mayAsk(current(), tool),
    remember: (call, reach) => {
      if (reach === "conversation") return memory.keepForConversation(call)
      return reach === "always" ? memory.keepAlways(call) : Effect.void
    },
    endConversation: memory.endConversation
  }
}
