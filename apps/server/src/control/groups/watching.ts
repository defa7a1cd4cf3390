/**
 * Watching the servers: their events and their standard error as streams of server-sent events, numbers, health, alerts.
 */
import { redactText } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { UsageSum } from "@signalbox/model"
import {
  Alert,
  AlertSeverity,
  HealthStatus,
  MetricsSnapshot,
  type ServerEvent,
  ServerInfoJson,
  serverInfoJson,
  ServerState
} from "@signalbox/orchestrator"
import { DateTime, Duration, Effect, Schema, Stream } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { apiOf, prefix, untilClosing, WellFormed } from "../controlGroup.ts"

const names = Schema.Array(Schema.String)

/** The first one has all servers as they are; then comes what happens. */
export const ControlEvent = Schema.Union([
  Schema.Struct({ type: Schema.tag("snapshot"), servers: Schema.Array(ServerInfoJson) }),
  Schema.Struct({ type: Schema.tag("state_changed"), previous: ServerState, server: ServerInfoJson }),
  Schema.Struct({
    type: Schema.tag("tools_changed"),
    server_name: Schema.String,
    added: names,
    removed: names,
    changed: names
  }),
  Schema.Struct({
    type: Schema.tag("health_changed"),
    server_name: Schema.String,
    health: HealthStatus,
    health_reason: Schema.NullOr(Schema.String)
  }),
  Schema.Struct({
    type: Schema.tag("circuit_changed"),
    server_name: Schema.String,
    circuit: ServerInfoJson.fields.circuit,
    circuit_open_until: Schema.NullOr(Schema.String),
    reason: Schema.NullOr(Schema.String),
    hidden_tools: names
  }),
  Schema.Struct({ type: Schema.tag("alert"), alert: Alert })
])
export type ControlEvent = typeof ControlEvent.Type

const LogText = Schema.Struct({ server_name: Schema.String, line: Schema.String })

/** How the servers are as a whole, and what is lost. */
const HealthJson = Schema.Struct({
  status: HealthStatus,
  problems: Schema.Array(
    Schema.Struct({ server_name: Schema.String, status: HealthStatus, reason: Schema.String, lost_tools: names })
  ),
  /** The file that was read last is wrong, and the configuration before it is in force. */
  config_stale: Schema.Boolean,
  config_error: Schema.NullOr(Schema.String)
})

/** One built-in tool. Cancelled calls are no failures. */
const BuiltInToolNumbers = Schema.Struct({
  calls: Schema.Int,
  success_rate: Schema.NullOr(Schema.Finite),
  /** Those that a policy or a person refused. */
  refused: Schema.Int,
  average_ms: Schema.NullOr(Schema.Finite),
  outcomes: Schema.Record(Schema.String, Schema.Int),
  /** Calls at the same time, and how long one may take, by the present configuration. */
  limits: Schema.Struct({ max_concurrent: Schema.Int, timeout_ms: Schema.Finite })
})

/** The hooks at one event, by what came of them. */
const HookNumbers = Schema.Struct({
  ok: Schema.Int,
  refused: Schema.Int,
  failed: Schema.Int,
  cancelled: Schema.Int,
  average_ms: Schema.NullOr(Schema.Finite)
})

/** The numbers of the servers, of the built-in tools and of hooks, with the circuits of providers, and what models were used for. */
export const HostNumbers = Schema.Struct({
  ...MetricsSnapshot.fields,
  built_in_tools: Schema.Record(Schema.String, BuiltInToolNumbers),
  hooks: Schema.Record(Schema.String, HookNumbers),
  models: Schema.Array(UsageSum)
})
export type HostNumbers = typeof HostNumbers.Type

const error = apiFailures
const params = { name: Schema.String }
/** As many as are kept of a server. */
const tail = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 50 }))
)
const limit = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 200 }))
)

/** The routes for whoever watches. */
export class WatchingGroup extends HttpApiGroup.make("watching")
  .add(
    HttpApiEndpoint.get("logs", "/servers/:name/logs", {
      params,
      query: { tail },
      success: Schema.Struct({ name: Schema.String, lines: names }),
      error
    }),
    HttpApiEndpoint.get("followLogs", "/servers/:name/logs/follow", {
      params,
      query: { tail },
      success: HttpApiSchema.StreamSse({ data: LogText }),
      error
    }),
    HttpApiEndpoint.get("events", "/events", { success: HttpApiSchema.StreamSse({ data: ControlEvent }), error }),
    HttpApiEndpoint.get("metrics", "/metrics", { success: HostNumbers, error }),
    HttpApiEndpoint.get("prometheus", "/metrics/prometheus", {
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4; charset=utf-8" })),
      error
    }),
    HttpApiEndpoint.get("health", "/health", { success: HealthJson, error }),
    HttpApiEndpoint.get("alerts", "/alerts", {
      query: { severity: Schema.optionalKey(AlertSeverity), limit },
      success: Schema.Array(Alert),
      error
    })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

/** As many as are shown of the lines that are kept. */
const mostLines = 50

const lastLines = Effect.fnUntraced(function* (name: string, tail: number = mostLines) {
  const { orchestrator } = yield* Host
  const lines = yield* orchestrator.logs(name)
  return tail === 0 ? [] : lines.slice(-tail).map(redactText)
})

/** News from now on with what there is already before them: the subscription is made first, so that nothing is missed. */
const after = <A, B, E, R>(first: Effect.Effect<ReadonlyArray<A>, E, R>, news: Stream.Stream<B>) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const queue = yield* Stream.toQueue(news, { capacity: waiting, strategy: "sliding" })
      yield* Effect.yieldNow
      return Stream.concat(Stream.fromIterable(yield* first), Stream.fromQueue(queue))
    })
  )

/** News that a slow client may be behind; it loses the oldest. */
const waiting = 1024

const eventJson = (event: ServerEvent, now: DateTime.Utc): ControlEvent => {
  switch (event._tag) {
    case "StateChanged":
      return { type: "state_changed", previous: event.previous, server: serverInfoJson(event.info, now) }
    case "ToolsChanged": {
      const { added, changed, removed, serverName } = event
      return { type: "tools_changed", server_name: serverName, added, removed, changed }
    }
    case "HealthChanged": {
      const { health, serverName } = event
      return {
        type: "health_changed",
        server_name: serverName,
        health: health.status,
        health_reason: health.reason === undefined ? null : redactText(health.reason)
      }
    }
    case "CircuitChanged": {
      const { circuit, hiddenTools, serverName } = event
      return {
        type: "circuit_changed",
        server_name: serverName,
        circuit: circuit.phase,
        circuit_open_until: circuit.openUntil === undefined ? null : DateTime.formatIso(circuit.openUntil),
        reason: circuit.reason === undefined ? null : redactText(circuit.reason),
        hidden_tools: hiddenTools
      }
    }
  }
}

const events = Effect.gen(function* () {
  const { allServers, orchestrator } = yield* Host
  const snapshot = Effect.gen(function* () {
    const now = yield* DateTime.now
    const servers = (yield* orchestrator.servers).map((info) => serverInfoJson(info, now))
    return [{ type: "snapshot", servers }] satisfies ReadonlyArray<ControlEvent>
  })
  const news = Stream.merge(
    Stream.mapEffect(orchestrator.changes, (event) => Effect.map(DateTime.now, (now) => eventJson(event, now))),
    Stream.map(allServers.alerts, (alert): ControlEvent => ({ type: "alert", alert }))
  )
  return yield* untilClosing(after(snapshot, news))
})

/** What was counted of the built-in tools, beside what each of them may. */
const limitedTools = Effect.gen(function* () {
  const { builtInNumbers, reload } = yield* Host
  const counted = yield* builtInNumbers
  const { limits } = (yield* reload.current).options.tools
  return Object.fromEntries(
    Object.entries(limits.tools).flatMap(([name, { maxConcurrent, timeout }]) => {
      const numbers = counted[name]
      const own = { max_concurrent: maxConcurrent, timeout_ms: Duration.toMillis(timeout) }
      return numbers === undefined ? [] : [[name, { ...numbers, limits: own }] as const]
    })
  )
})

const numbers = Effect.gen(function* () {
  const { allCircuits, allServers, hookNumbers, models } = yield* Host
  const snapshot = yield* allServers.snapshot
  return {
    ...snapshot,
    circuits: yield* allCircuits.snapshot,
    built_in_tools: yield* limitedTools,
    hooks: yield* hookNumbers,
    models: yield* models.ledger.summary
  }
})

/** What the routes do. */
export const watchingRoutes = HttpApiBuilder.group(apiOf(WatchingGroup), "watching", (handlers) =>
  handlers
    .handle("logs", ({ params, query }) =>
      answered(Effect.map(lastLines(params.name, query.tail), (lines) => ({ name: params.name, lines })))
    )
    .handle("followLogs", ({ params: { name }, query }) =>
      answered(
        Effect.gen(function* () {
          const { orchestrator } = yield* Host
          yield* orchestrator.server(name)
          const news = orchestrator.logLines.pipe(
            Stream.filter(({ serverName }) => serverName === name),
            Stream.map(({ text }) => redactText(text))
          )
          // Known a moment ago; one that is removed meanwhile has no lines.
          const first = Effect.orElseSucceed(lastLines(name, query.tail), () => [])
          return yield* untilClosing(Stream.map(after(first, news), (line) => ({ server_name: name, line })))
        })
      )
    )
    .handle("events", () => answered(events))
    .handle("metrics", () => answered(numbers))
    .handle("prometheus", () => answered(Effect.flatMap(Host, ({ allServers }) => allServers.prometheus)))
    .handle("health", () =>
      answered(
        Effect.gen(function* () {
          const { orchestrator, reload } = yield* Host
          const { problems, status } = yield* orchestrator.health
          const rejected = yield* reload.rejected
          return {
            status,
            config_stale: rejected !== undefined,
            config_error: rejected === undefined ? null : redactText(rejected.message),
            problems: problems.map(({ lostTools, reason, serverName, status }) => ({
              server_name: serverName,
              status,
              reason: redactText(reason),
              lost_tools: lostTools
            }))
          }
        })
      )
    )
    .handle("alerts", ({ query }) =>
      answered(
        Effect.gen(function* () {
          const alerts = yield* (yield* Host).allServers.activeAlerts
          return alerts
            .filter(({ severity }) => query.severity === undefined || severity === query.severity)
            .slice(0, query.limit ?? 50)
        })
      )
    )
)
