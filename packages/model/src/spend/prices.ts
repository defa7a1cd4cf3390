/**
 * What tokens cost. Prices change and differ by contract, so they are data of the configuration; none are built in.
 */
import { isJsonObject } from "../ContentBlock.ts"
import type { Usage } from "../Message.ts"

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

const million = 1_000_000

/** US dollars. What was written to a cache costs as for five minutes where the usage does not say for how long. */
export const costOf = (usage: Usage, prices: ModelPrices): number => {
  const { cacheRead = prices.input, cacheWrite5m = prices.input, cacheWrite1h = cacheWrite5m, input, output } = prices
  const written = usage.cache_creation_input_tokens ?? 0
  const forAnHour = Math.min(written, hourTokens(usage))
  return (
    (usage.input_tokens * input +
      usage.output_tokens * output +
      (written - forAnHour) * cacheWrite5m +
      forAnHour * cacheWrite1h +
      (usage.cache_read_input_tokens ?? 0) * cacheRead) /
    million
  )
}

const hourTokens = (usage: Usage): number => {
  const written = usage["cache_creation"]
  const tokens = isJsonObject(written) ? written["ephemeral_1h_input_tokens"] : undefined
  return typeof tokens === "number" ? tokens : 0
}

/** The prices of a model: of several entries that fit, the most exact; one of the upstream before one of all. */
export const pricesFor = (
  table: ReadonlyArray<PriceEntry>,
  upstream: string,
  model: string
): ModelPrices | undefined => {
  const exactness = (entry: PriceEntry): number => {
    if (entry.upstream !== undefined && entry.upstream !== upstream) return -1
    const length = entry.model.endsWith("*") ? fitOf(entry.model.slice(0, -1), model) : exactFit(entry.model, model)
    return length < 0 ? -1 : length * 2 + (entry.upstream === undefined ? 0 : 1)
  }
  return table.reduce<PriceEntry | undefined>((best, entry) => {
    const found = exactness(entry)
    return found >= 0 && (best === undefined || found > exactness(best)) ? entry : best
  }, undefined)
}

const fitOf = (prefix: string, model: string): number => (model.startsWith(prefix) ? prefix.length : -1)

const exactFit = (name: string, model: string): number => (name === model ? model.length + 1 : -1)
