/**
 * Applies the rules now and then, and whenever something happens to a server. It reads what others count and publishes
 * into a queue that forgets: neither the rules nor whoever reads the alerts can hold up a call.
 */
import { Clock, DateTime, Duration, Effect, Latch, Option, PubSub, Stream } from "effect"
import type { Metering } from "../metrics/OrchestratorMetrics.ts"
import type { WatchedStats } from "../metrics/watched.ts"
import type { OrchestratorOptions } from "../OrchestratorOptions.ts"
import type { ServerEvent } from "../ServerInfo.ts"
import type { Alert } from "./Alert.ts"
import { makeAlertBoard } from "./AlertBoard.ts"
import { findingsOf, nextDue } from "./findings.ts"
import { initialCondition, isNews, nextCondition, type ServerCondition } from "./serverCondition.ts"

export interface Alerting {
  readonly alerts: Stream.Stream<Alert>
  readonly active: Effect.Effect<ReadonlyArray<Alert>>
  readonly happened: (event: ServerEvent) => void
  /** Applies the rules for as long as it runs. */
  readonly lookOut: Effect.Effect<void>
}

/** Alerts that a slow reader may be behind. */
const keptAlerts = 256

/** Nothing is looked for until `lookOut` runs. `told` hears each alert at once, before any reader. */
export const makeAlerting = Effect.fnUntraced(function* (
  serverNames: () => ReadonlyArray<string>,
  { alerts: options, metrics }: Pick<OrchestratorOptions, "alerts" | "metrics">,
  metering: Metering,
  told: (alert: Alert) => void
) {
  const clock = yield* Clock.Clock
  const published = yield* Effect.acquireRelease(PubSub.sliding<Alert>(keptAlerts), PubSub.shutdown)
  const { labels } = metering.metrics
  const board = makeAlertBoard(options.quietTime, labels)
  const conditions = new Map<string, ServerCondition>()
  const conditionOf = (name: string) => conditions.get(name) ?? initialCondition
  const somethingHappened = Latch.makeUnsafe(false)

  const publish = (alerts: ReadonlyArray<Alert>) => {
    for (const alert of alerts) {
      told(alert)
      PubSub.publishUnsafe(published, alert)
    }
  }
  // A set may be gone long before whoever hears of it; what still holds then would hold for ever.
  if (labels.set !== undefined)
    yield* Effect.addFinalizer(() => Effect.map(DateTime.now, (now) => publish(board.resolveAll(now))))

  let lastSeen: WatchedStats = { pools: [], circuits: [] }
  /** A store of circuits that hangs or breaks must not keep servers from being looked at. */
  const watchedStats = metering.watched.pipe(
    Effect.timeoutOption(options.interval),
    Effect.catchDefect((defect) =>
      Effect.as(Effect.logWarning("Circuits and pools cannot be looked at", defect), Option.none())
    ),
    Effect.map((seen) => (lastSeen = Option.getOrElse(seen, () => lastSeen)))
  )

  const look = Effect.gen(function* () {
    const watched = yield* watchedStats
    const now = yield* DateTime.now
    const servers = serverNames().map((name) => ({
      name,
      condition: conditionOf(name),
      calls: metering.meterOf(name).lately()
    }))
    const reading = { ...watched, now: DateTime.toEpochMillis(now), minimumCalls: metrics.minimumCalls, servers }
    publish(board.update(findingsOf(options.rules, reading), now))
    return Duration.min(options.interval, Duration.millis(nextDue(options.rules, reading) ?? Number.POSITIVE_INFINITY))
  })
  const lookOut = Effect.gen(function* () {
    let wait = options.interval
    while (true) {
      yield* Effect.timeoutOption(somethingHappened.await, wait)
      somethingHappened.closeUnsafe()
      wait = yield* look
    }
  })

  return {
    alerts: Stream.fromPubSub(published),
    active: Effect.sync(board.active),
    lookOut: options.rules.length > 0 ? lookOut : Effect.void,
    happened: (event) => {
      const name = event._tag === "StateChanged" ? event.info.name : event.serverName
      const before = conditionOf(name)
      const after = nextCondition(before, event, clock.currentTimeMillisUnsafe())
      conditions.set(name, after)
      if (event._tag === "CircuitChanged" || isNews(before, after)) somethingHappened.openUnsafe()
    }
  } satisfies Alerting
})
