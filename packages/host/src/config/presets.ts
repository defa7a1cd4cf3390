/**
 * Named sets of values that a file, or one server in it, may extend. The first is what `signalbox init` would write;
 * the others say only how sessions, health checks and circuits are sized, and come over it, also where they are named alone.
 */
import { presetValue } from "./presetValue.ts"
import { isTree, type Tree } from "./tree.ts"

/** A named set of values. */
export interface Preset {
  /** What it is for, in one sentence. */
  readonly purpose: string
  readonly values: Tree
}

/** Presets that a server may extend, too. All of their keys are such that a server can override. */
export const sizingPresets: ReadonlyMap<string, Preset> = new Map(
  Object.entries<Preset>({
    "preset:standard@1": {
      purpose: "A service behind sessions of its own: 2 to 10 of them, checked each minute.",
      values: {
        runtime: {
          connectTimeout: "30 seconds",
          health: { interval: "60 seconds", timeout: "10 seconds", failures: 3, successes: 2 },
          breaker: {
            enabled: true,
            failures: 5,
            openFor: "60 seconds",
            successes: 2,
            probes: 3,
            probeTimeout: "30 seconds"
          },
          sessions: { min: 2, max: 10, acquireTimeout: "10 seconds", idleTimeToLive: "5 minutes" }
        }
      }
    },
    "preset:quick@1": {
      purpose:
        "What is near and restarts quickly: connected within 5 seconds, checked and tried again after half a minute.",
      values: {
        runtime: {
          connectTimeout: "5 seconds",
          health: { interval: "30 seconds" },
          breaker: { enabled: true, openFor: "30 seconds" }
        }
      }
    },
    "preset:high-throughput@1": {
      purpose: "Many calls at once over many sessions: 5 to 20, closed after 3 minutes without use.",
      values: {
        runtime: { sessions: { min: 5, max: 20, acquireTimeout: "10 seconds", idleTimeToLive: "3 minutes" } }
      }
    },
    "preset:low-latency@1": {
      purpose: "Sessions are open before they are needed, 10 to 15, and no call waits longer than 5 seconds for one.",
      values: { runtime: { sessions: { min: 10, max: 15, acquireTimeout: "5 seconds" } } }
    },
    "preset:small@1": {
      purpose: "Seldom used: 1 to 3 sessions, kept for 10 minutes.",
      values: { runtime: { sessions: { min: 1, max: 3, idleTimeToLive: "10 minutes" } } }
    },
    "preset:critical@1": {
      purpose:
        "What others depend on: checked twice a minute, not called after 3 failures, tried again after 30 seconds.",
      values: {
        runtime: { health: { interval: "30 seconds" }, breaker: { enabled: true, failures: 3, openFor: "30 seconds" } }
      }
    }
  })
)

/** The one that has every key. */
export const completePreset = {
  name: "preset:default@1",
  purpose: "Every key: what signalbox init writes. One shared session with each server.",
  // The template is a map.
  values: isTree(presetValue) ? presetValue : {}
} satisfies Preset & { readonly name: string }

/** Presets by the name that a file gives in `extends`. */
export const presets: ReadonlyMap<string, Preset> = new Map([[completePreset.name, completePreset], ...sizingPresets])
