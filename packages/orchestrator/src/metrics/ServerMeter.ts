/**
 * Counts what happens to one server and its calls. It runs on the hot path: nothing here is an effect, a series is
 * made once and found by two look-ups, and what can be looked up when it is exported is not written at every call.
 */
import { ToolOutcomeUnknown } from "@signalbox/mcp"
import { type Clock, type Context, Duration, type Exit, type Metric } from "effect"
import type { HealthStatus, ServerEvent, ServerHealth, ServerState } from "../ServerInfo.ts"
import type { MetricsOptions } from "../OrchestratorOptions.ts"
import { toolNumbers, windowNumbers } from "./callNumbers.ts"
import { makeCallWindow, type WindowSums } from "./CallWindow.ts"
import { errorHealth, worseHealth } from "./errorHealth.ts"
import { type Made, made } from "./made.ts"
import { orchestratorMetrics } from "./metricNames.ts"
import type { ServerNumbers } from "./MetricsSnapshot.ts"
import { outcomeOf } from "./outcome.ts"

/** One call on its way; kept by whoever makes it. */
export interface CallMark {
  /** The tool as the server knows it, or the method of a request that calls none. */
  readonly name: string
  readonly isTool: boolean
  /** In seconds of the monotonic clock; nothing before it has begun. */
  startedAt: number | undefined
  isSent: boolean
}

/** What a meter needs from the orchestrator. */
export interface MeterSurroundings {
  /** Holds the registry, and none of the labels of whoever calls. */
  readonly context: Context.Context<never>
  readonly clock: Clock.Clock
  readonly options: MetricsOptions
}

/** The numbers of one server. */
export interface ServerMeter {
  readonly began: (mark: CallMark) => void
  readonly sent: (mark: CallMark) => void
  /** It has failed and may be made again. */
  readonly failed: (mark: CallMark) => void
  /** It is made again; `isUnknown` if nobody knows whether it ran the first time. */
  readonly repeated: (isUnknown: boolean) => void
  readonly ended: (mark: CallMark, exit: Exit.Exit<{ readonly isError: boolean }, unknown>) => void
  readonly happened: (event: ServerEvent) => void
  readonly state: () => ServerState
  /** The health of a server that runs, by its checks and its calls. */
  readonly judged: (byChecks: ServerHealth) => ServerHealth
  readonly health: () => HealthStatus
  readonly inFlight: () => number
  readonly waiting: () => number
  /** The calls in the window that ends now. */
  readonly lately: () => WindowSums
  readonly numbers: () => ServerNumbers
}

/** The tools beyond the limit, and those whose names are no names for a label. */
const otherTools = "other"
const unknownOutcome = ToolOutcomeUnknown.definition.code
/** The characters that the specification allows (MCP 2025-11-25, tool names). */
const plainName = /^[A-Za-z0-9_.-]{1,128}$/

export const makeServerMeter = (server: string, { clock, context, options }: MeterSurroundings): ServerMeter => {
  const tools = new Set<string>()
  const calls = made((tool) => made((outcome) => orchestratorMetrics.calls({ server, tool, outcome })))
  const starts = made((outcome) => orchestratorMetrics.starts({ server, outcome }))
  const losses = made((outcome) => orchestratorMetrics.losses({ server, outcome }))
  const callDurations = made((outcome) => orchestratorMetrics.callDuration({ server, outcome }))
  const repeated = orchestratorMetrics.callsRepeated({ server })
  const unknown = orchestratorMetrics.callsUnknown({ server })
  const restarts = orchestratorMetrics.restarts({ server })
  let state: ServerState = "stopped"
  let health: ServerHealth = { status: "unknown", reason: undefined }
  let lastFailure: string | undefined
  let restartCount = 0
  const windowSeconds = Duration.toSeconds(options.window)
  const lately = makeCallWindow(windowSeconds)
  let underWay = 0
  let inFlight = 0

  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e9
  const count = (counter: Metric.Counter<number>) => counter.updateUnsafe(1, context)
  // Exported from the beginning, so that the first increase is seen as one.
  for (const counter of [repeated, unknown, restarts]) counter.updateUnsafe(0, context)

  const total = (counter: Metric.Counter<number>) => counter.valueUnsafe(context).count
  const sumOf = ({ all }: Made<Metric.Counter<number>>) =>
    [...all.values()].reduce((sum, counter) => sum + total(counter), 0)

  const judged = (byChecks: ServerHealth) =>
    worseHealth(byChecks, errorHealth(lately.sums(now()), options, lastFailure))
  const currentHealth = () => (state === "running" ? judged(health) : health)

  const labelOf = ({ isTool, name: tool }: CallMark) => {
    // A method has a slash in it, which no tool of a label has.
    if (!isTool || tools.has(tool)) return tool
    if (tools.size >= options.maxTools || !plainName.test(tool)) return otherTools
    tools.add(tool)
    return tool
  }

  const land = (mark: CallMark) => {
    if (mark.isSent) inFlight -= 1
    mark.isSent = false
  }

  const started = (code: string, duration: Duration.Duration | undefined) => {
    count(starts.of(code))
    if (duration === undefined) return
    orchestratorMetrics.connectDuration({ server, outcome: code }).updateUnsafe(Duration.toSeconds(duration), context)
  }

  const changed = ({ info, previous }: Extract<ServerEvent, { readonly _tag: "StateChanged" }>) => {
    state = info.state
    health = info.health
    if (state === "running") started("success", info.startDuration)
    if (info.restartCount > restartCount) count(restarts)
    restartCount = info.restartCount
    if (state !== "error" || info.reason === undefined) return
    if (previous === "starting") started(info.reason.code, info.startDuration)
    else count(losses.of(info.reason.code))
  }

  return {
    began: (mark) => {
      mark.startedAt = now()
      underWay += 1
    },
    sent: (mark) => {
      if (!mark.isSent) inFlight += 1
      mark.isSent = true
    },
    failed: land,
    repeated: (isUnknown) => {
      count(repeated)
      if (isUnknown) count(unknown)
    },
    ended: (mark, exit) => {
      if (mark.startedAt === undefined) return
      land(mark)
      underWay -= 1
      const time = now()
      const seconds = time - mark.startedAt
      const { label, verdict } = outcomeOf(exit)
      count(calls.of(labelOf(mark)).of(label))
      callDurations.of(label).updateUnsafe(seconds, context)
      lately.add(time, verdict, seconds)
      if (verdict === "failed") lastFailure = label
      if (label === unknownOutcome) count(unknown)
    },
    happened: (event) => {
      if (event._tag === "StateChanged") changed(event)
      else if (event._tag === "HealthChanged") health = event.health
    },
    state: () => state,
    judged,
    health: () => currentHealth().status,
    inFlight: () => inFlight,
    waiting: () => underWay - inFlight,
    lately: () => lately.sums(now()),
    numbers: () => ({
      ...toolNumbers(mapValues(calls.all, (byOutcome) => mapValues(byOutcome.all, total))),
      state,
      health: currentHealth().status,
      in_flight: inFlight,
      waiting: underWay - inFlight,
      repeated: total(repeated),
      starts: sumOf(starts),
      restarts: total(restarts),
      losses: sumOf(losses),
      window: windowNumbers(lately.sums(now()), windowSeconds)
    })
  }
}

const mapValues = <A, B>(values: ReadonlyMap<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries([...values].map(([key, value]) => [key, map(value)]))
