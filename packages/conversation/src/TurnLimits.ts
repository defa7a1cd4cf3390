/**
 * How far one turn may go.
 */
import type { BudgetOptions } from "@signalbox/model"
import { Duration } from "effect"

/** What becomes of a model that makes the same call again and again. */
export interface RepeatLimits {
  /** From so many calls with the same arguments and the same result on, the model is told with each result. */
  readonly tellAfter: number
  /** After so many the turn ends. */
  readonly stopAfter: number
}

/** How much one turn may do, and how long. */
export interface TurnLimits {
  /** Tool rounds per user message; the model is called at most once more than that. */
  readonly maxHops: number
  /** How many tools of one step run at the same time; 1 runs them one after another. */
  readonly toolConcurrency: number
  /** How long a single call may take of a tool that has no time limit of its own (`hasOwnTimeLimit`). */
  readonly toolTimeout: Duration.Duration
  /** Without it, the same call may be made in each round. */
  readonly repeats?: RepeatLimits
  /** What the model calls of one turn may cost and take. A turn that reaches it ends with what had come of the answer. */
  readonly budget?: BudgetOptions
}

/** Limits to start from: 8 tool rounds, 5 tools at a time, 30 seconds each. */
export const presetLimits: TurnLimits = {
  maxHops: 8,
  toolConcurrency: 5,
  toolTimeout: Duration.seconds(30)
}
