/**
 * `model`: which model answers, and what stands between a request and the provider of any model.
 */
import { Schema } from "effect"
import { breaker, growingDelay, maxDelayRule, PositiveInt, ProviderChoice } from "./schemas.ts"

const Dollars = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** What a model costs, in US dollars for a million tokens. */
const Price = Schema.Struct({
  /** The provider's name for it; `*` at the end stands for any rest. */
  model: Schema.NonEmptyString,
  provider: Schema.optionalKey(Schema.NonEmptyString),
  input: Dollars,
  output: Dollars,
  cacheRead: Schema.optionalKey(Dollars),
  cacheWrite5m: Schema.optionalKey(Dollars),
  cacheWrite1h: Schema.optionalKey(Dollars)
})

/** Answers of conversations below a number of tokens. */
const ResponseBand = Schema.Struct({
  below: Schema.Union([Schema.Literal("unlimited"), PositiveInt]),
  tokens: PositiveInt
})
type ResponseBand = typeof ResponseBand.Type

const boundOf = ({ below }: ResponseBand): number => (below === "unlimited" ? Infinity : below)

/** One that is not above the one before it would never count. */
const rising = Schema.makeFilter((bands: ReadonlyArray<ResponseBand>) => {
  const wrong = bands.findIndex((band, index) => index > 0 && boundOf(band) <= boundOf(bands[index - 1] ?? band))
  return wrong === -1 ? undefined : { path: [wrong, "below"], issue: "Expected more than in the band before it" }
})

const RetryOptions = Schema.Struct({ attempts: PositiveInt, ...growingDelay }).check(maxDelayRule)

/** The section. */
export const ModelOptions = Schema.Struct({
  provider: ProviderChoice,
  name: Schema.String,
  maxTokens: PositiveInt,
  responseBands: Schema.Array(ResponseBand).check(rising),
  systemPrompt: Schema.String,
  retry: RetryOptions,
  breaker: Schema.Struct(breaker),
  maxConcurrentRequests: PositiveInt,
  maxQueuedRequests: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  prices: Schema.Array(Price)
})
