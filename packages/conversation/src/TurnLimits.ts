/**
 * How far one turn may go.
 */
import type { BudgetOptions } from "@signalbox/model"
import { Duration } from "effect"

/** How much one turn may do, and how long. */
export interface TurnLimits {
  /** Tool rounds per user message; the model is called at most once more than that. */
  readonly maxHops: number
  /** How many tools of one step run at the same time; 1 runs them one after another. */
  readonly toolConcurrency: number
  /** How long a single call may take of a tool that has no time limit of its own (`hasOwnTimeLimit`). */
  readonly toolTimeout: Duration.Duration
  /** What the model calls of one turn may cost and take. A turn that reaches it ends with what had come of the answer. */
  readonly budget?: BudgetOptions
}

/** Limits to start from: 8 tool rounds, 5 tools at a time, 30 seconds each. */
export const presetLimits: TurnLimits = {
  maxHops: 8,
  toolConcurrency: 5,
  toolTimeout: Duration.seconds(30)
}
