/**
 * Whether and when a client should ask again, in the headers that official clients of both vendors read. They wait as
 * long as they are told, without a word to the person in front of them.
 */
import { isSignalboxError } from "@signalbox/errors"
import { Duration } from "effect"
import { ProviderCircuitOpen } from "./errors.ts"

/** The longest wait for an upstream that is left alone which a client is asked to sit out, in seconds. */
const worthWaiting = 2

/** Asking again before the time has come costs nothing, and somebody may have closed the circuit by then. In seconds. */
const askAgain = 5

const headers = (shouldRetry: boolean, after: number | undefined) => ({
  "x-should-retry": String(shouldRetry),
  ...(after === undefined ? {} : { "retry-after": String(after) })
})

/**
 * `x-should-retry` keeps clients from trying again what cannot succeed: an upstream that is left alone for longer than
 * a moment, too. `retry-after` is in whole seconds, rounded up, since an earlier try would be refused again.
 */
export const retryHeaders = (error: unknown): Readonly<Record<string, string>> => {
  if (!isSignalboxError(error)) return {}
  const seconds = error.retryAfter === undefined ? undefined : Math.ceil(Duration.toSeconds(error.retryAfter))
  if (!(error instanceof ProviderCircuitOpen)) return headers(error.retryable, seconds)
  return seconds === undefined
    ? headers(false, undefined)
    : headers(seconds <= worthWaiting, Math.min(seconds, askAgain))
}
