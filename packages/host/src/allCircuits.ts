/**
 * The circuits of providers beside those of servers: `provider:claude`. A name with a colon is none of a server's.
 */
import { nearestName } from "@signalbox/model"
import {
  type BreakerControls,
  type CircuitNumbers,
  ServerNotFound,
  type ServerOrchestrator
} from "@signalbox/orchestrator"
import type { CircuitBreaker } from "@signalbox/resilience"
import { Effect } from "effect"
import type { Models } from "./models/Models.ts"

/** What there is to see of all circuits, and how one is worked by hand. */
export interface AllCircuits extends Pick<BreakerControls, "open" | "close" | "reset"> {
  /** Those of the servers, then those of providers, by their names. */
  readonly snapshot: Effect.Effect<Readonly<Record<string, CircuitNumbers>>>
}

const prefix = "provider:"

/** The circuits of providers by their names here, for the orchestrator to watch: its alerts are of them, too. */
export const providerCircuits = ({ circuits }: Models["Service"]): Pick<CircuitBreaker["Service"], "statsAll"> => ({
  statsAll: Effect.map(circuits.statsAll, (all) =>
    all.map((stats) => ({ ...stats, circuit: `${prefix}${stats.circuit}` }))
  )
})

/** Both together; the orchestrator has to watch those of providers. */
export const allCircuits = (
  orchestrator: ServerOrchestrator["Service"],
  { circuits, upstreams }: Models["Service"]
): AllCircuits => {
  const guarded = [...upstreams.values()].flatMap(({ kind, name }) => (kind === "offline" ? [] : [name]))
  const work =
    (
      ofServer: (name: string) => Effect.Effect<void, ServerNotFound>,
      ofProvider: (name: string) => Effect.Effect<void>
    ) =>
    (name: string): Effect.Effect<void, ServerNotFound> => {
      if (!name.startsWith(prefix)) return ofServer(name)
      const provider = name.slice(prefix.length)
      if (guarded.includes(provider)) return ofProvider(provider)
      const available = guarded.map((each) => `${prefix}${each}`)
      return Effect.fail(new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available }))
    }
  return {
    snapshot: Effect.map(orchestrator.metrics.snapshot, ({ circuits }) => circuits),
    open: work(orchestrator.breaker.open, circuits.forceOpen),
    close: work(orchestrator.breaker.close, circuits.forceClose),
    reset: work(orchestrator.breaker.reset, circuits.reset)
  }
}
