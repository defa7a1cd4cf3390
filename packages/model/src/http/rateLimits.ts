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

/** Where each limit stands: Anthropic's names, OpenAI's, and those of OpenRouter and many others without a kind. */
const places: ReadonlyArray<{ readonly kind: RateLimit["kind"]; readonly header: (part: string) => string }> = [
  { kind: "requests", header: (part) => `anthropic-ratelimit-requests-${part}` },
  { kind: "tokens", header: (part) => `anthropic-ratelimit-tokens-${part}` },
  { kind: "input_tokens", header: (part) => `anthropic-ratelimit-input-tokens-${part}` },
  { kind: "output_tokens", header: (part) => `anthropic-ratelimit-output-tokens-${part}` },
  { kind: "requests", header: (part) => `x-ratelimit-${part}-requests` },
  { kind: "tokens", header: (part) => `x-ratelimit-${part}-tokens` },
  { kind: "requests", header: (part) => `x-ratelimit-${part}` }
]

/** Reads `anthropic-ratelimit-*` and `x-ratelimit-*` (names in lower case); `now` is in milliseconds since 1970. */
export const readRateLimits = (headers: Headers, now: number): RateLimits =>
  places.flatMap(({ header, kind }): RateLimits => {
    const remaining = numberIn(headers[header("remaining")])
    if (remaining === undefined) return []
    const limit = numberIn(headers[header("limit")])
    return [{ kind, limit, remaining, resetsAt: resetIn(headers[header("reset")], now) }]
  })

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
