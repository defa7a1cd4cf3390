/**
 * How many calls run, how often one begins, and how long it may take.
 */
import { ToolTimeout } from "@signalbox/model"
import { Bulkhead, type BulkheadError } from "@signalbox/resilience"
import { Duration, Effect } from "effect"
import type { BuiltIn } from "./BuiltIn.ts"
import type { BuiltInName, ToolsOptions } from "./ToolsOptions.ts"

/** Holds every call to the limits of its tool, and to those of all tools together. */
export interface Limits {
  readonly hold: (
    tool: Pick<BuiltIn, "isSelfTimed" | "name">
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BulkheadError | ToolTimeout, R>
}

const all = "the built-in tools"
const rate = "the rate of calls"

/** They wait for a person, or for a conversation that calls tools itself: others must not wait for them. */
const waitsForOthers: ReadonlySet<BuiltInName> = new Set(["Bash", "Task"])

/** The limits of these options. */
export const makeLimits = ({ limits, source }: Pick<ToolsOptions, "limits" | "source">) => {
  const concurrencyOf = (key: string): number => {
    if (key === rate) return limits.rate.limit
    // Its keys are these two and the names of tools.
    return key === all ? limits.maxConcurrent : limits.tools[key as BuiltInName].maxConcurrent
  }
  return Effect.map(
    Bulkhead.make({
      settings: (key) => ({
        maxConcurrent: concurrencyOf(key),
        maxQueued: limits.maxQueued,
        queueTimeout: limits.queueTimeout,
        ...(key === rate ? { rate: limits.rate } : {})
      })
    }),
    (bulkhead): Limits => ({
      hold:
        ({ isSelfTimed, name }) =>
        (effect) => {
          const limit = Duration.fromInputUnsafe(limits.tools[name].timeout)
          const timed = isSelfTimed
            ? effect
            : Effect.timeoutOrElse(effect, {
                duration: limit,
                orElse: () => Effect.fail(new ToolTimeout({ toolName: name, source, limit }))
              })
          // A call that waits for others of its tool takes nobody else's place.
          const placed = bulkhead.run(name, waitsForOthers.has(name) ? timed : bulkhead.run(all, timed))
          return Effect.andThen(bulkhead.run(rate, Effect.void), placed)
        }
    })
  )
}
