/**
 * One call on its way to the journal: it is let through, refused, or put off. The question is asked before the call's
 * step begins, so that a crash while somebody thinks leaves nothing that looks as if it had run; and what the
 * journal knows of the step is looked at first, so that nobody is asked about what is done.
 */
import {
  type ApprovalDecision,
  type ApprovalRefused,
  type ApprovalRequired,
  type CallContext,
  Interaction,
  notApproved,
  sourceOf
} from "@signalbox/model"
import { Effect, Metric, Option } from "effect"
import { ToolDenied } from "../errors.ts"
import type { Journal, JournalStep } from "../Journal.ts"
import { settleFailure, settleRefused } from "../toolFailure.ts"
import type { ToolSettlement } from "../ToolOutcome.ts"
import type { Approval } from "./Approval.ts"
import type { JudgedCall } from "./ApprovalMemory.ts"

/** A call that may run, `isAsked` where a person has just said so, or how it ended instead. `refusal` belongs into the journal, `settled` does not. */
export type Permission =
  | { readonly _tag: "Granted"; readonly isAsked: boolean }
  | { readonly _tag: "Refused"; readonly refusal: ToolSettlement }
  | { readonly _tag: "Settled"; readonly settled: ToolSettlement }

/** What a call needs to be let through. */
export interface PermitOptions {
  readonly approval: Approval
  readonly journal: Journal["Service"]
  /** The call's step in the journal. */
  readonly step: JournalStep<ToolSettlement, unknown>
  readonly call: JudgedCall
  readonly callId: string
  readonly interaction: CallContext["interaction"]
  /** Somebody is about to be asked. */
  readonly onAsk: (reason: string) => Effect.Effect<unknown>
}

const refusedCalls = (labels: { readonly tool: string; readonly source: string; readonly code: string }) =>
  Metric.counter("tool_refused_total", {
    description: "Tool calls that were not run: denied by a rule, refused by a person, or nobody could be asked",
    attributes: labels,
    incremental: true
  })

/** Counts and logs a call that was not allowed. */
export const countRefused = (
  { source, toolName }: { readonly toolName: string; readonly source: string },
  code: string
): Effect.Effect<void> =>
  Effect.andThen(
    Metric.update(refusedCalls({ tool: toolName, source, code }), 1),
    Effect.logInfo("A tool call was not allowed", { tool_name: toolName, code })
  )

/** How the call ended in an earlier run of the turn, where that is known. */
const recorded = ({ journal, step }: PermitOptions): Effect.Effect<ToolSettlement | undefined> =>
  journal.recorded(step).pipe(
    Effect.map(Option.getOrUndefined),
    Effect.catch((error) => Effect.succeed(settleFailure(error)))
  )

/** Asks whoever can be asked. */
const ask = Effect.fnUntraced(function* (
  { call, callId, interaction, onAsk }: PermitOptions,
  reason: string
): Effect.fn.Return<ApprovalDecision> {
  // Where nobody is asked, nothing tells that somebody is.
  if (interaction.approve !== Interaction.decline.approve) yield* onAsk(reason)
  return yield* interaction.approve({ tool: call.tool, input: call.input, reason, callId })
})

/** Judges the call, and asks where that is needed. */
export const permit = Effect.fnUntraced(function* (options: PermitOptions): Effect.fn.Return<Permission> {
  const { approval, call } = options
  const about = { toolName: call.tool.name, source: sourceOf(call.tool.runBy) ?? "" }
  const refuse = Effect.fnUntraced(function* (error: ToolDenied | ApprovalRefused | ApprovalRequired) {
    yield* countRefused(about, error.code)
    return settleRefused(error)
  })
  const { decision, reason } = yield* approval.judge(call)
  if (decision === "allow") return { _tag: "Granted", isAsked: false }
  if (decision === "deny") return { _tag: "Refused", refusal: yield* refuse(new ToolDenied({ ...about, reason })) }
  const known = yield* recorded(options)
  if (known !== undefined) return { _tag: "Settled", settled: known }
  const answer = yield* ask(options, reason)
  if (answer.isApproved) {
    yield* approval.remember(call, answer.remember)
    return { _tag: "Granted", isAsked: true }
  }
  const settled = yield* refuse(notApproved({ tool: call.tool, reason }, answer))
  // Nothing was decided, so nothing is recorded where somebody may still do so.
  return answer.because === "later"
    ? { _tag: "Settled", settled: { ...settled, status: "awaiting_approval" } }
    : { _tag: "Refused", refusal: settled }
})
