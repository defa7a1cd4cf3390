/**
 * How much one piece of work may spend, and how much it has spent. One meter for one turn; calls at the same time
 * share it.
 */
import { Clock, Effect } from "effect"
import { BudgetExceeded } from "../errors.ts"
import { addUsage, noUsage, type Usage } from "../Message.ts"
import { costOf, type ModelPrices } from "./prices.ts"

/** Limits on a piece of work; absent ones do not limit. */
export interface Budget {
  readonly maxCostUsd?: number
  /** Of input and output together, what caches hold included. */
  readonly maxTokens?: number
  readonly maxSeconds?: number
  /** Calls of models. */
  readonly maxHops?: number
}

/** What has been spent, calls under way included. */
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

/** A call that was begun. */
export interface BudgetRun {
  /** Sets what the call has used so far. Fails when that is too much. */
  readonly report: (usage: Usage) => Effect.Effect<void, BudgetExceeded>
  /** Sets what the call has used, once it is over. */
  readonly end: (usage: Usage) => Effect.Effect<void>
  /** The failure when the time is up. */
  readonly outOfTime: Effect.Effect<never, BudgetExceeded>
}

/** A budget in use. */
export interface BudgetMeter {
  readonly budget: Budget
  readonly spent: Effect.Effect<BudgetSpent>
  /** Fails when a call with so many tokens of input does not fit any more; counts it otherwise. */
  readonly begin: (call: BudgetedCall, inputTokens: number) => Effect.Effect<BudgetRun, BudgetExceeded>
}

/** What a meter is made from. */
export interface BudgetOptions {
  readonly budget: Budget
  /** The prices of a model; without them `maxCostUsd` limits nothing of it. */
  readonly prices?: (model: string) => ModelPrices | undefined
}

/** What is compared with each limit. */
type Amounts = Readonly<Record<BudgetExceeded["limitName"], number>>

const amountsOf = ({ costUsd, seconds, tokens }: BudgetSpent): Amounts => ({
  maxHops: 0,
  maxSeconds: seconds,
  maxTokens: tokens,
  maxCostUsd: costUsd
})

const amountOf = (prices: BudgetOptions["prices"], model: string, usage: Usage) => {
  const price = prices?.(model)
  return { tokens: tokensOf(usage), costUsd: price === undefined ? 0 : costOf(usage, price) }
}

const limitNames = ["maxHops", "maxSeconds", "maxTokens", "maxCostUsd"] as const

/** Starts to count, now. */
export const makeBudgetMeter = ({ budget, prices }: BudgetOptions): Effect.Effect<BudgetMeter> =>
  Effect.map(Clock.currentTimeMillis, (startedAt) => {
    const runs = new Set<{ readonly model: string; usage: Usage }>()
    let hops = 0
    let past = { tokens: 0, costUsd: 0 }

    const spent = (now: number): BudgetSpent => {
      const running = [...runs].map(({ model, usage }) => amountOf(prices, model, usage))
      return {
        tokens: running.reduce((sum, { tokens }) => sum + tokens, past.tokens),
        costUsd: running.reduce((sum, { costUsd }) => sum + costUsd, past.costUsd),
        seconds: (now - startedAt) / 1000,
        hops
      }
    }
    /** The failure of the first limit that is passed. */
    const check = (call: BudgetedCall, amounts: Amounts, duringCall: boolean) => {
      const limitName = limitNames.find((name) => amounts[name] > (budget[name] ?? Number.POSITIVE_INFINITY))
      if (limitName === undefined) return Effect.void
      const limit = budget[limitName] ?? 0
      return Effect.fail(
        new BudgetExceeded({ provider: call.provider, limitName, limit, spent: amounts[limitName], duringCall })
      )
    }
    const begin = Effect.fnUntraced(function* (call: BudgetedCall, inputTokens: number) {
      const before = amountsOf(spent(yield* Clock.currentTimeMillis))
      const wanted = amountOf(prices, call.model, { ...noUsage, input_tokens: inputTokens })
      const amounts = {
        maxHops: hops + 1,
        maxSeconds: before.maxSeconds,
        maxTokens: before.maxTokens + wanted.tokens,
        maxCostUsd: before.maxCostUsd + wanted.costUsd
      }
      yield* check(call, amounts, false)
      hops++
      const run = { model: call.model, usage: noUsage }
      runs.add(run)
      return {
        report: (usage: Usage) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            run.usage = usage
            return check(call, amountsOf(spent(now)), true)
          }),
        end: (usage: Usage) =>
          Effect.sync(() => {
            if (!runs.delete(run)) return
            const amount = amountOf(prices, call.model, usage)
            past = { tokens: past.tokens + amount.tokens, costUsd: past.costUsd + amount.costUsd }
          }),
        outOfTime: untilSecond(budget.maxSeconds, startedAt, (seconds) => {
          const amounts = { maxHops: 0, maxTokens: 0, maxCostUsd: 0, maxSeconds: seconds }
          return Effect.andThen(check(call, amounts, true), Effect.never)
        })
      }
    })

    return { budget, spent: Effect.map(Clock.currentTimeMillis, spent), begin }
  })

/** Waits until so many seconds after the start are over. */
const untilSecond = <E>(
  limit: number | undefined,
  startedAt: number,
  over: (seconds: number) => Effect.Effect<never, E>
): Effect.Effect<never, E> =>
  limit === undefined
    ? Effect.never
    : Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.delay(
          Effect.flatMap(Clock.currentTimeMillis, (then) => over((then - startedAt) / 1000)),
          Math.max(0, startedAt + limit * 1000 - now) + 1
        )
      )

const tokensOf = (usage: Usage): number => {
  const all = addUsage(noUsage, usage)
  return (
    all.input_tokens + all.output_tokens + (all.cache_creation_input_tokens ?? 0) + (all.cache_read_input_tokens ?? 0)
  )
}
