/**
 * Everything about how the calls of one key are guarded, in one object. No field is for show: a test changes each
 * and sees another behaviour.
 */
import { Duration } from "effect"
import { bulkheadProblems, type BulkheadSettings } from "./Bulkhead.ts"
import { circuitProblems, type CircuitSettings } from "./circuitTransition.ts"
import { poolProblems, type PoolSettings } from "./PoolSettings.ts"
import { retryProblems, type RetrySettings } from "./retryPolicy.ts"
import { type Problems, problemsOf, requireSettings } from "./settings.ts"

/** How the calls of one key are guarded. */
export interface GuardSettings {
  /** How long a call may take in all: attempts, pauses between them, and waiting for its turn. */
  readonly deadline: Duration.Input
  /** How long one attempt may take once it has its connection. */
  readonly callTimeout: Duration.Input
  /** How long opening one connection may take. */
  readonly connectTimeout: Duration.Input
  /** How often and after which pauses a call is tried again. What is tried again is decided by the call. */
  readonly retry: Omit<RetrySettings, "while">
  readonly breaker: CircuitSettings | "off"
  readonly bulkhead: BulkheadSettings | "off"
  readonly pool: PoolSettings
}

/** Changes to settings: what is left out stays. */
export type GuardOverrides = {
  readonly [Key in keyof GuardSettings]?: Override<GuardSettings[Key]>
}
type Override<A> = A extends CircuitSettings | BulkheadSettings | PoolSettings | GuardSettings["retry"]
  ? { readonly [Key in keyof A]?: A[Key] extends { readonly every: unknown } | undefined ? Partial<A[Key]> : A[Key] }
  : A

/** The settings that are objects and are merged; a duration may be an object too, and is replaced. */
const parts = new Set(["retry", "breaker", "bulkhead", "rate", "pool", "health"])

/**
 * Settings from a preset or another base, changed by overrides one after the other: those for all, then those for one.
 *
 * @example guardSettings(guardPresets.standard, { callTimeout: "1 minute" }, { pool: { max: 3 } })
 */
export const guardSettings = (base: GuardSettings, ...overrides: ReadonlyArray<GuardOverrides>): GuardSettings => {
  let merged: object = base
  for (const override of overrides) merged = merge(merged, override)
  // Overrides have the shape of the settings, so settings they stay; whether they can be meant is checked where used.
  return merged as GuardSettings
}

const merge = (base: object, override: object): object => {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(override)) {
    const before = merged[key]
    merged[key] = parts.has(key) && isObject(before) && isObject(value) ? merge(before, value) : value
  }
  return merged
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** The same settings; throws `SettingsInvalid` with everything that cannot be meant. */
export const requireGuardSettings = (key: string, settings: GuardSettings, canValidate: boolean): GuardSettings => {
  requireSettings(`the guard of "${key}"`, guardProblems(settings, canValidate))
  return settings
}

const guardProblems = (settings: GuardSettings, canValidate: boolean): Problems => ({
  "deadline must be longer than nothing": !isLong(settings.deadline),
  "callTimeout must be longer than nothing": !isLong(settings.callTimeout),
  "connectTimeout must be longer than nothing": !isLong(settings.connectTimeout),
  ...problemsOf("retry", retryProblems(settings.retry)),
  ...(settings.breaker === "off" ? {} : problemsOf("breaker", circuitProblems(settings.breaker))),
  ...(settings.bulkhead === "off" ? {} : problemsOf("bulkhead", bulkheadProblems(settings.bulkhead))),
  ...problemsOf("pool", poolProblems(settings.pool, canValidate))
})

const isLong = (duration: Duration.Input): boolean => Duration.toMillis(duration) > 0
