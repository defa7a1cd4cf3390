/**
 * Named sets of servers in one program, each with processes and secrets of its own. They share how many may start at
 * once, the connector, the memory of tools, the owner and the sweep. A set whose servers all go down later stays: its
 * servers come back.
 */
import { nearestName } from "@signalbox/model"
import { Context, Effect, type Exit, Layer, PubSub, Stream } from "effect"
import { Connector } from "./Connector.ts"
import { ServerNotFound, type ServerSetExists, type ServerSetNotFound } from "./errors.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"
import { OrphanSweep, sweepOnce } from "./OrphanSweep.ts"
import type { ServerInfo } from "./ServerInfo.ts"
import { toolCacheLayer } from "./ServerOrchestrator.ts"
import type { AddError, PrepareSet, ServerSet, ServerSetEvent } from "./ServerSet.ts"
import { makeServerSetEntries } from "./ServerSetEntries.ts"
import type { ServerSetStatus } from "./ServerSetStatus.ts"
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

/** Use it where several users of servers must not meet: agents, tenants, tests. */
export class ServerSets extends Context.Service<
  ServerSets,
  {
    /**
     * Starts a set and waits for its first server; the others go on starting. Whoever adds the same set at the same
     * time waits for the same start, and a set that is there is not started twice. When no server can be started, nothing of
     * it is left. A set of the same name with other servers is left as it is, and `ServerSetExists` says so.
     * `prepare` runs once, before the set counts as there; when it fails, there is no set.
     */
    readonly add: (
      name: string,
      servers: ReadonlyArray<ManagedServer>,
      prepare?: PrepareSet
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
  const { add, get, remove, sets } = yield* makeServerSetEntries(
    options,
    (event) => void PubSub.publishUnsafe(events, event)
  )

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
    summary: Effect.suspend(() =>
      Effect.map(
        Effect.forEach(sets(), ({ status }) => status),
        (all): ReadonlyMap<string, ServerSetStatus> => new Map(all.map((status) => [status.name, status]))
      )
    ),
    changes: Stream.fromPubSub(events)
  })
})

const hasServer =
  (server: string | undefined) =>
  ({ orchestrator }: ServerSet) =>
    server === undefined ? Effect.succeed(true) : Effect.isSuccess(orchestrator.server(server))

const reconnectSet = Effect.fnUntraced(function* ({ orchestrator }: ServerSet, server: string | undefined) {
  if (server === undefined) return yield* orchestrator.reconnectAll
  return new Map([[server, yield* Effect.exit(orchestrator.reconnect(server))]])
})
