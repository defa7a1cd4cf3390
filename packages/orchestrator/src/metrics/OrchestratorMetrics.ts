/**
 * The numbers of one orchestrator. They are kept in the registry that the program provided for its metrics; where it
 * provided none, in one of their own, so that two orchestrators never count into one another.
 */
import { attachMetrics } from "@signalbox/resilience"
import { Clock, Context, DateTime, Duration, Effect, Metric, type Scope } from "effect"
import type { MetricsOptions } from "../OrchestratorOptions.ts"
import { HealthStatus, type ServerEvent, ServerState } from "../ServerInfo.ts"
import { made } from "./made.ts"
import { orchestratorMetrics } from "./metricNames.ts"
import { circuitNumbers, type MetricsSnapshot, poolNumbers } from "./MetricsSnapshot.ts"
import { prometheusText } from "./prometheus.ts"
import { makeServerMeter, type ServerMeter } from "./ServerMeter.ts"
import { makeWatched, type WatchedSources, type WatchedStats } from "./watched.ts"

/** What there is to see of the numbers. */
export interface OrchestratorMetrics {
  /**
   * Where all series are. Provide it as `Metric.MetricRegistry` to whatever reads metrics, such as an exporter of
   * `effect/observability`; or provide one of your own to the layer of the orchestrator.
   */
  readonly registry: Metric.MetricRegistry
  /** What each of its series carries besides: the name of its set, where it is one of several in the registry. */
  readonly labels: SetLabels
  /** All numbers at this moment. Print it through its schema. */
  readonly snapshot: Effect.Effect<MetricsSnapshot>
  /** Every series of the registry in the text format of Prometheus; serve it as `prometheusContentType`. */
  readonly prometheus: Effect.Effect<string>
  /** Brings watched pools and circuits up to date in the registry, for whoever reads that next. */
  readonly refresh: Effect.Effect<void>
  /**
   * Adds pools and circuits, which know nothing of an orchestrator, to the snapshot and the registry for as long as the
   * scope is open.
   */
  readonly watch: (sources: WatchedSources) => Effect.Effect<void, never, Scope.Scope>
}

/** Labels that tell the series of a set from those of others; none where there is only one. */
export interface SetLabels {
  readonly set?: string
}

/** The numbers, and what counts them. */
export interface Metering {
  readonly metrics: OrchestratorMetrics
  readonly watched: Effect.Effect<WatchedStats>
  /** The same for every connection to a server of this name. */
  readonly meterOf: (serverName: string) => ServerMeter
  /** Shows the servers that there are now, and no other; what was counted of others is kept. */
  readonly follow: () => void
  readonly happened: (event: ServerEvent) => void
  readonly orphansKilled: (count: number) => void
}

/** Begins to count, until the scope closes. */
export const makeMetering = Effect.fnUntraced(function* (
  serverNames: () => ReadonlyArray<string>,
  options: MetricsOptions,
  labels: SetLabels
) {
  const registry = yield* ownRegistry
  const attributes = { ...labels }
  const context = Context.make(Metric.MetricRegistry, registry).pipe(
    Context.add(Metric.CurrentMetricAttributes, attributes)
  )
  const around = { context, clock: yield* Clock.Clock, options }
  const meterOf = made((name) => makeServerMeter(name, around)).of
  const orphans = orchestratorMetrics.orphansKilled({})
  orphans.updateUnsafe(0, context)

  const observe = (gauge: Metric.Gauge<number>, read: () => number) =>
    Metric.registerUnsafe(gauge, context, { get: () => ({ value: read() }), update: nothing, modify: nothing })
  const shown = new Map<string, ReadonlyArray<Metric.Registration>>()
  const show = (server: string) => {
    const meter = meterOf(server)
    shown.set(server, [
      observe(orchestratorMetrics.callsInFlight({ server }), meter.inFlight),
      observe(orchestratorMetrics.callsWaiting({ server }), meter.waiting),
      ...ServerState.literals.map((state) =>
        observe(orchestratorMetrics.state({ server, state }), () => Number(meter.state() === state))
      ),
      ...HealthStatus.literals.map((health) =>
        observe(orchestratorMetrics.health({ server, health }), () => Number(meter.health() === health))
      )
    ])
  }
  const hide = (server: string) => {
    for (const registration of shown.get(server) ?? []) registration.remove()
    shown.delete(server)
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => [...shown.keys()].forEach(hide)))

  const watched = makeWatched()
  const snapshot = Effect.gen(function* () {
    const { circuits, pools } = yield* watched.look
    return {
      at: DateTime.formatIso(yield* DateTime.now),
      window_ms: Duration.toMillis(options.window),
      servers: Object.fromEntries(serverNames().map((name) => [name, meterOf(name).numbers()])),
      pools: Object.fromEntries(pools.map(({ key, stats }) => [key, poolNumbers(stats)])),
      circuits: Object.fromEntries(circuits.map((stats) => [stats.circuit, circuitNumbers(stats)]))
    }
  })

  return {
    metrics: {
      registry,
      labels,
      snapshot,
      refresh: watched.copyAll,
      prometheus: Effect.andThen(watched.copyAll, prometheusText(context)),
      watch: Effect.fnUntraced(function* (sources) {
        const { copy } = yield* attachMetrics({ ...sources, every: options.refresh }).pipe(
          Effect.provideService(Metric.MetricRegistry, registry),
          Effect.provideService(Metric.CurrentMetricAttributes, attributes)
        )
        yield* watched.add(sources, copy)
      })
    },
    watched: watched.look,
    meterOf,
    follow: () => {
      const names = new Set(serverNames())
      for (const server of names) if (!shown.has(server)) show(server)
      for (const server of shown.keys()) if (!names.has(server)) hide(server)
    },
    happened: (event) => meterOf(event._tag === "StateChanged" ? event.info.name : event.serverName).happened(event),
    orphansKilled: (count) => orphans.updateUnsafe(count, context)
  } satisfies Metering
})

const nothing = () => undefined

/** The registry that the program has provided, or a new one. A reference has a default that all of the process would share; only one that was provided counts. */
export const ownRegistry = Effect.map(Effect.context(), (context) =>
  context.mapUnsafe.has(Metric.MetricRegistry.key)
    ? Context.get(context, Metric.MetricRegistry)
    : (new Map() satisfies Metric.MetricRegistry)
)
