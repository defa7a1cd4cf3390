/**
 * Many MCP servers as one toolbox. Each is supervised on its own: one that hangs, dies or lies never delays
 * or harms another, and a call waits only for the server that it needs.
 */
import type { Toolbox } from "@signalbox/model"
import { runAll } from "@signalbox/resilience"
import { Context, Effect, Exit, Layer, PubSub, Stream } from "effect"
import type { Alert } from "./alerts/Alert.ts"
import { makeAlerting } from "./alerts/alerting.ts"
import { makeCap, SharedConnectionCap } from "./connectionPlace.ts"
import { Connector } from "./Connector.ts"
import {
  ConnectionFailed,
  type DuplicateServerName,
  type ServerAlreadyRunning,
  type ServerNotFound,
  type ServerNotRunning
} from "./errors.ts"
import { type BreakerControls, makeBreakerControls } from "./guard/BreakerControls.ts"
import { withCircuit } from "./guard/circuitInfo.ts"
import { makeServerCircuits } from "./guard/ServerCircuits.ts"
import type { Conversation } from "./guard/ServerSessions.ts"
import { makeMetering, type OrchestratorMetrics, type SetLabels } from "./metrics/OrchestratorMetrics.ts"
import { healthReport, type HealthReport } from "./healthReport.ts"
import { makeLiveToolbox } from "./LiveToolbox.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"
import { OrphanSweep, sweepOnce } from "./OrphanSweep.ts"
import { makeServerPrompts, type ServerPrompts } from "./offers/ServerPrompts.ts"
import { makeServerResources, type ServerResources } from "./offers/ServerResources.ts"
import type { LogLine, ServerEvent, ServerInfo } from "./ServerInfo.ts"
import { makeServerSlots, type Reconfigured, type ServerSlots } from "./ServerSlots.ts"
import { makeStartGate, SharedStartGate } from "./StartGate.ts"
import type { StartError, Supervisor } from "./Supervisor.ts"
import { ToolCache } from "./ToolCache.ts"

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
    /** The prompts of all servers, by the same rule of names. A server is asked for its own when somebody wants them. */
    readonly prompts: ServerPrompts
    /** The resources of all servers. */
    readonly resources: ServerResources
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
    /** The circuits, which keep calls away from servers that fail. */
    readonly breaker: BreakerControls
    /** Gives the sessions of a conversation that is over back to their servers, each when its calls have ended. */
    readonly endConversation: (conversation: Conversation) => Effect.Effect<void>
    /** What happens from now on. A reader that is slow loses the oldest events, and delays nobody. */
    readonly changes: Stream.Stream<ServerEvent>
    /** Waits until every server that is being started has become running or failed for the first time. */
    readonly settled: Effect.Effect<void>
    /** Waits for the required servers; fails with the reason of each one that could not be started. */
    readonly requiredReady: Effect.Effect<void, ConnectionFailed>
    /** Waits until some server runs, or all have failed for the first time, and answers whether one runs. */
    readonly connected: Effect.Effect<boolean>
    /** Starts a server and waits for its first list of tools. After a failure it keeps being tried. */
    readonly start: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | ServerAlreadyRunning | StartError>
    /** Like `start`, but joins a start under way, and is content with a server that runs. */
    readonly ensureStarted: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | StartError>
    /** Sees to it that all run: starts those that do not and joins starts under way. Keys are all names, in order. */
    readonly startAll: Effect.Effect<ReadonlyMap<string, Exit.Exit<ServerInfo, StartError>>>
    /**
     * Starts those that do not run, and waits until the tools of each are known, by a list of its own or of an earlier run,
     * or it has failed for the first time. From then on it is sure whose tool a bare name means.
     */
    readonly ensureListed: Effect.Effect<void>
    /** Stops a server for good: its tools leave the list and it stays down until it is started again. */
    readonly stop: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | ServerNotRunning>
    /** Stops all that are not stopped, at the same time. */
    readonly stopAll: Effect.Effect<void>
    /** Ends the server, if it runs, and starts it anew. Its tools stay listed. */
    readonly restart: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | StartError>
    /**
     * Makes a new connection and gives it the place of the old one, which ends when its calls are answered. On failure
     * the old one stays. Use it after credentials or the server behind a URL have changed.
     */
    readonly reconnect: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | StartError>
    /** The same with all, at the same time. Keys are all names, in order. */
    readonly reconnectAll: Effect.Effect<ReadonlyMap<string, Exit.Exit<ServerInfo, StartError>>>
    /**
     * Becomes another set of servers: new ones are started, missing ones end when their calls are answered, changed
     * ones are reconnected, and those that are equal are not touched. No call is disturbed.
     */
    readonly reconfigure: (servers: ReadonlyArray<ManagedServer>) => Effect.Effect<Reconfigured, DuplicateServerName>
    /**
     * For whoever closes it next: takes all tools off the list and waits until the calls that run are answered, each
     * no longer than the `callTimeout` of its server.
     */
    readonly drain: Effect.Effect<void>
    /** Checks the health of a server that runs, now, and answers with how it is then. */
    readonly check: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | ServerNotRunning>
    /** The last lines of its standard error, at most 50, those of an earlier process included. */
    readonly logs: (name: string) => Effect.Effect<ReadonlyArray<string>, ServerNotFound>
    /** What all servers write to standard error from now on. A reader that is slow loses the oldest lines. */
    readonly logLines: Stream.Stream<LogLine>
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

export const toolCacheLayer = ({ toolCacheDirectory }: Pick<OrchestratorOptions, "toolCacheDirectory">) =>
  toolCacheDirectory === undefined ? ToolCache.layerNone : ToolCache.layerFiles(toolCacheDirectory)

/** Events, and lines, that a slow reader may be behind. */
const keptEvents = 1024

/** Whom one belongs to: it hears everything at once, before any reader. */
interface Owner {
  readonly labels: SetLabels
  readonly told: (event: ServerEvent) => void
  readonly toldAlert: (alert: Alert) => void
}

const nobody: Owner = { labels: {}, told: () => undefined, toldAlert: () => undefined }

/** Makes one until the scope closes. */
export const makeOrchestrator = Effect.fnUntraced(function* (
  options: OrchestratorOptions,
  { labels, told, toldAlert }: Owner = nobody
) {
  let slots: ServerSlots | undefined
  const all = () => slots?.all() ?? []
  const names = () => all().map(({ managed }) => managed.server.name)
  const metering = yield* makeMetering(names, options.metrics, labels)
  const alerting = yield* makeAlerting(names, options, metering, toldAlert)
  yield* sweepOnce(options, metering.orphansKilled)
  const events = yield* Effect.acquireRelease(PubSub.sliding<ServerEvent>(keptEvents), PubSub.shutdown)
  const logLines = yield* Effect.acquireRelease(PubSub.sliding<LogLine>(keptEvents), PubSub.shutdown)
  const circuits = yield* makeServerCircuits(metering.metrics)
  const { refresh, toolbox, waitWhile } = makeLiveToolbox(all, options.naming, circuits.isHidden)
  const changed = Effect.suspend(() => {
    metering.follow()
    return Effect.andThen(circuits.follow(all().map(({ managed }) => managed)), refresh)
  })
  const publish = (event: ServerEvent) => {
    circuits.happened(event)
    metering.happened(event)
    alerting.happened(event)
    const news = shown(event)
    told(news)
    PubSub.publishUnsafe(events, news)
  }
  /** As it is with its circuit. */
  const shown = (event: ServerEvent): ServerEvent =>
    event._tag === "StateChanged" ? { ...event, info: withCircuit(event.info, circuits.look(event.info.name)) } : event
  slots = yield* makeServerSlots(options.servers, {
    connector: yield* Connector,
    gate: (yield* SharedStartGate) ?? makeStartGate(options),
    cap: (yield* SharedConnectionCap) ?? (yield* makeCap(options)),
    questions: options.questions,
    restart: options.restart,
    packageTimeout: options.packageTimeout,
    publish,
    onLogLine: (line) => PubSub.publishUnsafe(logLines, line),
    onChange: changed,
    meterOf: metering.meterOf,
    gateOf: circuits.gateOf,
    metrics: metering.metrics,
    toolCache: yield* ToolCache,
    owner: options.owner,
    startsAll: options.startsAll,
    startsFirst: options.startsFirst ?? []
  })
  // What is remembered can be used from the first moment on.
  yield* changed
  const { find, reconfigure, reconnect, reconnectAll } = slots
  const supervisors = () => all().map(({ supervisor }) => supervisor)
  const isSomeRunning = () => supervisors().some((supervisor) => supervisor.current() !== undefined)
  const required = () => supervisors().filter(({ managed }) => managed.isRequired)
  /** Checks, calls and its circuit together say how a server is. */
  const infoOf = ({ info, managed }: Supervisor): ServerInfo => {
    const { name } = managed.server
    const now = info()
    const health = now.state === "running" ? metering.meterOf(name).judged(now.health) : now.health
    return withCircuit({ ...now, health }, circuits.look(name))
  }
  const infos = Effect.sync(() => supervisors().map(infoOf))

  /** Does the same with all at once. Keys are all names, in order. */
  const forAll = <E>(what: string, work: (supervisor: Supervisor) => Effect.Effect<ServerInfo, E>) =>
    Effect.suspend(() => {
      const names = supervisors().map(({ managed }) => managed.server.name)
      return Effect.map(
        runAll(supervisors().map(work), { concurrency: 0, names: names.map((name) => `${what} ${name}`) }),
        (exits): ReadonlyMap<string, Exit.Exit<ServerInfo, E>> =>
          new Map(names.map((name, index) => [name, exits[index] ?? Exit.die("no exit")]))
      )
    })

  const startAll = forAll("start", ({ ensureStarted }) => ensureStarted)

  const tellCircuit = (name: string) =>
    Effect.match(find(name), {
      // It was removed a moment ago.
      onFailure: () => undefined,
      onSuccess: ({ supervisor }) =>
        publish({
          _tag: "CircuitChanged",
          serverName: name,
          circuit: circuits.look(name),
          hiddenTools: infoOf(supervisor).hiddenTools
        })
    })

  // After the servers, which come first.
  yield* Effect.forkScoped(circuits.watch(tellCircuit), { startImmediately: true })
  yield* Effect.forkScoped(alerting.lookOut)

  return ServerOrchestrator.of({
    toolbox,
    prompts: yield* makeServerPrompts({ slots: all, waitWhile }, options.naming),
    resources: yield* makeServerResources({ slots: all, waitWhile }),
    servers: infos,
    server: Effect.fn("ServerOrchestrator.server")((name: string) =>
      Effect.map(find(name), ({ supervisor }) => infoOf(supervisor))
    ),
    health: Effect.map(infos, healthReport),
    metrics: metering.metrics,
    alerts: alerting.alerts,
    activeAlerts: alerting.active,
    breaker: makeBreakerControls(circuits, find, names),
    endConversation: (conversation) =>
      Effect.suspend(() =>
        Effect.forEach(all(), ({ sessions }) => sessions?.endConversation(conversation) ?? Effect.void, {
          discard: true
        })
      ),
    changes: Stream.fromPubSub(events),
    settled: waitWhile(() => supervisors().some((supervisor) => supervisor.isSettling())),
    connected: Effect.andThen(
      waitWhile(() => !isSomeRunning() && supervisors().some((supervisor) => supervisor.isSettling())),
      Effect.sync(isSomeRunning)
    ),
    requiredReady: Effect.gen(function* () {
      yield* waitWhile(() => required().some((supervisor) => supervisor.isSettling()))
      const failures = required().flatMap((supervisor) => {
        const { lastError, name, state } = supervisor.info()
        return state === "running"
          ? []
          : [{ serverName: name, reason: lastError?.message ?? `Server "${name}" is ${state}.` }]
      })
      if (failures.length > 0) return yield* new ConnectionFailed({ failures })
    }),
    start: Effect.fn("ServerOrchestrator.start")((name: string) =>
      Effect.flatMap(find(name), ({ supervisor }) => supervisor.start)
    ),
    ensureStarted: Effect.fn("ServerOrchestrator.ensureStarted")((name: string) =>
      Effect.flatMap(find(name), ({ supervisor }) => supervisor.ensureStarted)
    ),
    startAll,
    ensureListed: Effect.raceFirst(
      waitWhile(() => supervisors().some(isUnlisted)),
      Effect.asVoid(startAll)
    ),
    stop: Effect.fn("ServerOrchestrator.stop")((name: string) =>
      Effect.flatMap(find(name), ({ supervisor }) => supervisor.stop)
    ),
    stopAll: Effect.suspend(() =>
      // It fails for servers that are stopped already.
      Effect.forEach(supervisors(), ({ stop }) => Effect.ignore(stop), { concurrency: "unbounded", discard: true })
    ),
    restart: Effect.fn("ServerOrchestrator.restart")((name: string) =>
      Effect.flatMap(find(name), ({ supervisor }) => supervisor.restart)
    ),
    reconnect: Effect.fn("ServerOrchestrator.reconnect")(reconnect),
    reconnectAll,
    reconfigure: Effect.fn("ServerOrchestrator.reconfigure")(reconfigure),
    drain: slots.vacate,
    check: Effect.fn("ServerOrchestrator.check")((name: string) =>
      Effect.flatMap(find(name), ({ supervisor }) => Effect.map(supervisor.check, () => infoOf(supervisor)))
    ),
    logs: Effect.fn("ServerOrchestrator.logs")((name: string) =>
      Effect.flatMap(find(name), ({ supervisor }) => supervisor.logs)
    ),
    logLines: Stream.fromPubSub(logLines)
  })
})

/** Whether nobody knows yet what its tools are, and somebody may soon. */
const isUnlisted = ({ info, isSettling, tools }: Supervisor): boolean =>
  tools() === undefined && (isSettling() || info().state === "stopped")
