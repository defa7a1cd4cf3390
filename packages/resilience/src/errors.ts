/**
 * What can go wrong in this package itself. The failures of the guarded operation pass through unchanged;
 * only `RetryExhausted` wraps one, and keeps it as its `cause`.
 */
import { defineError, type ErrorClass, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

/** Every attempt that a retry policy allows has failed. `cause` is the last failure itself. */
export class RetryExhausted extends defineError<RetryExhausted>()("RetryExhausted", {
  code: "RETRY_EXHAUSTED",
  status: statuses.unavailable,
  fields: {
    /** How often the operation ran. */
    attempts: Schema.Int,
    /** The message of the last failure. */
    lastError: Schema.String
  },
  message: ({ attempts, lastError }) =>
    `Gave up after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}: ${lastError}`
}) {}

/** A connection was asked for under a key that the pool does not know. */
export class PoolNotRegistered extends defineError<PoolNotRegistered>()("PoolNotRegistered", {
  code: "POOL_NOT_REGISTERED",
  status: statuses.notFound,
  fields: { key: Schema.String },
  message: ({ key }) => `No connection pool is registered for "${key}".`,
  hint: ({ key }) => `Register "${key}" before its first use, or check the spelling of the name.`
}) {}

/** No connection became free within the time that a borrower may wait. */
export class PoolExhausted extends defineError<PoolExhausted>()("PoolExhausted", {
  code: "POOL_EXHAUSTED",
  status: statuses.unavailable,
  retryable: true,
  fields: { key: Schema.String, waited: Schema.DurationFromMillis, max: Schema.Int },
  message: ({ key, max, waited }) =>
    `No connection to "${key}" became free within ${Duration.format(waited)}; it may have ${max} at most.`,
  hint: ({ key }) => `Allow "${key}" more connections or a longer wait, or make fewer calls at once.`
}) {}

/** A borrower had to wait for a connection to be opened, and that took longer than he may wait. */
export class PoolConnectTimeout extends defineError<PoolConnectTimeout>()("PoolConnectTimeout", {
  code: "POOL_CONNECT_TIMEOUT",
  status: statuses.timeout,
  retryable: true,
  fields: { key: Schema.String, waited: Schema.DurationFromMillis },
  message: ({ key, waited }) => `No connection to "${key}" could be opened within ${Duration.format(waited)}.`,
  hint: ({ key }) => `Check that "${key}" is up, or raise acquireTimeout.`
}) {}

/**
 * The circuit is open: the operation was not started. `retryAfter` says when the next probe is let through, or its
 * answer known; a circuit that was opened by hand has none. `cause` is the last failure that counted in this process.
 */
export class CircuitOpen extends defineError<CircuitOpen>()("CircuitOpen", {
  code: "CIRCUIT_OPEN",
  status: statuses.unavailable,
  retryable: true,
  fields: { circuit: Schema.String },
  message: ({ circuit }) => `The circuit of "${circuit}" is open after repeated failures, so it was not called.`,
  hint: ({ circuit }) => `Wait until "${circuit}" has recovered, or reset its circuit.`
}) {}

/** As many calls run and wait as may: this one was not even put in the queue. */
export class BulkheadFull extends defineError<BulkheadFull>()("BulkheadFull", {
  code: "BULKHEAD_FULL",
  status: statuses.unavailable,
  retryable: true,
  fields: { key: Schema.String, maxConcurrent: Schema.Int, maxQueued: Schema.Int },
  message: ({ key, maxConcurrent, maxQueued }) =>
    `"${key}" already runs ${maxConcurrent} calls, and ${maxQueued} more are waiting.`,
  hint: () => "Make fewer calls at once, or raise maxConcurrent or maxQueued."
}) {}

/** A call waited for its turn for as long as it may. It was not started. */
export class BulkheadTimeout extends defineError<BulkheadTimeout>()("BulkheadTimeout", {
  code: "BULKHEAD_TIMEOUT",
  status: statuses.unavailable,
  retryable: true,
  fields: { key: Schema.String, maxConcurrent: Schema.Int, waited: Schema.DurationFromMillis },
  message: ({ key, maxConcurrent, waited }) =>
    `No place for a call of "${key}" became free within ${Duration.format(waited)}; it runs ${maxConcurrent} at once.`,
  hint: () => "Make fewer calls at once, or raise maxConcurrent or queueTimeout."
}) {}

/** More calls were made than the rate allows, and the wait for its turn would be too long. `retryAfter` says how long. */
export class RateExceeded extends defineError<RateExceeded>()("RateExceeded", {
  code: "RATE_EXCEEDED",
  status: statuses.rateLimited,
  retryable: true,
  fields: { key: Schema.String, limit: Schema.Int, per: Schema.DurationFromMillis },
  message: ({ key, limit, per }) =>
    `"${key}" may be called ${limit} times in ${Duration.format(per)}, and is called more.`,
  hint: () => "Make fewer calls, or raise rate or queueTimeout."
}) {}

/** Something took longer than it may. It was interrupted; whether it had an effect is not known. */
export class DeadlineExceeded extends defineError<DeadlineExceeded>()("DeadlineExceeded", {
  code: "DEADLINE_EXCEEDED",
  status: statuses.timeout,
  retryable: true,
  fields: {
    /** What took too long, as the subject of a sentence. */
    subject: Schema.String,
    limit: Schema.DurationFromMillis,
    /** The setting that the limit comes from. */
    setting: Schema.String
  },
  message: ({ limit, subject }) => `${subject} took longer than ${Duration.format(limit)}.`,
  hint: ({ setting }) => `If it may take longer, raise ${setting}.`
}) {}

/** Settings that contradict themselves. Thrown while a policy is built, so a program with such settings never starts. */
export class SettingsInvalid extends defineError<SettingsInvalid>()("SettingsInvalid", {
  code: "RESILIENCE_SETTINGS_INVALID",
  status: statuses.configuration,
  fields: { subject: Schema.String, problems: Schema.Array(Schema.String) },
  message: ({ problems, subject }) => `The settings of ${subject} are not valid: ${problems.join("; ")}.`
}) {}

/** Every failure of this package, for a `catchTags` or a signature. */
export type ResilienceError =
  | RetryExhausted
  | PoolNotRegistered
  | PoolExhausted
  | PoolConnectTimeout
  | CircuitOpen
  | BulkheadFull
  | BulkheadTimeout
  | RateExceeded
  | DeadlineExceeded
  | SettingsInvalid

/** Every error class of this package: its part of the error table. */
export const resilienceErrors: ReadonlyArray<ErrorClass> = [
  RetryExhausted,
  PoolNotRegistered,
  PoolExhausted,
  PoolConnectTimeout,
  CircuitOpen,
  BulkheadFull,
  BulkheadTimeout,
  RateExceeded,
  DeadlineExceeded,
  SettingsInvalid
]

/** Whether an error says that there was too much to do here, and nothing about how the other side is. */
export const isRejection = (error: unknown): boolean => rejections.some((rejection) => error instanceof rejection)

const rejections = [CircuitOpen, PoolExhausted, PoolNotRegistered, BulkheadFull, BulkheadTimeout, RateExceeded]
