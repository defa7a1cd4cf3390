/**
 * What tokens cost. Prices change and differ by contract, so they are data of the configuration; none are built in.
 */
import { type Usage } from "../Message.ts"

/** US dollars for a million tokens. */
export interface ModelPrices {
  readonly input: number
  readonly output: number
  /** Writing to a cache for five minutes. Default: the price of input. */
  readonly cacheWrite5m?: number
  /** Writing to a cache for an hour. Default: that of five minutes. */
  readonly cacheWrite1h?: number
  /** Reading from a cache. Default: the price of input. */
  readonly cacheRead?: number
}

/** The price of one model, or of all whose names begin with `model` where that ends with `*`. */
export interface PriceEntry extends ModelPrices {
  readonly model: string
  /** `undefined`: at every upstream. */
  readonly upstream?: string
}

/** US dollars. */
export declare const costOf: (usage: Usage, prices: ModelPrices) => number

/** The prices of a model: of several entries that fit, the most exact. */
export declare const pricesFor: (
  table: ReadonlyArray<PriceEntry>,
  upstream: string,
  model: string
) => ModelPrices | undefined
