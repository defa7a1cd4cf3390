/**
 * Named retry policies. Using one by name keeps the numbers of all callers in one place.
 */
import { type RetryPolicy, retryPolicy } from "./retryPolicy.ts"

/** Policies for the four kinds of operation that are retried. Narrow one with `retryWhile`. */
export const retryPresets = {
  /** An operation across the network that is safe to repeat: 3 attempts, 1 s doubling to at most 60 s. */
  operation: retryPolicy({ attempts: 3, base: "1 second", factor: 2, cap: "60 seconds", jitter: "equal" }),
  /** Opening a connection: 5 attempts, 1 s doubling to at most 30 s. */
  connect: retryPolicy({ attempts: 5, base: "1 second", factor: 2, cap: "30 seconds", jitter: "equal" }),
  /** A call on an open connection that somebody waits for: 3 attempts, 1 s doubling to at most 30 s. */
  call: retryPolicy({ attempts: 3, base: "1 second", factor: 2, cap: "30 seconds", jitter: "equal" }),
  /** Writing to a file that another process may have locked: 5 attempts, 50 ms doubling, up to 20 ms apart. */
  write: retryPolicy({ attempts: 5, base: "50 millis", factor: 2, cap: "1 second", jitter: { upTo: "20 millis" } })
} as const satisfies Record<string, RetryPolicy>
