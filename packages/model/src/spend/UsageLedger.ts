/**
 * What was used, by model, upstream and principal, since the program began.
 */
import { Context, type Effect, type Layer, Schema } from "effect"
import { type Usage } from "../Message.ts"

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
    readonly record: (entry: UsageEntry) => Effect.Effect<void>
    /** One sum for each model, upstream and principal, in the order of first use. */
    readonly summary: Effect.Effect<ReadonlyArray<UsageSum>>
  }
>()("@signalbox/model/UsageLedger") {
  static readonly make: Effect.Effect<UsageLedger["Service"]>
  static readonly layer: Layer.Layer<UsageLedger>
}
