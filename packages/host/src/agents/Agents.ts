/**
 * The agents of a configuration. Each has processes, secrets and a model of its own, starts when it is first used, and
 * stays until it is removed; one whose servers are down is degraded, not gone.
 */
import { nearestName } from "@signalbox/model"
import {
  type AddError,
  type ReconnectExits,
  type ServerNotFound,
  type ServerSetEvent,
  type ServerSetExists,
  ServerSets
} from "@signalbox/orchestrator"
import { Context, Effect, Exit, Layer, Path, type Stream } from "effect"
import { HttpClient } from "effect/http"
import { chooseModel } from "../chooseModel.ts"
import type { AgentEntry } from "../config/AgentEntry.ts"
import { AgentDisabled, AgentNotFound, AgentNotRunning, type ConfigInvalid, type MissingApiKey } from "../errors.ts"
import type { HostSetup } from "../HostSetup.ts"
import { type Agent, makeAgent, optionsFor } from "./Agent.ts"
import type { AgentInfo } from "./AgentInfo.ts"
import { agentServerNames, agentServers } from "./agentServers.ts"

/** Why an agent cannot be used. */
export type AgentError =
  | AgentNotFound
  | AgentDisabled
  | AgentNotRunning
  | ConfigInvalid
  | MissingApiKey
  | AddError
  | ServerSetExists

/** Use it where a program has several agents; for one conversation over all servers, `Host` has `conversations`. */
export class Agents extends Context.Service<
  Agents,
  {
    /** All that are configured, in that order. */
    readonly list: Effect.Effect<ReadonlyArray<AgentInfo>>
    readonly get: (name: string) => Effect.Effect<AgentInfo, AgentNotFound>
    /**
     * Starts the agent, unless it runs, and waits until it can be used: one server runs, all that are required do, and
     * what it does at its start is done. When that fails, nothing of it is left.
     */
    readonly add: (name: string) => Effect.Effect<Agent, AgentError>
    /** Starts all that are enabled, at the same time. Keys are their names, in order. */
    readonly addAll: Effect.Effect<ReadonlyMap<string, Exit.Exit<Agent, AgentError>>>
    /** Waits for its calls, then ends its processes. */
    readonly remove: (name: string) => Effect.Effect<void, AgentNotFound | AgentNotRunning>
    /** New connections for one server or all, of one agent or of all that run; those that fail keep the old ones. */
    readonly reconnect: (scope: {
      readonly agent?: string
      readonly server?: string
    }) => Effect.Effect<ReconnectExits, AgentNotFound | AgentNotRunning | ServerNotFound>
    /** What happens to agents and their servers from now on; the name of the set is that of the agent. */
    readonly changes: Stream.Stream<ServerSetEvent>
  }
>()("@signalbox/host/Agents") {
  /** The agents of a configuration, over sets of servers that are there for them alone. */
  static readonly layer = (
    setup: HostSetup
  ): Layer.Layer<Agents, never, ServerSets | Path.Path | HttpClient.HttpClient> =>
    Layer.effect(Agents, makeAgents(setup))
}

const makeAgents = Effect.fnUntraced(function* ({ config, environment, startsAll }: HostSetup) {
  const sets = yield* ServerSets
  const platform = Context.pick(
    Path.Path,
    HttpClient.HttpClient
  )(yield* Effect.context<Path.Path | HttpClient.HttpClient>())
  const entries = new Map(Object.entries(config.options.agents))
  const running = new Map<string, Agent>()

  const find = (agentName: string) =>
    Effect.suspend((): Effect.Effect<AgentEntry, AgentNotFound> => {
      const entry = entries.get(agentName)
      if (entry !== undefined) return Effect.succeed(entry)
      const available = [...entries.keys()]
      return Effect.fail(new AgentNotFound({ agentName, nearest: nearestName(agentName, available), available }))
    })

  /** The agent, once its set is there. */
  const current = (agentName: string) =>
    Effect.flatMap(Effect.option(sets.get(agentName)), (set) => {
      const agent = set._tag === "Some" ? running.get(agentName) : undefined
      return agent === undefined ? Effect.fail(new AgentNotRunning({ agentName })) : Effect.succeed(agent)
    })

  const begin = Effect.fnUntraced(function* (agentName: string, entry: AgentEntry) {
    if (!entry.enabled) return yield* new AgentDisabled({ agentName })
    const { problems, servers } = yield* agentServers(config, environment, agentName, entry)
    if (problems.length > 0) return yield* config.invalid(problems)
    const options = optionsFor(config, entry)
    const model = yield* chooseModel(options, environment)
    yield* sets.add(agentName, servers, (orchestrator) =>
      Effect.flatMap(makeAgent(agentName, entry, options, model, orchestrator), (agent) =>
        Effect.acquireRelease(
          Effect.sync(() => void running.set(agentName, agent)),
          () => Effect.sync(() => void running.delete(agentName))
        )
      )
    )
    return yield* current(agentName)
  }, Effect.provideContext(platform))

  const add = (agentName: string): Effect.Effect<Agent, AgentError> =>
    Effect.flatMap(find(agentName), (entry) =>
      Effect.catchTag(current(agentName), "AgentNotRunning", () => begin(agentName, entry))
    )

  const infoOf = ([name, entry]: readonly [string, AgentEntry]): Effect.Effect<AgentInfo> =>
    Effect.map(sets.summary, (summary) => ({
      name,
      description: entry.description ?? "",
      isEnabled: entry.enabled,
      servers: agentServerNames(entry),
      status: summary.get(name)
    }))

  const addAll = Effect.suspend(() => {
    const enabled = [...entries].flatMap(([name, { enabled }]) => (enabled ? [name] : []))
    return Effect.map(
      Effect.forEach(enabled, (name) => Effect.map(Effect.exit(add(name)), (exit) => [name, exit] as const), {
        concurrency: "unbounded"
      }),
      (exits): ReadonlyMap<string, Exit.Exit<Agent, AgentError>> => new Map(exits)
    )
  })

  if (startsAll && config.options.runtime.agents === "all") {
    const told = Effect.tap(addAll, (exits) =>
      Effect.forEach(exits, ([name, exit]) =>
        Exit.isFailure(exit) ? Effect.logWarning(`The agent "${name}" could not be started.`, exit.cause) : Effect.void
      )
    )
    yield* Effect.forkScoped(told)
  }

  return Agents.of({
    list: Effect.suspend(() => Effect.forEach(entries, infoOf)),
    get: Effect.fn("Agents.get")((name) => Effect.flatMap(find(name), (entry) => infoOf([name, entry]))),
    add: Effect.fn("Agents.add")(add),
    addAll,
    remove: Effect.fn("Agents.remove")((agentName) =>
      Effect.andThen(
        find(agentName),
        Effect.catchTag(sets.remove(agentName), "ServerSetNotFound", () =>
          Effect.fail(new AgentNotRunning({ agentName }))
        )
      )
    ),
    reconnect: Effect.fn("Agents.reconnect")(function* ({ agent, server }) {
      if (agent !== undefined) yield* find(agent)
      const scope = { ...(agent === undefined ? {} : { set: agent }), ...(server === undefined ? {} : { server }) }
      return yield* Effect.catchTag(sets.reconnect(scope), "ServerSetNotFound", ({ setName }) =>
        Effect.fail(new AgentNotRunning({ agentName: setName }))
      )
    }),
    changes: sets.changes
  })
})
