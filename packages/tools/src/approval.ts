/**
 * Asks the person behind a call. Where there is nobody to ask, the answer is no.
 */
import type { CallContext, JsonObject } from "@signalbox/model"
import { Effect } from "effect"
import type { BuiltIn } from "./BuiltIn.ts"
import { ApprovalRequired } from "./errors.ts"

/** Asks about calls, and remembers a yes that was said for a whole conversation. */
export interface Approvals {
  /** `topic` is what a remembered yes is about: the same command, and not the whole tool. */
  readonly require: (
    tool: Pick<BuiltIn, "definition" | "name">,
    request: { readonly input: JsonObject; readonly reason: string; readonly topic: string },
    context: CallContext
  ) => Effect.Effect<void, ApprovalRequired>
}

/** Conversations beyond these are asked again. */
const maxRemembered = 10_000

/** Nothing was allowed yet. */
export const makeApprovals = (source: string): Approvals => {
  const remembered = new Set<string>()
  return {
    require: Effect.fnUntraced(function* (tool, { input, reason, topic }, context) {
      const key = JSON.stringify([context.principal, context.conversationId, tool.name, topic])
      if (remembered.has(key)) return
      const decision = yield* context.interaction.approve({ tool: tool.definition(source), input, reason })
      if (!decision.isApproved)
        return yield* new ApprovalRequired({ toolName: tool.name, reason, answer: decision.reason })
      if (decision.remember !== "conversation") return
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.add(key)
    })
  }
}
