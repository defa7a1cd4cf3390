/**
 * How much one piece of work may spend, and how much it has spent. One meter for one turn.
 */
import { type Effect } from "effect"
import { type BudgetExceeded } from "../errors.ts"
import { type LanguageModel } from "../LanguageModel.ts"
import { type Usage } from "../Message.ts"
import { type ModelPrices } from "./prices.ts"

/** Limits on a piece of work; absent ones do not limit. */
export interface Budget {
  readonly maxCostUsd?: number
  /** Of input and output together, what caches hold included. */
  readonly maxTokens?: number
  readonly maxSeconds?: number
  /** Calls of models. */
  readonly maxHops?: number
}

/** What has been spent. */
export interface BudgetSpent {
  readonly costUsd: number
  readonly tokens: number
  readonly seconds: number
  readonly hops: number
}

/** Who is asked. */
export interface BudgetedCall {
  readonly provider: string
  readonly model: string
}

/** A budget in use. */
export interface BudgetMeter {
  readonly budget: Budget
  readonly spent: Effect.Effect<BudgetSpent>
  /** Fails when a call with so many tokens of input does not fit any more; counts it otherwise. */
  readonly begin: (call: BudgetedCall, inputTokens: number) => Effect.Effect<void, BudgetExceeded>
  /** Fails when what is spent and this usage, of a call under way, is too much. */
  readonly check: (call: BudgetedCall, usage: Usage) => Effect.Effect<void, BudgetExceeded>
  /** Adds the usage of a call that is over. */
  readonly add: (call: BudgetedCall, usage: Usage) => Effect.Effect<void>
}

/** What a meter is made from. */
export interface BudgetOptions {
  readonly budget: Budget
  /** The prices of a model; without them `maxCostUsd` limits nothing of it. */
  readonly prices?: (model: string) => ModelPrices | undefined
}

/** Starts to count, now. */
export declare const makeBudgetMeter: (options: BudgetOptions) => Effect.Effect<BudgetMeter>

/** Wraps a model: a call that cannot fit is not begun, and one that passes a limit is ended. */
export declare const budgetModel: (meter: BudgetMeter) => (model: LanguageModel["Service"]) => LanguageModel["Service"]
