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
import { Context, Effect, Equal, Exit, Layer, Path, type Stream } from "effect"
import { Approvals } from "../approvals/Approvals.ts"
import { BuiltIns } from "../builtIns/BuiltIns.ts"
import { Models } from "../models/Models.ts"
import type { AgentEntry } from "../config/AgentEntry.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { AgentDisabled, AgentNotFound, AgentNotRunning, type ConfigInvalid, type MissingApiKey } from "../errors.ts"
import type { HostSetup } from "../HostSetup.ts"
import { ProjectRules } from "../rules/ProjectRules.ts"
import { type Agent, makeAgent, optionsFor, startAgent } from "./Agent.ts"
import { type AgentsPlan, planChange, type RunningAgent } from "./agentChanges.ts"
import type { AgentInfo } from "./AgentInfo.ts"
import { agentBuiltIns } from "./agentBuiltIns.ts"
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
    /**
     * What it takes to follow a changed configuration: agents that are gone end when their calls are answered, those that
     * are changed get other servers while their calls run, and conversations that are under way keep their model. What
     * an agent does at its start is not done again.
     */
    readonly plan: (next: LoadedConfig) => Effect.Effect<AgentsPlan, ConfigInvalid | MissingApiKey>
    /** What happens to agents and their servers from now on; the name of the set is that of the agent. */
    readonly changes: Stream.Stream<ServerSetEvent>
  }
>()("@signalbox/host/Agents") {
  /** The agents of a configuration, over sets of servers that are there for them alone. */
  static readonly layer = (
    setup: HostSetup
  ): Layer.Layer<Agents, never, ServerSets | Models | Approvals | BuiltIns | ProjectRules | Path.Path> =>
    Layer.effect(Agents, makeAgents(setup))
}

const makeAgents = Effect.fnUntraced(function* (setup: HostSetup) {
  const { config, environment, startsAll } = setup
  const sets = yield* ServerSets
  const models = yield* Models
  const approvals = yield* Approvals
  const builtIns = yield* BuiltIns
  const rules = yield* ProjectRules
  const platform = Context.pick(Path.Path)(yield* Effect.context<Path.Path>())
  let current = config
  let entries: ReadonlyMap<string, AgentEntry> = new Map(Object.entries(config.options.agents))
  const running = new Map<string, RunningAgent>()
  const around = { approvals, builtIns, config, kept: setup, environment, models, rules, sets, running }
  const scope = yield* Effect.scope

  const find = (agentName: string) =>
    Effect.suspend((): Effect.Effect<AgentEntry, AgentNotFound> => {
      const entry = entries.get(agentName)
      if (entry !== undefined) return Effect.succeed(entry)
      const available = [...entries.keys()]
      return Effect.fail(new AgentNotFound({ agentName, nearest: nearestName(agentName, available), available }))
    })

  /** The agent, once its set is there. */
  const present = (agentName: string) =>
    Effect.flatMap(Effect.option(sets.get(agentName)), (set) => {
      const agent = set._tag === "Some" ? running.get(agentName)?.agent : undefined
      return agent === undefined ? Effect.fail(new AgentNotRunning({ agentName })) : Effect.succeed(agent)
    })

  const begin = Effect.fnUntraced(function* (agentName: string, entry: AgentEntry) {
    const basis = current
    const { problems, servers } = yield* agentServers(basis, environment, agentName, entry)
    if (problems.length > 0) return yield* basis.invalid(problems)
    const options = optionsFor(config, entry)
    const model = yield* models.choose(options)
    yield* sets.add(
      agentName,
      servers,
      Effect.fnUntraced(function* (orchestrator) {
        const agent = yield* makeAgent(agentName, {
          options,
          approval: approvals.agent(agentName),
          model,
          orchestrator,
          builtIns: agentBuiltIns(entry, builtIns.toolbox),
          kept: setup,
          rules
        })
        yield* startAgent(agent, entry)
        const own = yield* Effect.scope
        yield* Effect.acquireRelease(
          Effect.sync(() => void running.set(agentName, { agent, entry, servers, scope: own })),
          () => Effect.sync(() => void running.delete(agentName))
        )
      })
    )
    if (current !== basis) yield* catchUp(agentName)
    return yield* present(agentName)
  }, Effect.provideContext(platform))

  /** For an agent that was being started while the configuration changed. */
  const catchUp = Effect.fnUntraced(function* (agentName: string) {
    const now = running.get(agentName)
    const entry = entries.get(agentName)
    if (now === undefined) return
    // Somebody else may have removed it.
    if (entry?.enabled !== true) return yield* Effect.ignore(sets.remove(agentName))
    const { apply, problems } = yield* planChange(around, agentName, now, entry, current)
    if (problems.length > 0) return yield* current.invalid(problems)
    yield* Effect.orDie(apply)
  })

  const add = (agentName: string): Effect.Effect<Agent, AgentError> =>
    Effect.flatMap(find(agentName), (entry) =>
      entry.enabled
        ? Effect.catchTag(present(agentName), "AgentNotRunning", () => begin(agentName, entry))
        : Effect.fail(new AgentDisabled({ agentName }))
    )

  const infoOf = ([name, entry]: readonly [string, AgentEntry]): Effect.Effect<AgentInfo> =>
    Effect.map(sets.summary, (summary) => ({
      name,
      description: entry.description ?? "",
      isEnabled: entry.enabled,
      servers: agentServerNames(entry),
      status: summary.get(name)
    }))

  const isEnabled = (name: string) => entries.get(name)?.enabled === true
  const addEach = (names: ReadonlyArray<string>) =>
    Effect.map(
      Effect.forEach(names, (name) => Effect.map(Effect.exit(add(name)), (exit) => [name, exit] as const), {
        concurrency: "unbounded"
      }),
      (exits): ReadonlyMap<string, Exit.Exit<Agent, AgentError>> => new Map(exits)
    )
  const addAll = Effect.suspend(() => addEach([...entries.keys()].filter(isEnabled)))

  /** Where agents start with the program, new ones start with the configuration. */
  const startsAlone = startsAll && config.options.runtime.agents === "all"
  const inBackground = (starting: typeof addAll) =>
    starting.pipe(
      Effect.flatMap((exits) =>
        Effect.forEach(exits, ([name, exit]) =>
          Exit.isFailure(exit)
            ? Effect.logWarning(`The agent "${name}" could not be started.`, exit.cause)
            : Effect.void
        )
      ),
      Effect.forkIn(scope)
    )
  if (startsAlone) yield* inBackground(addAll)

  const plan = Effect.fnUntraced(function* (next: LoadedConfig) {
    const wanted = new Map(Object.entries(next.options.agents))
    const names = [...wanted.keys()]
    const ending = [...running.keys()].filter((name) => wanted.get(name)?.enabled !== true)
    const changes = yield* Effect.forEach([...running], ([name, now]) => {
      const entry = wanted.get(name)
      return entry?.enabled === true
        ? Effect.map(planChange(around, name, now, entry, next), (change) => [{ name, ...change }])
        : Effect.succeed([])
    })
    const planned = new Map(changes.flat().map((change) => [change.name, change]))
    const isChanged = (name: string) =>
      planned.get(name)?.isChanged ?? !Equal.equals(entries.get(name), wanted.get(name))
    const known = names.filter((name) => entries.has(name))
    const report = {
      added: names.filter((name) => !entries.has(name)),
      removed: [...entries.keys()].filter((name) => !wanted.has(name)),
      changed: known.filter(isChanged),
      unchanged: known.filter((name) => !isChanged(name))
    }
    const apply = Effect.gen(function* () {
      const idle = names.filter((name) => !isEnabled(name))
      current = next
      entries = wanted
      // Nobody waits for the calls of an agent that is gone.
      yield* Effect.forEach(
        ending,
        (name) =>
          // Somebody else may have removed it.
          Effect.forkIn(Effect.ignore(sets.remove(name)), scope, { startImmediately: true }),
        { discard: true }
      )
      const late = [...running.keys()].filter((name) => !planned.has(name) && !ending.includes(name))
      const kept = yield* Effect.forEach(planned.values(), (change) => change.apply, { concurrency: "unbounded" })
      // Those that have come up since the plan was made.
      yield* Effect.forEach(
        late,
        (name) =>
          Effect.catch(catchUp(name), (error) => Effect.logWarning(`The agent "${name}" goes on as it was.`, error)),
        { concurrency: "unbounded", discard: true }
      )
      if (startsAlone) yield* inBackground(addEach(idle.filter(isEnabled)))
      return { ...report, kept: kept.flat() }
    }).pipe(Effect.provideContext(platform))
    return { problems: changes.flat().flatMap(({ problems }) => problems), apply } satisfies AgentsPlan
  }, Effect.provideContext(platform))

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
    plan: Effect.fn("Agents.plan")(plan),
    changes: sets.changes
  })
})
