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

/** The limits of these options. */
export const makeLimits = ({ limits, source }: Pick<ToolsOptions, "limits" | "source">) =>
  Effect.map(
    Bulkhead.make({
      settings: (key) => ({
        maxConcurrent: key === all ? limits.maxConcurrent : limits.tools[key as BuiltInName].maxConcurrent,
        maxQueued: limits.maxQueued,
        queueTimeout: limits.queueTimeout,
        // Every call takes part in the rate once, whatever tool it is for.
        ...(key === all ? { rate: limits.rate } : {})
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
          return bulkhead.run(all, bulkhead.run(name, timed))
        }
    })
  )
