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
  /** `copy` brings the registry up to date with them. */
  readonly add: (sources: WatchedSources, copy: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  readonly look: Effect.Effect<WatchedStats>
  readonly copyAll: Effect.Effect<void>
}

/** Nothing yet. */
export const makeWatched = (): Watched => {
  const all = new Map<WatchedSources, Effect.Effect<void>>()
  return {
    add: (sources, copy) => {
      // The same ones may be watched twice.
      const entry = { ...sources }
      return Effect.acquireRelease(
        Effect.sync(() => {
          all.set(entry, copy)
        }),
        () => Effect.sync(() => all.delete(entry))
      )
    },
    copyAll: Effect.suspend(() => Effect.all(all.values(), { discard: true })),
    look: Effect.suspend(() =>
      Effect.all({
        pools: flatEach(
          [...all.keys()].flatMap(({ pools }) => pools),
          poolStatsAll
        ),
        circuits: flatEach(
          [...all.keys()].flatMap(({ breakers }) => breakers),
          ({ statsAll }) => statsAll
        )
      })
    )
  }
}

const flatEach = <A, B>(items: ReadonlyArray<A>, look: (item: A) => Effect.Effect<ReadonlyArray<B>>) =>
  Effect.map(Effect.forEach(items, look), (lists) => lists.flat())
