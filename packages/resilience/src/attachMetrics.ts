/**
 * Pools and circuits as metrics of Effect. Their numbers are copied into the registry now and then, which costs a loan
 * or a guarded call nothing.
 */
import { type Context, Duration, Effect, type Metric, type Scope } from "effect"
import type { CircuitBreaker } from "./CircuitBreaker.ts"
import type { CircuitStats } from "./CircuitStats.ts"
import type { ConnectionPool } from "./ConnectionPool.ts"
import { circuitMetrics, phaseNumbers, poolMetrics } from "./metricNames.ts"
import { HealthStatus } from "./poolHealth.ts"
import { ConnectionStats, type PoolStats } from "./poolSession.ts"

/** What is shown, and how often it is copied. */
export interface AttachMetricsOptions {
  readonly pools: ReadonlyArray<Pick<ConnectionPool<never, unknown>, "keys" | "stats">>
  readonly breakers: ReadonlyArray<Pick<CircuitBreaker["Service"], "statsAll">>
  readonly every: Duration.Input
}

/** Metrics that are attached. */
export interface AttachedMetrics {
  /** Copies the numbers at once: run it before an export that should not be up to `every` old. */
  readonly copy: Effect.Effect<void>
}

/** Shows pools and circuits in the `Metric.MetricRegistry` of the caller for as long as the scope is open. */
export const attachMetrics = Effect.fn("attachMetrics")(function* ({
  breakers,
  every,
  pools
}: AttachMetricsOptions): Effect.fn.Return<AttachedMetrics, never, Scope.Scope> {
  const context = yield* Effect.context()
  const copies = [
    ...pools.map((pool) => copyPool(pool, makeWriter(context))),
    ...breakers.map((breaker) => copyCircuits(breaker, makeWriter(context)))
  ]
  const copy = Effect.all(copies, { discard: true })
  yield* copy
  // A store of circuits may break and come back.
  const tried = Effect.catchDefect(copy, (defect) => Effect.logDebug("Metrics cannot be brought up to date", defect))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(Duration.fromInputUnsafe(every)), tried)))
  return { copy }
})

/** Share of the allowed connections that are in use or being opened, 0 to 1. */
export const utilizationOf = ({ max, opening, used }: Pick<PoolStats, "max" | "opening" | "used">): number =>
  max === 0 ? 0 : (used + opening) / max

/** Share of loans that found a connection open, 0 to 1; nothing before the first loan. */
export const hitRatioOf = ({ borrowed, opened }: Pick<PoolStats, "borrowed" | "opened">): number | undefined =>
  borrowed === 0 ? undefined : Math.max(0, borrowed - opened) / borrowed

interface Writer {
  readonly set: (gauge: Metric.Gauge<number>, value: number) => void
  /** Brings a counter up to what was counted elsewhere. What became smaller has begun anew. */
  readonly raise: (counter: Metric.Counter<number>, key: string, total: number) => void
}

const makeWriter = (context: Context.Context<never>): Writer => {
  const totals = new Map<string, number>()
  return {
    set: (gauge, value) => gauge.updateUnsafe(value, context),
    raise: (counter, key, total) => {
      const name = `${counter.id} ${key}`
      const before = totals.get(name) ?? 0
      totals.set(name, total)
      counter.updateUnsafe(total >= before ? total - before : total, context)
    }
  }
}

/** The stats of every registered key of a pool, in the order of registration. */
export const poolStatsAll = (
  pool: AttachMetricsOptions["pools"][number]
): Effect.Effect<ReadonlyArray<{ readonly key: string; readonly stats: PoolStats }>> =>
  Effect.flatMap(pool.keys, (keys) =>
    Effect.map(
      Effect.forEach(keys, (key) =>
        Effect.match(pool.stats(key), {
          // It was unregistered a moment ago.
          onFailure: () => [],
          onSuccess: (stats) => [{ key, stats }]
        })
      ),
      (found) => found.flat()
    )
  )

const copyPool = (pool: AttachMetricsOptions["pools"][number], writer: Writer) =>
  Effect.map(poolStatsAll(pool), (all) => {
    for (const { key, stats } of all) writePool(key, stats, writer)
  })

const writePool = (server: string, stats: PoolStats, { raise, set }: Writer) => {
  for (const state of ConnectionStats.fields.state.literals) {
    set(
      poolMetrics.connections({ server, state }),
      stats.connections.filter((connection) => connection.state === state).length
    )
  }
  set(poolMetrics.connections({ server, state: "opening" }), stats.opening)
  set(poolMetrics.max({ server }), stats.max)
  set(poolMetrics.waiting({ server }), stats.waiting)
  set(poolMetrics.utilization({ server }), utilizationOf(stats))
  const hits = hitRatioOf(stats)
  if (hits !== undefined) set(poolMetrics.hits({ server }), hits)
  for (const health of HealthStatus.literals)
    set(poolMetrics.health({ server, health }), Number(stats.health.status === health))
  for (const name of ["opened", "borrowed", "invalidated", "fallbacks"] as const)
    raise(poolMetrics[name]({ server }), server, stats[name])
}

const copyCircuits = (breaker: AttachMetricsOptions["breakers"][number], writer: Writer) =>
  Effect.map(breaker.statsAll, (all) => {
    for (const stats of all) writeCircuit(stats, writer)
  })

const writeCircuit = (stats: CircuitStats, { raise, set }: Writer) => {
  const { circuit } = stats
  set(circuitMetrics.phase({ circuit }), phaseNumbers[stats.phase])
  set(circuitMetrics.failuresInRow({ circuit }), stats.consecutiveFailures)
  for (const outcome of ["succeeded", "failed", "ignored", "rejected"] as const)
    raise(circuitMetrics.calls({ circuit, outcome }), `${circuit} ${outcome}`, stats[outcome])
}
