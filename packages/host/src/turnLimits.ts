/**
 * How far a turn may go, as the configuration says it.
 */
import type { RepeatLimits, TurnLimits } from "@signalbox/conversation"
import type { HostOptions } from "./config/HostOptions.ts"

const amount = (limit: number | "unlimited"): number => (limit === "unlimited" ? Infinity : limit)

const repeatsOf = ({ stopAfter, tellAfter }: HostOptions["conversation"]["repeats"]): RepeatLimits => ({
  tellAfter: amount(tellAfter),
  stopAfter: amount(stopAfter)
})

/** The limits of every turn of a host, with the budget of its model. */
export const turnLimits = (
  { maxHops, repeats, toolConcurrency, toolTimeout }: HostOptions["conversation"],
  budget: TurnLimits["budget"]
): TurnLimits => ({
  maxHops,
  toolConcurrency,
  toolTimeout,
  ...(repeats.tellAfter === "unlimited" && repeats.stopAfter === "unlimited" ? {} : { repeats: repeatsOf(repeats) }),
  ...(budget === undefined ? {} : { budget })
})
