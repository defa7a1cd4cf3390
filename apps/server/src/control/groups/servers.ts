/**
 * The servers: how they are, and starting, stopping and reconnecting them, one or many.
 */
import { type Outcome, OutcomeOf, toOutcome } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import {
  type MetricsSnapshot,
  type ServerInfo,
  ServerInfoJson,
  serverInfoJson,
  ServerNumbers,
  type ServerOrchestrator
} from "@signalbox/orchestrator"
import { DateTime, Effect, Schema } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { apiOf, prefix, WellFormed } from "../controlGroup.ts"
import { stopServer } from "../forceStop.ts"

/** A server as it is shown: what is known of it, and its numbers. `set` names the agent that has it for itself. */
export const ServerStatus = Schema.Struct({
  ...ServerInfoJson.fields,
  metrics: Schema.NullOr(ServerNumbers),
  set: Schema.optionalKey(Schema.String)
})
export interface ServerStatus extends Schema.Schema.Type<typeof ServerStatus> {}

/** All servers at a glance. `success_rate` is that of all calls, 0 to 1; null where there was none. */
const ServersSummary = Schema.Struct({
  total: Schema.Int,
  running: Schema.Int,
  stopped: Schema.Int,
  error: Schema.Int,
  /** Being started or stopped. */
  changing: Schema.Int,
  healthy: Schema.Int,
  tools: Schema.Int,
  calls: Schema.Int,
  success_rate: Schema.NullOr(Schema.Finite)
})

/** How it went with each of several servers. */
export const ServerOutcomes = Schema.Struct({
  results: Schema.Record(Schema.String, OutcomeOf(ServerInfoJson)),
  total: Schema.Int,
  succeeded: Schema.Int,
  /** 0 to 1. */
  success_rate: Schema.NullOr(Schema.Finite)
})
export interface ServerOutcomes extends Schema.Schema.Type<typeof ServerOutcomes> {}

const params = { name: Schema.String }
const error = apiFailures
/** Which servers: all where none are named. */
const payload = Schema.Struct({ server_names: Schema.optionalKey(Schema.Array(Schema.String)) })

/** Kills it at once, instead of asking it to end and waiting for that. */
const force = Schema.optionalKey(Schema.Literals(["true", "false"]))
const stopPayload = Schema.Struct({ ...payload.fields, force: Schema.optionalKey(Schema.Boolean) })

/** The routes of the servers. */
export class ServersGroup extends HttpApiGroup.make("servers")
  .add(
    HttpApiEndpoint.get("list", "/servers", { success: Schema.Array(ServerStatus), error }),
    // Those of agents, too, behind the host's own. What can be started and stopped by name is the host's own alone.
    HttpApiEndpoint.get("status", "/servers/status", {
      success: Schema.Struct({ summary: ServersSummary, servers: Schema.Array(ServerStatus) }),
      error
    }),
    HttpApiEndpoint.get("get", "/servers/:name", { params, success: ServerStatus, error }),
    HttpApiEndpoint.get("statusOf", "/servers/:name/status", { params, success: ServerStatus, error }),
    HttpApiEndpoint.post("start", "/servers/:name/start", { params, success: ServerInfoJson, error }),
    HttpApiEndpoint.post("stop", "/servers/:name/stop", { params, query: { force }, success: ServerInfoJson, error }),
    HttpApiEndpoint.post("restart", "/servers/:name/restart", { params, success: ServerInfoJson, error }),
    HttpApiEndpoint.post("reconnect", "/servers/:name/reconnect", { params, success: ServerInfoJson, error }),
    HttpApiEndpoint.post("check", "/servers/:name/health-check", { params, success: ServerInfoJson, error }),
    HttpApiEndpoint.post("startMany", "/servers/start", { payload, success: ServerOutcomes, error }),
    HttpApiEndpoint.post("stopMany", "/servers/stop", { payload: stopPayload, success: ServerOutcomes, error }),
    HttpApiEndpoint.post("restartMany", "/servers/restart", { payload, success: ServerOutcomes, error }),
    HttpApiEndpoint.post("reconnectMany", "/servers/reconnect", { payload, success: ServerOutcomes, error })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

type Orchestrator = ServerOrchestrator["Service"]

const statusesOf = Effect.fnUntraced(function* ({ metrics, servers }: Orchestrator) {
  const now = yield* DateTime.now
  const { servers: numbers } = yield* metrics.snapshot
  return (yield* servers).map((info) => statusOf(info, numbers, now))
})

const statusOf = (info: ServerInfo, numbers: MetricsSnapshot["servers"], now: DateTime.Utc): ServerStatus => ({
  ...serverInfoJson(info, now),
  metrics: numbers[info.name] ?? null
})

/** Those of all agents that run, agent by agent. */
const agentStatuses = Effect.gen(function* () {
  const { agents, allServers } = yield* Host
  const now = yield* DateTime.now
  const { sets = {} } = yield* allServers.snapshot
  return (yield* agents.list).flatMap(({ name: set, status }) =>
    [...(status?.servers.values() ?? [])].map((info): ServerStatus => ({
      ...statusOf(info, sets[set]?.servers ?? {}, now),
      set
    }))
  )
})

const summaryOf = (servers: ReadonlyArray<ServerStatus>): typeof ServersSummary.Type => {
  const count = (test: (server: ServerStatus) => boolean) => servers.filter(test).length
  const sum = (value: (server: ServerStatus) => number) => servers.reduce((total, server) => total + value(server), 0)
  const calls = sum(({ metrics }) => metrics?.calls ?? 0)
  const succeeded = sum(({ metrics }) => metrics?.outcomes["success"] ?? 0)
  return {
    total: servers.length,
    running: count(({ state }) => state === "running"),
    stopped: count(({ state }) => state === "stopped"),
    error: count(({ state }) => state === "error"),
    changing: count(({ state }) => state === "starting" || state === "stopping"),
    healthy: count(({ health }) => health === "healthy"),
    tools: sum((server) => server.tool_count),
    calls,
    success_rate: calls === 0 ? null : succeeded / calls
  }
}

/** One server, as what it has become. */
const one = <E>(work: (orchestrator: Orchestrator, name: string) => Effect.Effect<ServerInfo, E>) =>
  Effect.fnUntraced(function* ({ params }: { readonly params: { readonly name: string } }) {
    const { orchestrator } = yield* Host
    const info = yield* work(orchestrator, params.name)
    return serverInfoJson(info, yield* DateTime.now)
  }, answered)

/** Several at once, none stopping the others. A name that is unknown stops all of them before anything is done. */
const many = <E>(work: (orchestrator: Orchestrator, name: string) => Effect.Effect<ServerInfo, E>) =>
  Effect.fnUntraced(function* ({ payload }: { readonly payload: { readonly server_names?: ReadonlyArray<string> } }) {
    const { orchestrator } = yield* Host
    const all = (yield* orchestrator.servers).map(({ name }) => name)
    const names = [...new Set(payload.server_names ?? all)]
    yield* Effect.forEach(names, orchestrator.server, { discard: true })
    const outcomes = yield* Effect.forEach(
      names,
      (name) =>
        toOutcome(
          Effect.flatMap(work(orchestrator, name), (info) =>
            Effect.map(DateTime.now, (now) => serverInfoJson(info, now))
          )
        ),
      { concurrency: "unbounded" }
    )
    return outcomesOf(names, outcomes)
  }, answered)

/** How it went, as a whole and by name. */
export const outcomesOf = (
  names: ReadonlyArray<string>,
  outcomes: ReadonlyArray<Outcome<ServerInfoJson>>
): ServerOutcomes => {
  const total = outcomes.length
  const succeeded = outcomes.filter(({ status }) => status === "success").length
  const results = Object.fromEntries(
    names.flatMap((name, index) => outcomes.slice(index, index + 1).map((outcome) => [name, outcome] as const))
  )
  return { results, total, succeeded, success_rate: total === 0 ? null : succeeded / total }
}

const statusByName = Effect.fnUntraced(function* ({ params }: { readonly params: { readonly name: string } }) {
  const { orchestrator } = yield* Host
  const info = yield* orchestrator.server(params.name)
  const { servers } = yield* orchestrator.metrics.snapshot
  return statusOf(info, servers, yield* DateTime.now)
}, answered)

const list = Effect.flatMap(Host, ({ orchestrator }) => statusesOf(orchestrator))

const status = Effect.zipWith(list, agentStatuses, (own, others) => {
  const servers = [...own, ...others]
  return { summary: summaryOf(servers), servers }
})

/** Among many, one that is stopped already is as it was wanted. */
const stopIfRunning = (isForced: boolean) => (orchestrator: Orchestrator, name: string) =>
  Effect.catchTag(stopServer(orchestrator, name, isForced), "ServerNotRunning", () => orchestrator.server(name))

/** What the routes do. */
export const serversRoutes = HttpApiBuilder.group(apiOf(ServersGroup), "servers", (handlers) =>
  handlers
    .handle("list", () => answered(list))
    .handle("status", () => answered(status))
    .handle("get", statusByName)
    .handle("statusOf", statusByName)
    .handle(
      "start",
      one(({ start }, name) => start(name))
    )
    .handle("stop", ({ params, query }) =>
      one((orchestrator, name) => stopServer(orchestrator, name, query.force === "true"))({ params })
    )
    .handle(
      "restart",
      one(({ restart }, name) => restart(name))
    )
    .handle(
      "reconnect",
      one(({ reconnect }, name) => reconnect(name))
    )
    .handle(
      "check",
      one(({ check }, name) => check(name))
    )
    .handle(
      "startMany",
      many(({ ensureStarted }, name) => ensureStarted(name))
    )
    .handle("stopMany", ({ payload }) => many(stopIfRunning(payload.force === true))({ payload }))
    .handle(
      "restartMany",
      many(({ restart }, name) => restart(name))
    )
    .handle(
      "reconnectMany",
      many(({ reconnect }, name) => reconnect(name))
    )
)
