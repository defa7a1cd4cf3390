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

/** Without the principal: metrics may have few labels. */
const measure = ({ model, upstream, usage, usd }: UsageEntry): Effect.Effect<void> => {
  const labels = { upstream, model }
  const kinds = [
    ["input", usage.input_tokens],
    ["output", usage.output_tokens],
    ["cache_creation", usage.cache_creation_input_tokens ?? 0],
    ["cache_read", usage.cache_read_input_tokens ?? 0]
  ] as const
  return Effect.all(
    [
      Metric.update(requestsMetric(labels), 1),
      ...(usd === undefined ? [] : [Metric.update(costMetric(labels), usd)]),
      ...kinds.flatMap(([kind, tokens]) =>
        tokens > 0 ? [Metric.update(tokensMetric({ ...labels, kind }), tokens)] : []
      )
    ],
    { discard: true }
  )
}

const added = (sum: UsageSum, { usage, usd }: UsageEntry): UsageSum => ({
  ...sum,
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
  const sums = new Map<string, UsageSum>()
  return UsageLedger.of({
    record: (entry) =>
      Effect.suspend(() => {
        const key = keyOf(entry)
        sums.set(key, added(sums.get(key) ?? nothing(entry), entry))
        return measure(entry)
      }),
    summary: Effect.sync(() => [...sums.values()])
  })
}
