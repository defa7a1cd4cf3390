// Errors
export {
  BulkheadFull,
  BulkheadTimeout,
  CircuitOpen,
  DeadlineExceeded,
  PoolConnectTimeout,
  PoolExhausted,
  PoolNotRegistered,
  RateExceeded,
  type ResilienceError,
  resilienceErrors,
  RetryExhausted,
  SettingsInvalid
} from "./errors.ts"

// All of it in the right order
export { Guard, type GuardCall, type GuardError, type GuardOptions } from "./Guard.ts"
export { type GuardOverrides, type GuardSettings, guardSettings } from "./GuardSettings.ts"
export { guardPresets } from "./guardPresets.ts"

// Retrying
export {
  isRetryable,
  type Jitter,
  retry,
  retryAfterFailure,
  type RetryPolicy,
  retryPolicy,
  type RetrySettings,
  retryWhile
} from "./retryPolicy.ts"
export { retryPresets } from "./retryPresets.ts"

// Many operations
export { runAll, type RunAllOptions } from "./runAll.ts"

// Connection pools
export { ConnectionPool } from "./ConnectionPool.ts"
export type { ConnectionPoolOptions, PoolError } from "./ConnectionPoolOptions.ts"
export type { PoolSettings } from "./PoolSettings.ts"
export { ConnectionStats, PoolStats } from "./poolSession.ts"
export { type HealthSettings, HealthStatus, PoolHealth } from "./poolHealth.ts"
export { type CapMember, type CapPlace, ConnectionCap, type IdleConnection } from "./ConnectionCap.ts"

// Limits
export { Bulkhead, type BulkheadError, type BulkheadOptions, type BulkheadSettings, BulkheadStats } from "./Bulkhead.ts"
export type { Rate } from "./rate.ts"
export { type TimeLimitOptions, withDeadline, withTimeLimit } from "./deadline.ts"

// Circuit breakers
export { CircuitBreaker, type CircuitBreakerOptions } from "./CircuitBreaker.ts"
export { type CircuitChange, CircuitPhase, CircuitStats } from "./CircuitStats.ts"
export { circuitPresets } from "./circuitPresets.ts"
export { type CircuitStore, type CircuitStoreMemory, makeCircuitStoreMemory, type StateChange } from "./CircuitStore.ts"
export {
  compareAndSetScript,
  makeCircuitStoreShared,
  sharedCircuitStoreDefaults,
  type SharedCircuitStoreSettings,
  type SharedStorage
} from "./sharedCircuitStore.ts"
export {
  admits,
  type CircuitEvent,
  type CircuitSettings,
  type CircuitState,
  circuitTransition,
  closedCircuit
} from "./circuitTransition.ts"

// Metrics of both
export {
  attachMetrics,
  type AttachedMetrics,
  type AttachMetricsOptions,
  hitRatioOf,
  poolStatsAll,
  utilizationOf
} from "./attachMetrics.ts"
export { type OutcomeMetrics, type OutcomeNumbers, outcomeNumbers } from "./outcomeNumbers.ts"
