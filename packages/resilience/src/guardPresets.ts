/**
 * Named settings of a guard. Take one as it is, or change a few of its fields with `guardSettings`.
 */
import { circuitPresets } from "./circuitPresets.ts"
import { guardSettings, type GuardSettings } from "./GuardSettings.ts"

/** A service behind connections that serve one call each: 2 to 10 of them, checked each minute. */
const standard: GuardSettings = {
  deadline: "2 minutes",
  callTimeout: "30 seconds",
  connectTimeout: "30 seconds",
  retry: { attempts: 3, base: "1 second", factor: 2, cap: "30 seconds", jitter: "equal" },
  breaker: circuitPresets.standard,
  bulkhead: { maxConcurrent: 10, maxQueued: 100, queueTimeout: "10 seconds" },
  pool: {
    min: 2,
    max: 10,
    maxConcurrent: 1,
    acquireTimeout: "10 seconds",
    idleTimeToLive: "5 minutes",
    maxAge: "1 hour",
    validateAfterIdle: "5 seconds",
    validateTimeout: "1 second",
    validatesOnReturn: false,
    health: { every: "60 seconds", timeout: "10 seconds", failureThreshold: 3, successThreshold: 2 },
    priority: 0,
    fallback: "none"
  }
}

/** Presets by what is guarded. All but `standard` say only what they change about it. */
export const guardPresets = {
  standard,
  /** What is near and restarts quickly: gives up on connecting after 5 s, checks and comes back after 30 s. */
  quick: guardSettings(standard, {
    connectTimeout: "5 seconds",
    breaker: circuitPresets.quick,
    pool: { health: { every: "30 seconds" } }
  }),
  /** A local process that answers many requests over one session: opened at its first use, 16 calls at once. */
  stdio: guardSettings(standard, {
    bulkhead: { maxConcurrent: 16 },
    pool: { min: 0, max: 1, maxConcurrent: 16 }
  }),
  /** Many calls over many connections: 5 to 20, closed after 3 minutes without use; a long queue. */
  highThroughput: guardSettings(standard, {
    bulkhead: { maxConcurrent: 20, maxQueued: 1000 },
    pool: { min: 5, max: 20, acquireTimeout: "10 seconds", idleTimeToLive: "3 minutes" }
  }),
  /** Connections are open before they are needed, 10 to 15, and nobody waits longer than 5 s for one. */
  lowLatency: guardSettings(standard, {
    bulkhead: { maxConcurrent: 15, queueTimeout: "5 seconds" },
    pool: { min: 10, max: 15, acquireTimeout: "5 seconds" }
  }),
  /** Seldom used: 1 to 3 connections, kept for 10 minutes. */
  small: guardSettings(standard, {
    bulkhead: { maxConcurrent: 3 },
    pool: { min: 1, max: 3, idleTimeToLive: "10 minutes" }
  }),
  /** What others depend on: trouble is seen after 3 failures or half a minute, and tried again after 30 s. */
  critical: guardSettings(standard, {
    breaker: circuitPresets.critical,
    pool: { health: { every: "30 seconds" } }
  })
} as const satisfies Record<string, GuardSettings>
