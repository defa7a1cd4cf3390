/**
 * What upstreams say in headers about how much more they will take. `exchange` reports it to `RateLimitObserver`,
 * which `ratedModel` provides: no provider has to do anything.
 */
import { Context, Duration, Effect } from "effect"

/** One limit of an upstream. */
export interface RateLimit {
  readonly kind: "requests" | "tokens" | "input_tokens" | "output_tokens"
  readonly limit: number | undefined
  readonly remaining: number
  /** Milliseconds since 1970, where the upstream said so. */
  readonly resetsAt: number | undefined
}

/** All limits that one answer named. */
export type RateLimits = ReadonlyArray<RateLimit>

/** Hears of the limits that an answer names. By default nobody does. */
export const RateLimitObserver = Context.Reference<(limits: RateLimits) => Effect.Effect<void>>(
  "@signalbox/model/RateLimitObserver",
  { defaultValue: () => () => Effect.void }
)

type Headers = Readonly<Record<string, string | undefined>>

/** The headers of a limit. */
interface Place {
  readonly kind: RateLimit["kind"]
  readonly remaining: string
  readonly limit: string
  readonly reset: string
}

const placeOf = (kind: RateLimit["kind"], header: (part: string) => string): Place => ({
  kind,
  remaining: header("remaining"),
  limit: header("limit"),
  reset: header("reset")
})

/** Where each limit stands: Anthropic's names, OpenAI's, and those of OpenRouter and many others without a kind. */
const places: ReadonlyArray<Place> = [
  placeOf("requests", (part) => `anthropic-ratelimit-requests-${part}`),
  placeOf("tokens", (part) => `anthropic-ratelimit-tokens-${part}`),
  placeOf("input_tokens", (part) => `anthropic-ratelimit-input-tokens-${part}`),
  placeOf("output_tokens", (part) => `anthropic-ratelimit-output-tokens-${part}`),
  placeOf("requests", (part) => `x-ratelimit-${part}-requests`),
  placeOf("tokens", (part) => `x-ratelimit-${part}-tokens`),
  placeOf("requests", (part) => `x-ratelimit-${part}`)
]

/** Reads `anthropic-ratelimit-*` and `x-ratelimit-*` (names in lower case); `now` is in milliseconds since 1970. */
export const readRateLimits = (headers: Headers, now: number): RateLimits => {
  const limits: Array<RateLimit> = []
  for (const { kind, limit, remaining, reset } of places) {
    const left = numberIn(headers[remaining])
    if (left === undefined) continue
    limits.push({ kind, limit: numberIn(headers[limit]), remaining: left, resetsAt: resetIn(headers[reset], now) })
  }
  return limits
}

const numberIn = (text: string | undefined): number | undefined => {
  if (text === undefined || text.trim() === "") return undefined
  const number = Number(text)
  return number >= 0 && Number.isFinite(number) ? number : undefined
}

/** The units of durations such as `6m0s`, `1.5s`, `20ms`. */
const units = {
  d: Duration.days(1),
  h: Duration.hours(1),
  m: Duration.minutes(1),
  s: Duration.seconds(1),
  ms: Duration.millis(1)
}

const isUnit = (text: string): text is keyof typeof units => Object.hasOwn(units, text)

/** Numbers from here on are moments and not spans: in seconds since 1970, and in milliseconds. */
const firstMoment = { seconds: 1e9, millis: 1e12 }

/** A moment (RFC 3339, seconds or milliseconds since 1970) or a span from now (`6m0s`, or seconds). */
const resetIn = (given: string | undefined, now: number): number | undefined => {
  const text = given?.trim() ?? ""
  const number = numberIn(text)
  if (number !== undefined) {
    if (number >= firstMoment.millis) return number
    return number >= firstMoment.seconds ? number * 1000 : now + number * 1000
  }
  const span = spanOf(text)
  if (span !== undefined) return now + span
  // `Date.parse` makes something of nearly everything.
  const moment = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(moment) ? undefined : moment
}

const spanOf = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text)) return undefined
  return [...text.matchAll(/([\d.]+)(ms|[dhms])/g)].reduce(
    (sum, [, amount, unit = ""]) => sum + (isUnit(unit) ? Number(amount) * Duration.toMillis(units[unit]) : 0),
    0
  )
}
