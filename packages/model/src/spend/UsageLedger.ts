/**
 * What was used, by model, upstream and principal, since the program began.
 */
import { Context, Effect, Layer, Metric, Schema } from "effect"
import type { Usage } from "../Message.ts"

/** One call of a model that is over. */
export interface UsageEntry {
  readonly upstream: string
  readonly model: string
  readonly principal: string
  readonly usage: Usage
  /** US dollars; absent where the model has no price. */
  readonly usd?: number
}

/** The sum of some calls. `cost_usd` leaves out the calls without a price, of which `unpriced` is the number. */
export const UsageSum = Schema.Struct({
  upstream: Schema.String,
  model: Schema.String,
  principal: Schema.String,
  requests: Schema.Int,
  unpriced: Schema.Int,
  input_tokens: Schema.Finite,
  output_tokens: Schema.Finite,
  cache_creation_input_tokens: Schema.Finite,
  cache_read_input_tokens: Schema.Finite,
  cost_usd: Schema.Finite
})
export type UsageSum = typeof UsageSum.Type

/** Use it to know what models have cost. */
export class UsageLedger extends Context.Service<
  UsageLedger,
  {
    /** Adds a call, also to the metrics `cost_usd`, `model_tokens_total` and `model_requests_total`. */
    readonly record: (entry: UsageEntry) => Effect.Effect<void>
    /** One sum for each model, upstream and principal, in the order of first use. */
    readonly summary: Effect.Effect<ReadonlyArray<UsageSum>>
  }
>()("@signalbox/model/UsageLedger") {
  static readonly make: Effect.Effect<UsageLedger["Service"]> = Effect.sync(makeUsageLedger)

  static readonly layer: Layer.Layer<UsageLedger> = Layer.effect(UsageLedger, UsageLedger.make)
}

const counterOf = (name: string, description: string) => (attributes: Readonly<Record<string, string>>) =>
  Metric.counter(name, { description, attributes, incremental: true })

const costMetric = counterOf("cost_usd", "What models have cost, in US dollars")
const tokensMetric = counterOf("model_tokens_total", "Tokens that models have read and written, by kind")
const requestsMetric = counterOf("model_requests_total", "Requests that models have answered")

const keyOf = ({ model, principal, upstream }: UsageEntry) => JSON.stringify([upstream, model, principal])

/** Without the principal: metrics may have few labels. Made once, since making one costs more than counting. */
const makeMeters = ({ model, upstream }: UsageEntry) => {
  const labels = { upstream, model }
  const tokens = (kind: string) => tokensMetric({ ...labels, kind })
  return {
    requests: requestsMetric(labels),
    cost: costMetric(labels),
    input: tokens("input"),
    output: tokens("output"),
    cacheCreation: tokens("cache_creation"),
    cacheRead: tokens("cache_read")
  }
}

/** What is counted for one model, upstream and principal. */
interface Account {
  sum: UsageSum
  readonly meters: ReturnType<typeof makeMeters>
}

const measure = ({ meters }: Account, { usage, usd }: UsageEntry, context: Context.Context<never>): void => {
  const count = (counter: Metric.Counter<number>, amount: number) => {
    if (amount > 0) counter.updateUnsafe(amount, context)
  }
  count(meters.requests, 1)
  if (usd !== undefined) meters.cost.updateUnsafe(usd, context)
  count(meters.input, usage.input_tokens)
  count(meters.output, usage.output_tokens)
  count(meters.cacheCreation, usage.cache_creation_input_tokens ?? 0)
  count(meters.cacheRead, usage.cache_read_input_tokens ?? 0)
}

const added = (sum: UsageSum, { usage, usd }: UsageEntry): UsageSum => ({
  upstream: sum.upstream,
  model: sum.model,
  principal: sum.principal,
  requests: sum.requests + 1,
  unpriced: sum.unpriced + (usd === undefined ? 1 : 0),
  input_tokens: sum.input_tokens + usage.input_tokens,
  output_tokens: sum.output_tokens + usage.output_tokens,
  cache_creation_input_tokens: sum.cache_creation_input_tokens + (usage.cache_creation_input_tokens ?? 0),
  cache_read_input_tokens: sum.cache_read_input_tokens + (usage.cache_read_input_tokens ?? 0),
  cost_usd: sum.cost_usd + (usd ?? 0)
})

const nothing = ({ model, principal, upstream }: UsageEntry): UsageSum => ({
  upstream,
  model,
  principal,
  requests: 0,
  unpriced: 0,
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cost_usd: 0
})

function makeUsageLedger(): UsageLedger["Service"] {
  const accounts = new Map<string, Account>()
  const accountOf = (entry: UsageEntry): Account => {
    const key = keyOf(entry)
    const known = accounts.get(key)
    if (known !== undefined) return known
    const account = { sum: nothing(entry), meters: makeMeters(entry) }
    accounts.set(key, account)
    return account
  }
  return UsageLedger.of({
    record: (entry) =>
      Effect.contextWith((context) => {
        const account = accountOf(entry)
        account.sum = added(account.sum, entry)
        measure(account, entry, context)
        return Effect.void
      }),
    summary: Effect.sync(() => Array.from(accounts.values(), ({ sum }) => sum))
  })
}
