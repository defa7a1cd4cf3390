/**
 * Named sets of servers in one program, each with processes and secrets of its own. They share how many may start at
 * once, the connector, the memory of tools, the owner and the sweep. A set whose servers all go down later stays: its
 * servers come back.
 */
import { nearestName } from "@signalbox/model"
import { Context, Effect, type Exit, Layer, type Metric, PubSub, Stream } from "effect"
import type { Alert } from "./alerts/Alert.ts"
import { Connector } from "./Connector.ts"
import { type DuplicateServerName, ServerNotFound, type ServerSetExists, type ServerSetNotFound } from "./errors.ts"
import type { SetNumbers } from "./metrics/MetricsSnapshot.ts"
import { ownRegistry } from "./metrics/OrchestratorMetrics.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"
import { OrphanSweep, sweepOnce } from "./OrphanSweep.ts"
import type { ServerInfo } from "./ServerInfo.ts"
import { toolCacheLayer } from "./ServerOrchestrator.ts"
import type { AddError, PrepareSet, ServerSet, ServerSetEvent } from "./ServerSet.ts"
import { makeServerSetEntries } from "./ServerSetEntries.ts"
import type { ServerSetStatus } from "./ServerSetStatus.ts"
import type { Reconfigured } from "./ServerSlots.ts"
import type { StartError } from "./Supervisor.ts"
import type { ToolCache } from "./ToolCache.ts"

/** What holds for all sets. Which servers a set has is said when it is added. */
export interface ServerSetsOptions extends Omit<OrchestratorOptions, "servers" | "startsAll"> {}

/** What is connected anew: everything, one set, a server in each set that has it, or that server of that set. */
export interface ReconnectScope {
  readonly set?: string
  readonly server?: string
}

/** What came of each server, by set and name. One that failed goes on as it was. */
export type ReconnectExits = ReadonlyMap<
  string,
  ReadonlyMap<string, Exit.Exit<ServerInfo, ServerNotFound | StartError>>
>

/** What there is to see of the numbers of all sets. */
export interface ServerSetsMetrics {
  /**
   * Where the series of all sets are, each with the name of its set as the label `set`. It is the one that the program
   * provided for its metrics, or else one of their own.
   */
  readonly registry: Metric.MetricRegistry
  /** The numbers of each set, by its name. */
  readonly snapshot: Effect.Effect<Readonly<Record<string, SetNumbers>>>
  /** Brings watched pools and circuits up to date in the registry, for whoever reads that next. */
  readonly refresh: Effect.Effect<void>
}

/** Use it where several users of servers must not meet: agents, tenants, tests. */
export class ServerSets extends Context.Service<
  ServerSets,
  {
    /**
     * Starts a set and waits for its first server; the others go on starting. Whoever adds the same set at the same
     * time waits for the same start, and a set that is there is not started twice. When no server can be started, nothing of
     * it is left. A set of the same name with other servers is left as it is, and `ServerSetExists` says so.
     * `prepare` runs once, before the set counts as there; when it fails, there is no set. A set without servers is refused,
     * unless it `mayBeEmpty`: then it is there at once, for what its user has beside servers.
     */
    readonly add: (
      name: string,
      servers: ReadonlyArray<ManagedServer>,
      prepare?: PrepareSet,
      options?: { readonly mayBeEmpty: boolean }
    ) => Effect.Effect<ServerSet, AddError | ServerSetExists>
    readonly get: (name: string) => Effect.Effect<ServerSet, ServerSetNotFound>
    readonly has: (name: string) => Effect.Effect<boolean>
    /** In the order in which they were added. */
    readonly list: Effect.Effect<ReadonlyArray<ServerSet>>
    /**
     * Waits for the calls that run, ends the processes, then forgets the set. One that is still being added is given up.
     * Interrupting it ends the calls as well.
     */
    readonly remove: (name: string) => Effect.Effect<void, ServerSetNotFound>
    /**
     * Makes new connections, which take the place of the old ones when they work; the old ones end when their calls
     * are answered.
     */
    readonly reconnect: (scope: ReconnectScope) => Effect.Effect<ReconnectExits, ServerSetNotFound | ServerNotFound>
    /**
     * Gives a set other servers: those that are equal are not touched, changed ones are reconnected, and what is gone
     * ends when its calls are answered. Waits for a set that is still being added.
     */
    readonly reconfigure: (
      name: string,
      servers: ReadonlyArray<ManagedServer>
    ) => Effect.Effect<Reconfigured, ServerSetNotFound | DuplicateServerName>
    /** The numbers of all. */
    readonly metrics: ServerSetsMetrics
    /** Alerts of all sets from now on; those of a set that is removed are over. A slow reader loses the oldest. */
    readonly alerts: Stream.Stream<Alert>
    /** The alerts that hold now, set by set. */
    readonly activeAlerts: Effect.Effect<ReadonlyArray<Alert>>
    /** How all are now, by name. */
    readonly summary: Effect.Effect<ReadonlyMap<string, ServerSetStatus>>
    /** What happens from now on. A reader that is slow loses the oldest events, and delays nobody. */
    readonly changes: Stream.Stream<ServerSetEvent>
  }
>()("@signalbox/orchestrator/ServerSets") {
  /** With connections, a sweep and a memory of your own. */
  static readonly layerNoDeps = (
    options: ServerSetsOptions
  ): Layer.Layer<ServerSets, never, Connector | OrphanSweep | ToolCache> =>
    Layer.effect(ServerSets, makeServerSets(options))

  /** Real servers. Closing it ends all of them at the same time. */
  static readonly layer = (options: ServerSetsOptions) =>
    ServerSets.layerNoDeps(options).pipe(Layer.provide([Connector.layer, OrphanSweep.layer, toolCacheLayer(options)]))
}

/** Events that a slow reader may be behind. */
const keptEvents = 1024

const makeServerSets = Effect.fnUntraced(function* (options: ServerSetsOptions) {
  yield* sweepOnce(options, () => undefined)
  const events = yield* Effect.acquireRelease(PubSub.sliding<ServerSetEvent>(keptEvents), PubSub.shutdown)
  const alerts = yield* Effect.acquireRelease(PubSub.sliding<Alert>(keptEvents), PubSub.shutdown)
  const registry = yield* ownRegistry
  const { add, get, reconfigure, remove, sets } = yield* makeServerSetEntries(options, {
    registry,
    tell: (event) => void PubSub.publishUnsafe(events, event),
    tellAlert: (alert) => void PubSub.publishUnsafe(alerts, alert)
  })

  const reconnect = Effect.fnUntraced(function* ({ server, set: name }: ReconnectScope) {
    const wanted = name === undefined ? sets() : [yield* get(name)]
    const targets = yield* Effect.filter(wanted, hasServer(server))
    if (server !== undefined && targets.length === 0) {
      const statuses = yield* Effect.forEach(wanted, ({ status }) => status)
      const available = [...new Set(statuses.flatMap(({ servers }) => [...servers.keys()]))]
      return yield* new ServerNotFound({ serverName: server, nearest: nearestName(server, available), available })
    }
    const exits = yield* Effect.forEach(
      targets,
      (set) => Effect.map(reconnectSet(set, server), (exits) => [set.name, exits] as const),
      { concurrency: "unbounded" }
    )
    return new Map(exits) satisfies ReconnectExits
  })

  return ServerSets.of({
    add: Effect.fn("ServerSets.add")(add),
    get,
    has: (name) => Effect.sync(() => sets().some((set) => set.name === name)),
    list: Effect.sync(sets),
    remove: Effect.fn("ServerSets.remove")(remove),
    reconnect: Effect.fn("ServerSets.reconnect")(reconnect),
    reconfigure: Effect.fn("ServerSets.reconfigure")(reconfigure),
    metrics: {
      registry,
      snapshot: Effect.suspend(() => Effect.map(Effect.forEach(sets(), numbersOf), (all) => Object.fromEntries(all))),
      refresh: Effect.suspend(() =>
        Effect.forEach(sets(), ({ orchestrator }) => orchestrator.metrics.refresh, { discard: true })
      )
    },
    alerts: Stream.fromPubSub(alerts),
    activeAlerts: Effect.suspend(() =>
      Effect.map(
        Effect.forEach(sets(), ({ orchestrator }) => orchestrator.activeAlerts),
        (all) => all.flat()
      )
    ),
    summary: Effect.suspend(() =>
      Effect.map(
        Effect.forEach(sets(), ({ status }) => status),
        (all): ReadonlyMap<string, ServerSetStatus> => new Map(all.map((status) => [status.name, status]))
      )
    ),
    changes: Stream.fromPubSub(events)
  })
})

const numbersOf = ({ name, orchestrator }: ServerSet) =>
  Effect.map(
    orchestrator.metrics.snapshot,
    ({ circuits, pools, servers }) => [name, { servers, pools, circuits } satisfies SetNumbers] as const
  )

const hasServer =
  (server: string | undefined) =>
  ({ orchestrator }: ServerSet) =>
    server === undefined ? Effect.succeed(true) : Effect.isSuccess(orchestrator.server(server))

const reconnectSet = Effect.fnUntraced(function* ({ orchestrator }: ServerSet, server: string | undefined) {
  if (server === undefined) return yield* orchestrator.reconnectAll
  return new Map([[server, yield* Effect.exit(orchestrator.reconnect(server))]])
})
