/**
 * Many MCP servers as one toolbox. Each is supervised on its own: one that hangs, dies or lies never delays
 * or harms another, and a call waits only for the server that it needs.
 */
import { type CallContext, type NamingPolicy, nearestName, type Toolbox, ToolNotFound } from "@signalbox/model"
import { runAll } from "@signalbox/resilience"
import { Clock, Context, DateTime, Deferred, Effect, Exit, Layer, PubSub, Scope, Stream } from "effect"
import { type Alert } from "./alerts/Alert.ts"
import { makeAlerting } from "./alerts/alerting.ts"
import { buildCatalogue, type Catalogue, emptyCatalogue, findRoute, type Route } from "./Catalogue.ts"
import { Connector } from "./Connector.ts"
import {
  ConnectionFailed,
  DuplicateServerName,
  type ServerAlreadyRunning,
  ServerNotFound,
  type ServerNotRunning
} from "./errors.ts"
import { type OrchestratorOptions } from "./OrchestratorOptions.ts"
import { markOwner, OrphanSweep } from "./OrphanSweep.ts"
import { makeMetering, type OrchestratorMetrics } from "./metrics/OrchestratorMetrics.ts"
import { healthReport, type HealthReport } from "./healthReport.ts"
import { makeServerCalls, type ServerCalls } from "./ServerCalls.ts"
import { type ServerEvent, type ServerInfo } from "./ServerInfo.ts"
import { makeStartGate } from "./StartGate.ts"
import { ToolCache } from "./ToolCache.ts"
import { makeSupervisor, type StartError, type Supervisor } from "./Supervisor.ts"

/**
 * Use it where several MCP servers are to be one toolbox that starts them, keeps them alive and names their tools.
 * For one server and no supervision, `connect` of `@signalbox/mcp` is enough.
 */
export class ServerOrchestrator extends Context.Service<
  ServerOrchestrator,
  {
    /**
     * The tools of all servers in the order of the configuration; the same array until something changes.
     * A server that restarts keeps its tools listed, and their calls wait for it.
     */
    readonly toolbox: Toolbox["Service"]
    /** Every configured server, in that order. */
    readonly servers: Effect.Effect<ReadonlyArray<ServerInfo>>
    readonly server: (name: string) => Effect.Effect<ServerInfo, ServerNotFound>
    /** How they are as a whole, and what is lost. */
    readonly health: Effect.Effect<HealthReport>
    /** Its numbers, to be read and exported. */
    readonly metrics: OrchestratorMetrics
    /** Alerts from now on: raised, worse, resolved. A reader that is slow or fails loses the oldest, and delays nobody. */
    readonly alerts: Stream.Stream<Alert>
    /** The alerts that hold now, in the order in which they began. */
    readonly activeAlerts: Effect.Effect<ReadonlyArray<Alert>>
    /** What happens from now on. A reader that is slow loses the oldest events, and delays nobody. */
    readonly changes: Stream.Stream<ServerEvent>
    /** Waits until every server that is being started has become running or failed for the first time. */
    readonly settled: Effect.Effect<void>
    /** Waits for the required servers; fails with the reason of each one that could not be started. */
    readonly requiredReady: Effect.Effect<void, ConnectionFailed>
    /** Starts a server and waits for its first list of tools. After a failure it keeps being tried. */
    readonly start: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | ServerAlreadyRunning | StartError>
    /** Sees to it that all run: starts those that do not and joins starts under way. Keys are all names, in order. */
    readonly startAll: Effect.Effect<ReadonlyMap<string, Exit.Exit<ServerInfo, StartError>>>
    /** Stops a server for good: its tools leave the list and it stays down until it is started again. */
    readonly stop: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | ServerNotRunning>
    /** Stops all that are not stopped, at the same time. */
    readonly stopAll: Effect.Effect<void>
    /** Ends the server, if it runs, and starts it anew. Its tools stay listed. */
    readonly restart: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | StartError>
    /** The last lines of its standard error, at most 50, those of an earlier process included. */
    readonly logs: (name: string) => Effect.Effect<ReadonlyArray<string>, ServerNotFound>
  }
>()("@signalbox/orchestrator/ServerOrchestrator") {
  /** With connections, a sweep and a memory of your own. */
  static readonly layerNoDeps = (
    options: OrchestratorOptions
  ): Layer.Layer<ServerOrchestrator, DuplicateServerName, Connector | OrphanSweep | ToolCache> =>
    Layer.effect(ServerOrchestrator, makeOrchestrator(options))

  /** Real servers. Building it waits for nothing; closing it ends every server, all at the same time. */
  static readonly layer = (options: OrchestratorOptions) =>
    ServerOrchestrator.layerNoDeps(options).pipe(
      Layer.provide([Connector.layer, OrphanSweep.layer, toolCacheLayer(options)])
    )
}

const toolCacheLayer = ({ toolCacheDirectory }: OrchestratorOptions) =>
  toolCacheDirectory === undefined ? ToolCache.layerNone : ToolCache.layerFiles(toolCacheDirectory)

/** Events that a slow reader may be behind. */
const keptEvents = 1024

const makeOrchestrator = Effect.fnUntraced(function* (options: OrchestratorOptions) {
  const names = options.servers.map(({ server }) => server.name)
  const duplicates = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
  if (duplicates.length > 0) return yield* new DuplicateServerName({ serverNames: duplicates })
  const metering = yield* makeMetering(names, options.metrics)
  const alerting = yield* makeAlerting(names, options, metering)
  if (options.owner !== undefined && options.sweepsOrphans) {
    const swept = (yield* OrphanSweep).sweep(options.owner)
    yield* Effect.forkScoped(Effect.map(swept, ({ length }) => metering.orphansKilled(length)))
  }

  const events = yield* Effect.acquireRelease(PubSub.sliding<ServerEvent>(keptEvents), PubSub.shutdown)
  let catalogue = emptyCatalogue
  let knownLists: ReadonlyArray<unknown> = []
  let changed = Deferred.makeUnsafe<void>()

  const rebuild = Effect.suspend(() => {
    const lists = supervisors.map((supervisor) => supervisor.tools())
    if (lists.some((list, index) => list !== knownLists[index])) {
      knownLists = lists
      catalogue = buildCatalogue(
        supervisors.map(({ managed }, index) => ({ managed, tools: lists[index] ?? [] })),
        options.naming
      )
    }
    return Effect.andThen(
      Effect.suspend(reportClashes),
      Effect.sync(() => {
        const waiting = changed
        changed = Deferred.makeUnsafe()
        Deferred.doneUnsafe(waiting, Effect.void)
      })
    )
  })
  const told = new Set<string>()
  const isTold = (name: string, source: string) => told.has(`${source}\0${name}`)
  const reportClashes = () => {
    // Once, when all are there: while servers come in one by one each of them would be news.
    if (supervisors.some((supervisor) => supervisor.isSettling())) return Effect.void
    const news = catalogue.clashes.filter(({ name, sources }) => sources.some((source) => !isTold(name, source)))
    for (const { name, sources } of news) for (const source of sources) told.add(`${source}\0${name}`)
    if (news.length === 0) return Effect.void
    const text = describeClashes(news, options.naming)
    // With prefixes every tool can be called, so nothing is wrong; the other policies hide some.
    return options.naming === "prefix" ? Effect.logInfo(text) : Effect.logWarning(text)
  }

  const around = {
    connector: yield* Connector,
    gate: makeStartGate(options),
    restart: options.restart,
    packageTimeout: options.packageTimeout,
    publish: (event: ServerEvent) => {
      metering.happened(event)
      alerting.happened(event)
      PubSub.publishUnsafe(events, event)
    },
    onChange: rebuild,
    toolCache: yield* ToolCache
  }
  // Servers end side by side: one that ignores every signal must not add its five seconds to the others'.
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const supervisors: ReadonlyArray<Supervisor> = yield* Scope.provide(
    Effect.forEach(
      options.servers,
      (managed) => makeSupervisor({ ...managed, server: markOwner(managed.server, options.owner) }, around),
      { concurrency: "unbounded" }
    ),
    scope
  )
  const byName = new Map(supervisors.map((supervisor) => [supervisor.managed.server.name, supervisor]))
  const calls: ReadonlyMap<string, ServerCalls> = new Map(
    supervisors.map((supervisor) => {
      const { name } = supervisor.managed.server
      return [name, makeServerCalls(supervisor, metering.meterOf(name))]
    })
  )

  /** Checks and calls together say how a server is. */
  const infoOf = ({ info, managed }: Supervisor): ServerInfo => {
    const now = info()
    if (now.state !== "running") return now
    return { ...now, health: metering.meterOf(managed.server.name).judged(now.health) }
  }
  const infos = Effect.sync(() => supervisors.map(infoOf))

  const find = (name: string) =>
    Effect.suspend(() => {
      const supervisor = byName.get(name)
      if (supervisor !== undefined) return Effect.succeed(supervisor)
      return Effect.fail(new ServerNotFound({ serverName: name, nearest: nearestName(name, names), available: names }))
    })

  /** Waits as long as `isPending`, looking again after each change. */
  const waitWhile = (isPending: () => boolean): Effect.Effect<void> =>
    Effect.suspend(() => (isPending() ? Effect.andThen(Deferred.await(changed), waitWhile(isPending)) : Effect.void))
  const settled = waitWhile(() => supervisors.some((supervisor) => supervisor.isSettling()))

  /** Waits for a name that is not known yet: for its server, where it names one, else while servers come in. */
  const arrival = (name: string, deadline: number | undefined) => {
    const named = supervisors
      .filter(({ managed }) => name.startsWith(`${managed.server.name}__`))
      .toSorted((a, b) => b.managed.server.name.length - a.managed.server.name.length)[0]
    if (named !== undefined) return named.hasListed() ? Effect.void : Effect.asVoid(named.session(deadline))
    const wait = waitWhile(
      () => findRoute(catalogue, name) === undefined && supervisors.some((supervisor) => supervisor.isSettling())
    )
    if (deadline === undefined) return wait
    return Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.timeoutOption(wait, Math.max(0, deadline - now)))
  }
  const lateRoute = Effect.fnUntraced(function* (name: string, { deadline }: CallContext) {
    yield* arrival(name, deadline === undefined ? undefined : DateTime.toEpochMillis(deadline))
    const route = findRoute(catalogue, name)
    if (route !== undefined) return route
    const available = [...catalogue.shown.keys()]
    const nearest = nearestName(name, available)
    return yield* new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
  })

  const toolbox: Toolbox["Service"] = {
    list: Effect.sync(() => catalogue.listed),
    call: (name, input, context) =>
      Effect.suspend(() => {
        const dispatch = (route: Route) =>
          calls.get(route.serverName)?.call(route, input, context) ?? Effect.fail(unknownServer(route.serverName))
        const route = findRoute(catalogue, name)
        return route === undefined ? Effect.flatMap(lateRoute(name, context), dispatch) : dispatch(route)
      })
  }
  const unknownServer = (serverName: string) => new ServerNotFound({ serverName, nearest: undefined, available: names })

  if (options.startsAll) {
    for (const supervisor of supervisors) supervisor.launch()
    // What is remembered can be used from the first moment on.
    yield* rebuild
  }

  // After the servers, which come first.
  yield* Effect.forkScoped(alerting.lookOut)

  return ServerOrchestrator.of({
    toolbox,
    servers: infos,
    server: Effect.fn("ServerOrchestrator.server")((name: string) => Effect.map(find(name), infoOf)),
    health: Effect.map(infos, healthReport),
    metrics: metering.metrics,
    alerts: alerting.alerts,
    activeAlerts: alerting.active,
    changes: Stream.fromPubSub(events),
    settled,
    requiredReady: Effect.gen(function* () {
      const required = supervisors.filter(({ managed }) => managed.isRequired)
      yield* waitWhile(() => required.some((supervisor) => supervisor.isSettling()))
      const failures = required.flatMap((supervisor) => {
        const { lastError, name, state } = supervisor.info()
        return state === "running"
          ? []
          : [{ serverName: name, reason: lastError?.message ?? `Server "${name}" is ${state}.` }]
      })
      if (failures.length > 0) return yield* new ConnectionFailed({ failures })
    }),
    start: Effect.fn("ServerOrchestrator.start")((name: string) =>
      Effect.flatMap(find(name), (supervisor) => supervisor.start)
    ),
    startAll: runAll(
      supervisors.map(({ ensureStarted }) => ensureStarted),
      { concurrency: 0, names: names.map((name) => `start ${name}`) }
    ).pipe(
      Effect.map(
        (exits) =>
          new Map(supervisors.map(({ managed }, index) => [managed.server.name, exits[index] ?? Exit.die("no exit")]))
      )
    ),
    stop: Effect.fn("ServerOrchestrator.stop")((name: string) =>
      Effect.flatMap(find(name), (supervisor) => supervisor.stop)
    ),
    // It fails for servers that are stopped already.
    stopAll: Effect.forEach(supervisors, ({ stop }) => Effect.ignore(stop), {
      concurrency: "unbounded",
      discard: true
    }),
    restart: Effect.fn("ServerOrchestrator.restart")((name: string) =>
      Effect.flatMap(find(name), (supervisor) => supervisor.restart)
    ),
    logs: Effect.fn("ServerOrchestrator.logs")((name: string) =>
      Effect.flatMap(find(name), (supervisor) => supervisor.logs)
    )
  })
})

/** Clashes that the log names; the list of tools shows them all. */
const namedClashes = 3

const describeClashes = (clashes: Catalogue["clashes"], naming: NamingPolicy): string => {
  const outcome = {
    prefix: "each is called <server>__<tool>",
    first: "the first server keeps the name",
    error: "none of them is listed"
  }[naming]
  const shown = clashes.slice(0, namedClashes).map(({ name, sources }) => `${name} (${sources.join(", ")})`)
  const more = clashes.length > shown.length ? `, and ${clashes.length - shown.length} more` : ""
  return `Tool names that several servers use; ${outcome}: ${shown.join(", ")}${more}.`
}
