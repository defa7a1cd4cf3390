/**
 * The pools and circuits that a program has shown to its orchestrator. They stand for themselves: an orchestrator need
 * not use them.
 */
import { type AttachMetricsOptions, type CircuitStats, type PoolStats, poolStatsAll } from "@signalbox/resilience"
import { Effect, type Scope } from "effect"

/** Pools by key and circuits by name; of two of a name only one is shown. */
export type WatchedSources = Pick<AttachMetricsOptions, "pools" | "breakers">

/** How they are at a moment. */
export interface WatchedStats {
  readonly pools: ReadonlyArray<{ readonly key: string; readonly stats: PoolStats }>
  readonly circuits: ReadonlyArray<CircuitStats>
}

export interface Watched {
  readonly add: (sources: WatchedSources) => Effect.Effect<void, never, Scope.Scope>
  readonly look: Effect.Effect<WatchedStats>
}

/** Nothing yet. */
export const makeWatched = (): Watched => {
  const all = new Set<WatchedSources>()
  return {
    add: (sources) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          all.add(sources)
        }),
        () => Effect.sync(() => all.delete(sources))
      ),
    look: Effect.suspend(() =>
      Effect.all({
        pools: flatEach(
          [...all].flatMap(({ pools }) => pools),
          poolStatsAll
        ),
        circuits: flatEach(
          [...all].flatMap(({ breakers }) => breakers),
          ({ statsAll }) => statsAll
        )
      })
    )
  }
}

const flatEach = <A, B>(items: ReadonlyArray<A>, look: (item: A) => Effect.Effect<ReadonlyArray<B>>) =>
  Effect.map(Effect.forEach(items, look), (lists) => lists.flat())
