/**
 * What a turn that ended is worth to a script: whether the answer is whole, and else why not.
 */
import type { FinishReason, TurnResult } from "@signalbox/conversation"
import type { SignalboxError } from "@signalbox/errors"
import { RunOverBudget, RunRefused, RunUnfinished } from "../errors.ts"

const isWhole = new Set<FinishReason>(["end_turn", "stop_sequence"])

/** The error that the run ends with; nothing where the answer is whole. */
export const shortfallOfRun = (
  { finishReason }: Pick<TurnResult, "finishReason">,
  unasked: SignalboxError | undefined
): SignalboxError | undefined => {
  if (unasked !== undefined) return unasked
  if (isWhole.has(finishReason)) return undefined
  if (finishReason === "budget_exceeded") return new RunOverBudget()
  if (finishReason === "refusal") return new RunRefused()
  return new RunUnfinished({ finishReason })
}
