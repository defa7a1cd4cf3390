/**
 * What one turn may spend, as the configuration says it.
 */
import type { Budget, BudgetOptions } from "@signalbox/model"
import type { HostOptions } from "../config/HostOptions.ts"

type Limits = HostOptions["conversation"]["budget"]

/** Nothing limits what is `unlimited`. */
const budgetOf = ({ maxCostUsd, maxSeconds, maxTokens }: Limits): Budget => ({
  ...(maxCostUsd === "unlimited" ? {} : { maxCostUsd }),
  ...(maxTokens === "unlimited" ? {} : { maxTokens }),
  ...(maxSeconds === "unlimited" ? {} : { maxSeconds })
})

/** The budget of a turn; `undefined` where nothing is limited. `prices` knows models by the names that they are asked for. */
export const turnBudget = (
  { conversation }: HostOptions,
  prices: BudgetOptions["prices"] & {}
): BudgetOptions | undefined => {
  const budget = budgetOf(conversation.budget)
  return Object.keys(budget).length === 0 ? undefined : { budget, prices }
}
