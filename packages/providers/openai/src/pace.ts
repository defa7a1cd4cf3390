/**
 * Keeps to the rate that an upstream announces: once its headers say that nothing remains, requests wait until the
 * limit is reset, instead of being refused. Shared by all requests of one model.
 */
import { ProviderRateLimited } from "@signalbox/model"
import { Clock, Duration, Effect } from "effect"
import { HttpClient } from "effect/http"
import type { OpenAiOptions } from "./OpenAiOptions.ts"

/** A client whose answers are watched, and the wait before the next request. */
export interface Pace {
  readonly client: HttpClient.HttpClient
  /** Fails where the wait would be longer than one for an answer. */
  readonly ready: Effect.Effect<void, ProviderRateLimited>
}

type Headers = Readonly<Record<string, string | undefined>>

/** Limits that are counted apart: of everything, of requests, of tokens. */
const kinds = ["", "-requests", "-tokens"]

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `6m0s`, `120ms`; `undefined` for what is none. */
const spanOf = (text: string): number | undefined => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0),
    0
  )
}

/** When a limit is reset: after a span (OpenAI), at a time in seconds or milliseconds (OpenRouter), or in seconds. */
const resetTime = (text: string, now: number): number | undefined => {
  const span = spanOf(text)
  if (span !== undefined) return now + span
  const amount = Number(text)
  if (text === "" || !(amount >= 0)) return undefined
  if (amount > 1e12) return amount
  return amount > 1e9 ? amount * 1000 : now + amount * 1000
}

/** When requests may go on; `undefined` while something remains. */
const pausedUntil = (headers: Headers, now: number): number | undefined => {
  const times = kinds.flatMap((kind) => {
    if (headers[`x-ratelimit-remaining${kind}`]?.trim() !== "0") return []
    return resetTime(headers[`x-ratelimit-reset${kind}`]?.trim() ?? "", now) ?? []
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Watches a client for one model. */
export const pace = ({ provider, requestTimeout }: OpenAiOptions, client: HttpClient.HttpClient): Pace => {
  let openAt = 0
  const ready: Pace["ready"] = Effect.gen(function* () {
    while (true) {
      const wait = openAt - (yield* Clock.currentTimeMillis)
      if (wait <= 0) return
      if (wait > Duration.toMillis(requestTimeout)) {
        const reason = "its last answer said that nothing remains until then"
        return yield* new ProviderRateLimited({ provider, reason, retryAfter: Duration.millis(wait) })
      }
      yield* Effect.sleep(Duration.millis(wait))
    }
  })
  const watched = HttpClient.tap(client, ({ headers }) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      openAt = Math.max(openAt, pausedUntil(headers, now) ?? 0)
    })
  )
  return { client: watched, ready }
}
