/**
 * What a hook says of a call before it runs: that it must not, or that somebody has to be asked.
 */
import { sourceOf, type ToolDefinition } from "@signalbox/model"
import { Effect } from "effect"
import { settleRefused } from "../toolFailure.ts"
import type { ToolSettlement } from "../ToolOutcome.ts"
import type { HookError } from "../TurnHooks.ts"
import { type Approval, makeApproval } from "./Approval.ts"
import { countRefused } from "./permit.ts"

/** Where nothing else is asked about. */
const letsAllRun = makeApproval({ mode: "auto", rules: [], sources: {} })

/** A gate that asks about what it would let run, unless just that was approved before; what it denies stays denied. */
export const askingFirst = (approval: Approval = letsAllRun, reason: string): Approval => ({
  ...approval,
  judge: (call) =>
    Effect.flatMap(approval.judge(call), (verdict) =>
      verdict.decision === "deny"
        ? Effect.succeed(verdict)
        : Effect.map(approval.recall(call), (known) =>
            known === undefined ? { decision: "ask", reason } : { decision: "allow", reason: known }
          )
    )
})

/** A call that a hook refused. */
export const settleByHook = (error: HookError, tool: ToolDefinition): Effect.Effect<ToolSettlement> =>
  Effect.as(countRefused({ toolName: tool.name, source: sourceOf(tool.runBy) ?? "" }, error.code), settleRefused(error))
